"""hash: a keyed hash, by which equal values can be joined and nobody without the key can try values out."""

from __future__ import annotations

import hmac
from typing import ClassVar

from scrubber.core.actions.base import ActionName, Numbering, Scope
from scrubber.core.actions.tokens import TOKEN, Token, write
from scrubber.core.keys import KeyRing, Mac

_PURPOSE = "hash"


class Hash:
    """`<EMAIL:hash:k1:...>`, HMAC-SHA-256 cut to 128 bits, with a key of its own for each label.

    The active key of the ring writes; `verify` reads tokens of all of them, which is how keys are rotated.
    """

    name: ClassVar[ActionName] = "hash"
    scope: ClassVar[Scope] = "span"

    def __init__(self, keys: KeyRing) -> None:
        assert keys.active is not None, "A hash without a key. This is a bug."
        self._mac = Mac(keys, keys.active, _PURPOSE)

    def render(self, value: str, label: str, numbering: Numbering) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the token of `value`."""
        return write(label, "hash", self._mac.key_id, self._mac.tag(label, value))

    def __repr__(self) -> str:
        return f"Hash({self._mac.key_id})"


def verify(token: str, value: str, keys: KeyRing) -> bool:
    """Whether `token` is the hash of `value`; False too where it is no token, or `keys` lacks the key that made it."""
    match = TOKEN.fullmatch(token)
    if match is None:
        return False
    try:
        read = Token.read(match)
    except ValueError:
        return False
    if read.kind != "hash" or read.key_id not in keys:
        return False
    return hmac.compare_digest(read.body, Mac(keys, read.key_id, _PURPOSE).tag(read.label, value))
