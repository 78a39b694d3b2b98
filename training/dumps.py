"""Registers and memory as kernels, debuggers, switches and packet tools print them. Nothing is labelled.

A word of eight hexadecimal digits is what most account numbers look like; here it is never one.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random
from typing import Final

from training.machine_values import identifier
from training.scene import Piece, Scene
from training.shapes import HEX, chars, digits

_X86: Final = ("AX", "BX", "CX", "DX", "SI", "DI", "BP", "SP", "IP")
_SPECIAL: Final = ("pc", "lr", "sp", "cr", "ctr", "xer", "msr", "srr0", "srr1", "dear", "esr", "epc", "status", "cause", "badva", "hi", "lo", "psr", "far", "dfsr", "elr", "spsr", "flags", "dbsr", "mcsr", "fsr")  # fmt: skip
_BLOCKS: Final = ("ctrl", "stat", "mask", "irq_en", "err", "cfg", "int_stat", "rx_cnt", "tx_cnt", "fifo", "dma_src", "dma_dst", "parity", "syndrome", "addr_lo", "addr_hi", "phy", "mac_cfg", "port_map", "vlan", "acl", "buf", "timer", "pll")  # fmt: skip
_SENTENCES: Final = (
    "read {} from offset {}", "wrote {} to register {}", "expected {} got {}", "address {} not mapped (fault {})", "value {} out of range",
    "mask {} applied to {}", "{} != {}", "counter wrapped at {}", "parity error at {}: {}", "firmware word {} at {}, checksum {}", "magic {} (want {})",
    "opcode {} operands {} {}", "error register {}", "status word {}", "cpu stuck at {}", "interrupt vector {} -> {}", "lane {} eye {}", "account word {}",
    "bank {} row {}", "bank status {} address {}", "page {} flags {} count {}", "descriptor {} owner {}", "id {} rev {}", "handle {} closed",
)  # fmt: skip
_LEADS: Final = ("", "", "", "", "Registers:", "register dump:", "dumping registers", "Stack:", "Stack dump:", "memory dump", "Dump of", "Call trace:", "Code:", "regs", "hex:", "contents:", "raw:", "frame", "payload", "ASIC state", "words", "core dump", "exception frame:", "data at")  # fmt: skip


def word(rng: Random, width: int = 8) -> str:
    """A machine word in hexadecimal: small numbers, masks, addresses, noise; some have decimal digits only."""
    return rng.choice(
        (
            "0" * width,
            "f" * width,
            chars(rng, HEX, 1, width // 2).rjust(width, "0"),
            chars(rng, HEX, width),
            chars(rng, HEX, width),
            chars(rng, HEX, width),
            digits(rng, width),
            digits(rng, width // 2).rjust(width, "0"),
            chars(rng, HEX, width // 2).ljust(width, "0"),
            rng.choice("c8f7b") + chars(rng, HEX, width - 1),
        )
    )


def _row(rng: Random, low: int, high: int, gap: str = " ", *, width: int = 8, start: str = "") -> str:
    return gap.join(start + word(rng, width) for _ in range(rng.randint(low, high)))


def _named(rng: Random, names: tuple[str, ...], joint: str, gap: str, *, width: int = 8) -> str:
    start = rng.choice(("", "", "0x"))
    return gap.join(f"{name}{joint}{start}{word(rng, width)}" for name in rng.sample(names, rng.randint(2, 6)))


def _numbered(rng: Random) -> str:
    prefix = rng.choice(("r", "R", "r0", "D", "A", "x", "GPR", "f", "s", "a", "t", "w"))
    joint = rng.choice(("=", ":", ": ", " ", " = ", "  ", ":0x", "=0x"))
    first = rng.randrange(24)
    return rng.choice((" ", "  ", ", ", "\t", "; ", "\n")).join(f"{prefix}{first + i}{joint}{word(rng)}" for i in range(rng.randint(2, 8)))  # fmt: skip


def _pairs(rng: Random) -> str:
    """Names of any two to five letters, each with its word: a machine of whose registers nobody has heard."""
    joint, gap = rng.choice((" ", " ", " ", ": ", "=", " 0x")), rng.choice((" ", " ", " ", ", ", "  "))
    names = [chars(rng, string.ascii_lowercase, 2, 5) for _ in range(rng.randint(1, 4))]
    return gap.join(f"{name}{joint}{word(rng)}" for name in names)


def _x86(rng: Random) -> str:
    return _named(rng, tuple(rng.choice("ER") + name for name in _X86), rng.choice((": ", "=", ":")), rng.choice((" ", "  ", "\n")), width=rng.choice((8, 8, 16)))  # fmt: skip


def _special(rng: Random) -> str:
    names = _SPECIAL if rng.random() < 0.6 else tuple(name.upper() for name in _SPECIAL)
    return _named(rng, names, rng.choice((": ", "=", ":", " ", " : ", " = ")), rng.choice((" ", "  ", ", ", "\n")))  # fmt: skip


def _blocks(rng: Random) -> str:
    head = rng.choice(("", f"{identifier(rng)} ", f"unit {rng.randrange(8)} ", f"slot {rng.randrange(16)}: ", "asic0: ", f"port {rng.randrange(48)} "))  # fmt: skip
    return head + _named(rng, _BLOCKS, rng.choice((": ", "=", " ", " = ", "(", "=0x")), rng.choice((" ", ", ", "; ", "\n")))  # fmt: skip


def _memory(rng: Random) -> str:
    base, joint = rng.randrange(1 << 20) * 16, rng.choice((": ", ":  ", " ", " | ", ":\t", "> "))
    place = rng.choice(("{:08x}", "{:04x}", "0x{:08x}", "{:x}", "+{:04x}", "[{:08x}]", "<{:08x}>"))
    return "\n".join(place.format(base + 16 * i) + joint + _row(rng, 2, 4) for i in range(rng.randint(1, 4)))


def _bytes(rng: Random) -> str:
    base, width = rng.randrange(1 << 12) * 16, rng.choice((2, 2, 4))
    text = "".join(rng.choice("........abcdeEPSTo0123@<|") for _ in range(8))
    end = rng.choice(("", f"  {text}", f"  |{text}|"))
    return "\n".join(f"{base + 16 * i:08x}{rng.choice((':', ' ', ''))} {_row(rng, 4, 8, width=width)}{end}" for i in range(rng.randint(1, 3)))  # fmt: skip


def _words(rng: Random) -> str:
    gap = rng.choice((" ", " ", "  ", ", ", ",", "\t", "\n", " : ", "-"))
    left, right = rng.choice((("", ""), ("", ""), ("[", "]"), ("<", ">"), ("{", "}"), ("(", ")")))
    return left + _row(rng, 1, 8, gap, start=rng.choice(("", "", "0x"))) + right


def _bugcheck(rng: Random) -> str:
    code = rng.choice(("STOP", "bugcheck", "fault", "panic code", "exception"))
    return f"{code}: 0x{word(rng)} (0x{_row(rng, 2, 4, ', 0x')})"


def _trace(rng: Random) -> str:
    frames = [f"[<{word(rng)}>] {identifier(rng)}+0x{chars(rng, HEX, 2, 3)}/0x{chars(rng, HEX, 3)}" for _ in range(rng.randint(1, 4))]  # fmt: skip
    return rng.choice((" ", "\n")).join(frames)


def _frame(rng: Random) -> str:
    size = rng.randint(2, 8)
    return f"can{rng.randrange(3)}  {chars(rng, HEX, 3).upper()}   [{size}]  " + " ".join(chars(rng, HEX, 2).upper() for _ in range(size))  # fmt: skip


def _sentence(rng: Random) -> str:
    text = rng.choice(_SENTENCES)
    while "{}" in text:
        text = text.replace("{}", rng.choice(("", "", "0x")) + word(rng), 1)
    return text


def _quads(rng: Random) -> str:
    """MIPS and SPARC: four or eight words to a row behind the number of the first."""
    mark = rng.choice(("$ {:<2}   : ", "%g{}: ", "%l{}: ", "R{:02d} - "))
    return "\n".join(mark.format(4 * i) + _row(rng, 4, 4) for i in range(rng.randint(1, 4)))


LAYOUTS: Final[tuple[Callable[[Random], str], ...]] = (
    _pairs, _pairs, _pairs, _numbered, _special, _special, _blocks, _blocks, _memory, _bytes, _words, _words, _bugcheck, _trace, _frame, _sentence, _sentence,
)  # fmt: skip
HELD_OUT: Final[tuple[Callable[[Random], str], ...]] = (_x86, _quads)


def dump(scene: Scene, *, held_out: bool) -> list[Piece]:
    """A few lines of a dump; `held_out` draws from the layouts that training never shows."""
    rng = scene.rng
    text = rng.choice(HELD_OUT if held_out else LAYOUTS)(rng)
    text = text.upper() if rng.random() < 0.2 else text
    lead = rng.choice(_LEADS)
    return [Piece(f"{lead}{rng.choice((' ', chr(10)))}{text}" if lead else text)]
