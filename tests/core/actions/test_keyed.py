"""Promises of the actions that work with a key: hash, encrypt, surrogate."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.actions import Encrypt, Hash, Numbering, Revealer, verify
from scrubber.core.keys import KeyRing
from scrubber.core.labels import LABELS

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
KEYS = KeyRing({"k1": OLD})
ROTATED = KeyRing({"k1": OLD, "k2": NEW}, active="k2")

labels = st.sampled_from(sorted(LABELS))
# With lone surrogates: half of a pair is text too.
values = st.text(st.characters(), min_size=1)


def render(action, value, label="email"):
    return action.render(value, label, Numbering())


@given(value=values, label=labels)
def test_a_hash_is_equal_for_equal_values_and_verified_by_its_token(value, label):
    token = render(Hash(KEYS), value, label)
    assert token == render(Hash(KeyRing({"k1": OLD})), value, label)
    assert verify(token, value, KEYS)


@given(value=values, other=values)
def test_a_hash_differs_across_values_labels_and_keys(value, other):
    token = render(Hash(KEYS), value)
    assert (token == render(Hash(KEYS), other)) == (value == other)
    assert verify(token, other, KEYS) == (value == other)
    body = token.split(":")[-1]
    assert body != render(Hash(KEYS), value, "user_name").split(":")[-1]
    assert body != render(Hash(KeyRing({"k1": NEW})), value).split(":")[-1]


def test_the_active_key_writes_hashes_and_both_verify():
    before, after = render(Hash(KEYS), "ann@mail.example"), render(Hash(ROTATED), "ann@mail.example")
    assert (before.split(":")[2], after.split(":")[2]) == ("k1", "k2")
    assert verify(before, "ann@mail.example", ROTATED)
    assert verify(after, "ann@mail.example", ROTATED)
    assert not verify(after, "ann@mail.example", KEYS)


@pytest.mark.parametrize("token", ["", "<EMAIL>", "<EMAIL:hash:k1:A>", "<EMAIL:hash:k1:AAAA>", "<EMAIL:enc:k1:AAAA>"])
def test_what_is_no_hash_verifies_nothing(token):
    assert not verify(token, "ann@mail.example", KEYS)


@given(value=values, label=labels)
def test_reveal_gives_the_original_back(value, label):
    token = render(Encrypt(KEYS), value, label)
    assert re.fullmatch(r"<[A-Z0-9_]+:enc:k1:[A-Za-z0-9_-]+>", token)
    revealer = Revealer(ROTATED)
    revealed = revealer.reveal(f"before {token} after {token}".encode())
    assert revealed == f"before {value} after {value}".encode(errors="surrogatepass")
    assert revealer.revealed == {(label, "k1"): 2}
    assert not revealer.refused


@given(value=values, other=values)
def test_encryption_is_deterministic_within_a_label_and_key(value, other):
    token = render(Encrypt(KEYS), value)
    assert (token == render(Encrypt(KEYS), other)) == (value == other)
    assert token.split(":")[-1] != render(Encrypt(KEYS), value, "user_name").split(":")[-1]


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token.replace("EMAIL", "USER_NAME"),  # another label
        lambda token: token.replace("k1", "k2"),  # another key
        lambda token: token.replace("k1", "k9"),  # a key that nobody has
        lambda token: token[:-6] + "AAAAA>",  # altered
        lambda token: "<EMAIL:enc:k1:A>",  # no base64
        lambda token: "<EMAIL:enc:k1:AAAA>",  # too short for a synthetic IV
    ],
)
def test_a_token_that_no_key_opens_stays_and_is_counted(forge):
    token = forge(render(Encrypt(KEYS), "ann@mail.example"))
    revealer = Revealer(ROTATED)
    assert revealer.reveal(token.encode()) == token.encode()
    assert revealer.refused.total() == 1
    assert not revealer.revealed


def test_reveal_leaves_hashes_and_placeholders_alone():
    text = f"{render(Hash(KEYS), 'ann')} <EMAIL> <EMAIL_1>".encode() + b" \xff\x00"
    revealer = Revealer(KEYS)
    assert revealer.reveal(text) == text
    assert not revealer.refused


@given(value=values)
def test_what_is_revealed_into_json_is_the_value_again(value):
    revealed = Revealer(KEYS, as_json=True).reveal(b'{"field": "%s"}' % render(Encrypt(KEYS), value).encode())
    assert json.loads(revealed) == {"field": value}


def test_hash_and_encryption_do_not_share_a_key():
    assert (
        len({KEYS.derive("k1", purpose) for purpose in ("hash/email", "hash/ssn", "encrypt", "surrogate/email")}) == 4
    )


@pytest.mark.parametrize("shown", [KEYS, Hash(KEYS), Encrypt(KEYS), Revealer(KEYS)])
def test_no_key_is_ever_printed(shown):
    printed = repr(shown)
    assert repr(OLD)[2:-1] not in printed
    assert OLD.hex() not in printed
