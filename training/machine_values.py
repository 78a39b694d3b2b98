"""What machines call things: identifiers, products, packages, places in a rack, user agents, handles. Never labelled."""

from __future__ import annotations

import string
from random import Random

from training import pools
from training.shapes import ALNUM, HEX, UPPER, chars, digits


def version(rng: Random) -> str:
    """A version number; four-part ones look like addresses."""
    parts = ".".join(str(rng.randrange(rng.choice((3, 12, 30)))) for _ in range(rng.choice((2, 3, 3, 4, 4))))
    return (
        rng.choice(("", "", "", "v", "V"))
        + parts
        + rng.choice(("", "", "", "-SNAPSHOT", "-rc1", "+build.7", "-alpine", ".RELEASE", "b2"))
    )


def identifier(rng: Random) -> str:
    """A name that a program gave: camelCase, snake_case, CONSTANT, dotted, with or without a number."""
    words = [w for w in rng.choices(pools.words(), k=rng.randint(1, 3)) if w.isascii()] or ["item"]
    forms = (
        words[0] + "".join(w.title() for w in words[1:]),
        "".join(w.title() for w in words),
        "_".join(words),
        "_".join(words).upper(),
        ".".join(words),
        "-".join(words),
        "".join(w[: rng.randint(2, 4)] for w in words),
        words[0],
    )
    ends = (
        "",
        "",
        "",
        "",
        str(rng.randint(0, 99)),
        f"-{rng.randint(0, 99)}",
        "d",
        "Manager",
        "Service",
        "_id",
        "Impl",
        "s",
    )
    return rng.choice(forms) + rng.choice(ends)


def proper(rng: Random) -> str:
    """A capitalised name of a program, a product, a module or a vendor: what is taken for a person's name."""
    words = [w.title() for w in rng.choices(pools.words(), k=2)]
    middle = rng.choice(("", "", "", " ", "-"))
    tail = rng.choice(
        (
            "",
            "",
            "soft",
            "works",
            "DB",
            "Agent",
            "Sync",
            "Server",
            "Update",
            "Hub",
            "Drive",
            "Shell",
            "Engine",
            "OS",
            "ware",
            "ix",
            "ly",
        )
    )
    return words[0] + (middle + words[1] if rng.random() < 0.5 else "") + tail


def rack(rng: Random) -> str:
    """Where a board sits in a large machine, or how a switch calls a port."""
    return rng.choice(("-", "-", ":", "/", ".")).join(
        rng.choice(("R", "M", "N", "C", "J", "U", "S", "B", "L", "I", "c", "n", "s", "p", "slot", "cab", "port"))
        + chars(rng, string.digits + "ABCDEF", 1, 3)
        for _ in range(rng.randint(2, 5))
    )


def package_version(rng: Random) -> str:
    """A version as package managers write it: epoch, dates, revisions, rebuilds."""
    body = rng.choice(
        (
            version(rng),
            f"20{digits(rng, 2)}0{rng.randint(1, 9)}{rng.randint(10, 28)}",
            f"{rng.randint(0, 9)}.{rng.randint(0, 30)}",
        )
    )
    return (
        rng.choice(("", "", "", f"{rng.randint(1, 5)}:"))
        + body
        + rng.choice(("", "+dfsg", "~beta1", f"+{digits(rng, 1, 2)}", ""))
        + rng.choice(
            (
                "",
                f"-{rng.randint(0, 20)}",
                f"-{rng.randint(0, 9)}ubuntu{rng.randint(1, 9)}",
                f"-{rng.randint(1, 9)}.el{rng.randint(6, 9)}",
            )
        )
        + rng.choice(
            ("", "", f"+deb{rng.randint(9, 12)}u{rng.randint(1, 9)}", f"+b{rng.randint(1, 5)}", ".fc39", ".x86_64")
        )
    )


def package(rng: Random) -> str:
    """The name of a software package."""
    word = rng.choice(pools.words())
    return (
        rng.choice(("lib", "python3-", "node-", "", "", "", "gir1.2-", "golang-", "ruby-", "perl-"))
        + word
        + rng.choice(("", "", "-dev", "-common", "-utils", "2", "-0", "6", "-bin", "-doc", "d"))
    )


def browser(rng: Random) -> str:
    """A browser's line about itself."""
    build = f"{rng.randint(500, 619)}.{rng.randint(0, 60)}"
    system = rng.choice(
        (
            f"Windows NT {rng.randint(5, 10)}.{rng.randint(0, 3)}; {rng.choice(('WOW64', 'Win64; x64', 'rv:' + str(rng.randint(20, 120)) + '.0'))}",
            f"Macintosh; {rng.choice(('Intel', 'PPC', 'U; Intel'))} Mac OS X 10{rng.choice('_.')}{rng.randint(4, 15)}{rng.choice('_.')}{rng.randint(0, 8)}",
            f"iPhone; CPU iPhone OS {rng.randint(7, 17)}_{rng.randint(0, 6)}_{rng.randint(0, 4)} like Mac OS X",
            f"Linux; Android {rng.randint(4, 14)}; {rng.choice(('SM-', 'Pixel ', 'Moto ', 'LG-', 'RMX', 'M'))}{chars(rng, UPPER + string.digits, 2, 5)}",
            f"X11; {rng.choice(('Linux x86_64', 'U; Linux i686; en-US', 'CrOS armv7l ' + version(rng), 'Ubuntu; Linux x86_64; rv:70.0'))}",
            f"compatible; {proper(rng)}Bot/{rng.randint(1, 5)}.{rng.randint(0, 9)}",
        )
    )
    engine = rng.choice(
        (
            f"AppleWebKit/{build} (KHTML, like Gecko) Chrome/{rng.randint(10, 125)}.0.{rng.randint(600, 6400)}.{rng.randint(0, 240)} Safari/{build}",
            f"AppleWebKit/{build} (KHTML, like Gecko) Version/{rng.randint(3, 17)}.{rng.randint(0, 5)} Mobile/{chars(rng, UPPER + string.digits, 5, 6)} Safari/{build}",
            f"Gecko/20100101 Firefox/{rng.randint(3, 125)}.0",
            f"Presto/2.{rng.randint(2, 12)}.{rng.randint(1, 400)} Version/{rng.randint(10, 12)}.{rng.randint(0, 60)}",
            f"Trident/{rng.randint(4, 7)}.0; .NET CLR {rng.randint(1, 4)}.{rng.randint(0, 5)}.{rng.randint(1000, 60000)}",
            "",
        )
    )
    text = f"Mozilla/{rng.choice('45')}.0 ({system}) {engine}".strip()
    if rng.random() < 0.25:
        agents = (
            "Go-http-client/2.0",
            f"okhttp/{version(rng)}",
            f"python-requests/{version(rng)}",
            f"aws-sdk-java/{version(rng)} Linux/5.{rng.randint(1, 19)} OpenJDK_64-Bit_Server_VM/25.{rng.randint(100, 400)}",
            f"curl/{version(rng)} (x86_64-pc-linux-gnu) libcurl/{version(rng)} OpenSSL/{version(rng)}",
            f"{proper(rng)}/{version(rng)}",
            "(gzip),gzip",
            "Wget/1.21",
            f"Microsoft {proper(rng)} Client",
            f"{proper(rng)}-{version(rng)} (build {digits(rng, 4)})",
        )
        text = rng.choice(agents)
    return text.replace(" ", "+") if rng.random() < 0.1 else text


def compact_time(rng: Random) -> str:
    """A time as machines write it, without what tells a date from a number."""
    day = f"{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    year, clock = (
        f"{rng.randint(0, 26):02d}",
        f"{rng.randint(0, 23):02d}{rng.randint(0, 59):02d}{rng.randint(0, 59):02d}",
    )
    return rng.choice(
        (
            f"{year}{day} {clock} {rng.randint(1, 30000)}",
            f"20{year}.{day[:2]}.{day[2:]}",
            f"20{year}{day}",
            f"20{year}-{day[:2]}-{day[2:]}-{clock[:2]}.{clock[2:4]}.{clock[4:]}.{digits(rng, 6)}",
            f"1{digits(rng, 9)}",
            f"1{digits(rng, 9)}.{digits(rng, 3)}",
            f"{year}/{day[:2]}/{day[2:]}",
            f"20{year}{day}-{clock[:2]}:{clock[2:4]}:{clock[4:]}:{digits(rng, 3)}",
            f"{day[:2]}-{day[2:]}-{year},{clock[:2]}:{clock[2:4]}:{clock[4:]}.{digits(rng, 3)}",
            f"{day[2:]}.{day[:2]}.20{year}",
            f"20{year}/{day[:2]}/{day[2:]}",
            f"{day[:2]}-{day[2:]}",
            f"{digits(rng, 5)}.{digits(rng, 6)}",
            f"20{year}",
            f"1{digits(rng, 12)}",
            f"20{year}{day}T{clock}Z",
        )
    )


def blob(rng: Random) -> str:
    """Bytes in hexadecimal or base64, or a run of random letters and digits: checksums, handles, encoded titles."""
    return rng.choice(
        (
            chars(rng, HEX, rng.choice((8, 12, 16, 24, 32, 40, 56, 64, 64, 96))),
            chars(rng, HEX, rng.choice((16, 32, 64))).upper(),
            chars(rng, ALNUM + "+/", 20, 44) + rng.choice(("", "=", "==")),
            chars(rng, ALNUM, 8, 26),
            chars(rng, string.ascii_lowercase + string.digits, 8, 16),
            chars(rng, UPPER + string.digits, 8, 14),
            "0x" + chars(rng, HEX, 2, 16),
            "-".join(chars(rng, HEX, n) for n in (8, 4, 4, 4, 12)),
            "{" + "-".join(chars(rng, HEX.upper(), n) for n in (8, 4, 4, 4, 12)) + "}",
            "S-1-5-" + "-".join(digits(rng, 2, 9) for _ in range(rng.randint(1, 4))),
            "-".join(chars(rng, HEX + "ghkrt", 3, 13) for _ in range(rng.randint(2, 5))),
            f"operation-1{digits(rng, 12)}-{chars(rng, HEX, 13)}",
            ":".join(chars(rng, HEX, 2) for _ in range(rng.choice((3, 8, 16, 20)))),
        )
    )
