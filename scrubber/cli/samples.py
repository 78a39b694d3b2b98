"""Application logs and support tickets for the demo. Everything in them is made up, from ranges reserved for examples.

Each sample keeps what was planted in it, so that the demo can count how much of that is left in the clean topic.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

# The placeholder in a template -> how to make a value for it.
USERS = ("jkowalski", "amaro", "p.lindgren", "t_okafor", "mchen", "dsilva", "r.haddad", "nvolkova")
HOSTS = ("mail.example", "shop.example", "corp.example.org", "users.example.net")
NETS = ("192.0.2", "198.51.100", "203.0.113")
CARDS = ("4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "4012888888881881")

TEMPLATES = {
    "JSON": (
        '{{"ts":"2026-03-0{day}T10:1{day}:00Z","level":"info","msg":"password reset sent",'
        '"user":{{"email":"{email}","ip":"{ip}"}},"attempt":{day},"request_id":"7f9c{day}e21"}}'
    ),
    "plain": (
        "2026-03-0{day} 10:1{day}:07,113 INFO [worker-{day}] OrderService - receipt for order 88{day}412 sent to "
        "{email} from {ip}"
    ),
    "access log": (
        '{ip} - - [0{day}/Mar/2026:10:1{day}:22 +0000] "GET /account?email={email}&page={day} HTTP/1.1" 200 51{day} '
        '"-" "Mozilla/5.0"'
    ),
    "sshd": (
        "Mar  {day} 10:1{day}:31 gate sshd[4{day}21]: Failed password for invalid user {user} from {ip} port 5{day}022 "
        "ssh2"
    ),
    "stack trace": (
        "java.lang.IllegalStateException: no session for {email}\n\tat app.mail.Sender.send(Sender.java:8{day})\n"
        "\tat app.Main.main(Main.java:1{day})"
    ),
    "ticket": (
        "Ticket 90{day}: please change my address from {email} to {email2}. You can call me on {phone}; the card "
        "{card} was charged twice."
    ),
    "harmless": "2026-03-0{day} 10:1{day}:55 INFO gateway version 6.1.{day}.0 build 20260{day}11, 17 of 64 idle",
}


class Sample(NamedTuple):
    """One record for the demo: what kind it is, its text, and the values planted in it."""

    kind: str
    text: str
    planted: tuple[str, ...]


def samples(count: int, seed: int = 1) -> Iterator[Sample]:
    """Yield `count` samples, the kinds in turn; the same seed makes the same ones."""
    rng = random.Random(seed)  # noqa: S311 - sample data, no secret
    kinds = list(TEMPLATES.items())
    for number in range(count):
        kind, template = kinds[number % len(kinds)]
        values = _values(rng)
        planted = tuple(value for name, value in values.items() if f"{{{name}}}" in template)
        yield Sample(kind, template.format(day=rng.randint(1, 9), **values), planted)


def _values(rng: random.Random) -> dict[str, str]:
    user, other = (f"{rng.choice(USERS)}{rng.randint(10, 99)}" for _ in range(2))
    return {
        "user": user,
        "email": f"{user}@{rng.choice(HOSTS)}",
        "email2": f"{other}@{rng.choice(HOSTS)}",
        "ip": f"{rng.choice(NETS)}.{rng.randint(1, 254)}",
        "phone": f"+1 202 555 01{rng.randint(10, 99)}",
        "card": rng.choice(CARDS),
    }
