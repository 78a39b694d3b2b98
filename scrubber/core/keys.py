"""The keys that hash, encrypt, surrogate, fingerprint and quarantine work with.

Rule 1: a key of the ring is never used as it is; each use (and each label) has its own key, derived by HKDF, so a token
made for one purpose says nothing about another. Rule 2: no key is ever printed.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from scrubber.errors import ConfigError, Problem

MIN_KEY_BYTES = 32

# A key id stands inside tokens (`<EMAIL:hash:k1:...>`), between colons.
_KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class KeyRing:
    """Key ids and their keys. The active one writes; all of them read, which is how keys are rotated.

    `keys` maps a key id (letters, digits, `_.-`, at most 32) to at least 32 bytes; `active` may be left out where
    there is exactly one. Raises ConfigError.
    """

    def __init__(self, keys: Mapping[str, bytes], active: str | None = None) -> None:
        problems = list(_problems(keys, active))
        if problems:
            raise ConfigError(problems)
        self._keys = dict(keys)
        self._active = active if active is not None else next(iter(keys), None)

    @property
    def active(self) -> str | None:
        """Id of the key that writes; None where the ring is empty."""
        return self._active

    def with_keys(self, keys: Mapping[str, bytes]) -> KeyRing:
        """Return this ring with more keys, which only read unless it was empty. Raises ConfigError."""
        joined = {**self._keys, **keys}
        return KeyRing(joined, self._active if self._active is not None else next(iter(joined), None))

    def derive(self, key_id: str, purpose: str, length: int = 32) -> bytes:
        """Return the key for one purpose, `length` bytes; KeyError where the ring has no `key_id`."""
        hkdf = HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=b"scrubber/v1/" + purpose.encode())
        return hkdf.derive(self._keys[key_id])

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        """Ids only."""
        return f"KeyRing(active={self._active!r}, ids={sorted(self._keys)!r})"


class Mac:
    """HMAC-SHA-256 of values, cut to 128 bits: equal for equal values of one label, unrelated across labels and keys.

    `key_id` names the key of `keys`, `purpose` keeps the tags of one use apart from those of another.
    """

    __slots__ = ("_by_label", "_keys", "_purpose", "key_id")

    def __init__(self, keys: KeyRing, key_id: str, purpose: str) -> None:
        self.key_id = key_id
        self._keys = keys
        self._purpose = purpose
        self._by_label: dict[str, bytes] = {}

    def tag(self, label: str, value: str) -> bytes:
        """Return the 16 bytes that stand for `value`."""
        key = self._by_label.get(label)
        if key is None:
            key = self._by_label[label] = self._keys.derive(self.key_id, f"{self._purpose}/{label}")
        # Half a surrogate pair is text too: it must not make two values equal.
        return hmac.digest(key, value.encode(errors="surrogatepass"), "sha256")[:16]

    def __repr__(self) -> str:
        """The key's id, never the key."""
        return f"Mac({self._purpose}, {self.key_id})"


def _problems(keys: Mapping[str, bytes], active: str | None) -> Iterator[Problem]:
    for key_id, key in keys.items():
        if _KEY_ID.fullmatch(key_id) is None:
            yield Problem(f"keys.{key_id}", "not a key id", "letters, digits, '_', '.' and '-', at most 32")
        if len(key) < MIN_KEY_BYTES:
            yield Problem(
                f"keys.{key_id}",
                f"{len(key)} bytes are too few for a key",
                f"at least {MIN_KEY_BYTES} random bytes: head -c 32 /dev/urandom | base64",
            )
    if active is None and len(keys) > 1:
        yield Problem("keys.active", "several keys, and none is the active one", "name the one that writes")
    if active is not None and active not in keys:
        yield Problem("keys.active", f"no key has the id {active!r}")


NO_KEYS = KeyRing({})
"""The empty ring: actions that need a key are refused."""
