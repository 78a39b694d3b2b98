import pytest

from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.errors import ConfigError


def test_the_only_key_is_the_active_one():
    assert KeyRing({"k1": bytes(32)}).active == "k1"
    assert KeyRing({"k1": bytes(32), "k2": bytes(32)}, active="k1").active == "k1"
    assert NO_KEYS.active is None


def test_everything_wrong_with_keys_is_said_at_once_without_a_byte_of_them():
    with pytest.raises(ConfigError) as caught:
        KeyRing({"k 1": b"sixteen bytes...", "k2": b"short"})
    assert [problem.path for problem in caught.value.problems] == ["keys.k 1", "keys.k 1", "keys.k2", "keys.active"]
    assert "sixteen" not in str(caught.value)
    assert "short" not in str(caught.value)


def test_an_active_key_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="no key has the id 'k9'"):
        KeyRing({"k1": bytes(32)}, active="k9")


def test_each_purpose_has_a_key_of_its_own_and_none_is_the_key_itself():
    ring = KeyRing({"k1": bytes(32)})
    derived = [ring.derive("k1", "hash/email"), ring.derive("k1", "hash/ssn"), ring.derive("k1", "quarantine")]
    assert len({*derived, bytes(32)}) == 4
    assert len(ring.derive("k1", "encrypt", 64)) == 64


def test_more_keys_only_read_unless_the_ring_was_empty():
    ring = KeyRing({"k1": bytes(32)}).with_keys({"k2": bytes(32)})
    assert (ring.active, set(ring)) == ("k1", {"k1", "k2"})
    assert NO_KEYS.with_keys({"k2": bytes(32), "k3": bytes(32)}).active == "k2"
    assert NO_KEYS.with_keys({}).active is None
