"""encrypt: a token that the holder of the key, and nobody else, turns back into the value."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from scrubber.core.actions.base import ActionName, Numbering, Scope
from scrubber.core.actions.tokens import TOKEN, Token, write
from scrubber.core.keys import KeyRing
from scrubber.core.unicode import well_formed

_KEY_BYTES = 64  # AES-256 twice: one half makes the synthetic IV, the other encrypts


class Encrypt:
    """`<EMAIL:enc:k1:...>`, AES-SIV: deterministic, so equal values of a label have equal tokens.

    The label is authenticated with the value: a token cannot be passed off as another label's.
    """

    name: ClassVar[ActionName] = "encrypt"
    scope: ClassVar[Scope] = "span"

    def __init__(self, keys: KeyRing) -> None:
        assert keys.active is not None, "Encryption without a key. This is a bug."
        self._key_id = keys.active
        self._cipher = _cipher(keys, self._key_id)

    def render(self, value: str, label: str, numbering: Numbering) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the token of `value`."""
        body = self._cipher.encrypt(value.encode(errors="surrogatepass"), [label.encode()])
        return write(label, "enc", self._key_id, body)

    def __repr__(self) -> str:
        return f"Encrypt({self._key_id})"


class Revealer:
    """Puts the values back where their tokens stand, and counts by label and key id what it did.

    With `as_json` a value is escaped as inside a JSON string. It works on bytes: what is no token stays as it is, UTF-8
    or not.
    """

    def __init__(self, keys: KeyRing, *, as_json: bool = False) -> None:
        self._ciphers = {key_id: _cipher(keys, key_id) for key_id in keys}
        self._as_json = as_json
        self.revealed: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()

    def reveal(self, text: bytes) -> bytes:
        """Return `text` with its values; a token that no key opens stays as it is, and is counted in `refused`."""
        # Latin-1 maps every byte to the code point of its number and back.
        return TOKEN.sub(self._value, text.decode("latin-1")).encode("latin-1")

    def _value(self, match: re.Match[str]) -> str:
        if match[2] != "enc":
            return match[0]
        try:
            token = Token.read(match)
            value = self._ciphers[token.key_id].decrypt(token.body, [token.label.encode()])
        except (KeyError, InvalidTag, ValueError):
            self.refused[match[1].lower(), match[3]] += 1
            return match[0]
        self.revealed[token.label, token.key_id] += 1
        if self._as_json:
            value = _in_json(value.decode(errors="surrogatepass"))
        return value.decode("latin-1")


def _in_json(value: str) -> bytes:
    # Only what UTF-8 cannot write needs \u escapes; elsewhere they would change text that was left alone before.
    whole = well_formed(value) == value
    return json.dumps(value, ensure_ascii=not whole)[1:-1].encode()


def _cipher(keys: KeyRing, key_id: str) -> AESSIV:
    return AESSIV(keys.derive(key_id, "encrypt", _KEY_BYTES))
