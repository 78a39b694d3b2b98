"""surrogate: a made-up value of the same form stands where the real one stood."""

from __future__ import annotations

from typing import ClassVar

from scrubber.core.actions.base import ActionName, Numbering, Scope
from scrubber.core.actions.forms import FORMS, Draw, same_shape
from scrubber.core.keys import KeyRing, Mac

_TRIES = 16


class Surrogate:
    """Realistic, of the value's form, and the same for equal values of a label as long as the key is the same.

    Surrogates of what is given out somewhere (addresses, cards, phone numbers) come from ranges that are given out to
    nobody. Several values may share a surrogate, so it is no substitute for a hash where values must be told apart.
    """

    name: ClassVar[ActionName] = "surrogate"
    scope: ClassVar[Scope] = "span"

    def __init__(self, keys: KeyRing) -> None:
        assert keys.active is not None, "A surrogate without a key. This is a bug."
        self._mac = Mac(keys, keys.active, "surrogate")

    def render(self, value: str, label: str, numbering: Numbering) -> str:  # noqa: ARG002 - the protocol's signature
        """Return the surrogate; the placeholder of the label where no surrogate differs enough from `value`."""
        form = FORMS.get(label, same_shape)
        draw = Draw(self._mac.tag(label, value))
        for _ in range(_TRIES):
            made_up = form(value, draw)
            if made_up is None:
                break
            if value.casefold() not in made_up.casefold():
                return made_up
        return f"<{label.upper()}>"

    def __repr__(self) -> str:
        return f"Surrogate({self._mac.key_id})"
