"""Tokens that name how a value was replaced: `<EMAIL:hash:k1:...>`, `<EMAIL:enc:k1:...>`.

Label, kind, key id and base64url without padding: no quote, space, backslash or comma, so that a token can stand
wherever its value stood.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal, NamedTuple

Kind = Literal["hash", "enc"]

TOKEN = re.compile(r"<([A-Z][A-Z0-9_]*):(hash|enc):([A-Za-z0-9_.-]{1,32}):([A-Za-z0-9_-]+)>")
"""Finds tokens in text; `Token.read` takes a match."""


class Token(NamedTuple):
    """The parts of a token. `body` holds the hash or the cipher text."""

    label: str
    kind: str
    key_id: str
    body: bytes

    @classmethod
    def read(cls, match: re.Match[str]) -> Token:
        """Return the token that TOKEN matched. ValueError where its body is no base64url."""
        label, kind, key_id, body = match.groups()
        return cls(label.lower(), kind, key_id, urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def write(label: str, kind: Kind, key_id: str, body: bytes) -> str:
    """Return the token as text."""
    return f"<{label.upper()}:{kind}:{key_id}:{urlsafe_b64encode(body).rstrip(b'=').decode()}>"
