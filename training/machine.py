"""Log lines of machines about themselves: identifiers, states, counts and paths in no fixed order. Nothing is labelled."""

from __future__ import annotations

from random import Random
from typing import Final

from training import pools
from training.harmless import MAKERS
from training.machine_values import identifier
from training.scene import Piece, Scene

_VERBS: Final = ("started", "stopped", "created", "removed", "loaded", "set", "got", "sent", "received", "updated", "skipped", "found", "waiting for", "changed to", "registered", "completed", "failed", "elected", "assigned", "resumed", "opened", "closed", "is", "has", "=", "->", ":", "for", "from", "to", "with", "on", "in", "at", "of", "by")  # fmt: skip
_STATES: Final = ("true", "false", "null", "OK", "READY", "RUNNING", "FAILED", "ONLINE", "idle", "up", "down", "None", "yes", "no", "M", "F", "A", "E", "I", "W", "D", "on", "off", "[]", "{}", "()", "enabled", "0x0", "-1", "...", "N/A", "S", "T", "INFO", "active", "leader", "follower")  # fmt: skip
_VALUES: Final = ("n", "n", "n", "hex", "file", "host", "class", "method", "thread", "version", "size", "duration", "code", "service", "port", "percent", "block", "route", "word", "proper", "rack", "pkgver", "pkg", "browser", "compact", "compact", "blob", "blob", "blob")  # fmt: skip


def _value(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.3:
        return identifier(rng)
    if roll < 0.45:
        return rng.choice(_STATES)
    return MAKERS[rng.choice(_VALUES)](rng)


def _chunk(rng: Random) -> str:
    match rng.randrange(10):
        case 0 | 1:
            return f"{identifier(rng)}{rng.choice(('=', ':', ': ', ' = ', '=> '))}{_value(rng)}"
        case 2:
            inner = [_value(rng) for _ in range(rng.randint(1, 3))]
            left, right = rng.choice(("[]", "()", "{}", "<>"))
            return left + rng.choice((", ", ",", " ")).join(inner) + right
        case 3:
            quote = rng.choice("'\"`")
            return quote + identifier(rng) + quote
        case 4:
            return " ".join(rng.choices(pools.words(), k=rng.randint(1, 4)))
        case 5:
            return rng.choice(_STATES)
        case 6 | 7:
            return f"{rng.choice(_VERBS)} {_value(rng)}"
        case 8:
            return MAKERS["message"](rng)
        case _:
            return rng.choice((identifier, MAKERS["proper"], MAKERS["blob"]))(rng)


def line(scene: Scene) -> list[Piece]:
    """One line; the words that usually stand before a login ("user", "for", "from") stand before other things here."""
    rng = scene.rng
    parts = [_chunk(rng) for _ in range(rng.randint(2, 8))]
    if rng.random() < 0.25:
        parts.insert(
            rng.randrange(len(parts)),
            rng.choice(("user", "for user", "account", "name", "client", "login", "session", "from", "owner", "host"))
            + rng.choice((" ", "=", ": "))
            + rng.choice(
                (
                    "null",
                    "unknown",
                    "none",
                    "(null)",
                    "is",
                    "not",
                    "has",
                    "'s",
                    "id",
                    "data",
                    "-",
                    "list",
                    "agent",
                    "service",
                    "table",
                )
            ),
        )
    text = rng.choice((" ", " ", " ", ", ", " | ", "; ")).join(parts)
    return [Piece(text[0].upper() + text[1:] if rng.random() < 0.4 else text, undecided="unique_id")]
