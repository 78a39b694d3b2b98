import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn

from scrubber.core.actions import Numbering, Surrogate
from scrubber.core.keys import KeyRing
from scrubber.core.labels import LABELS

ACTION = Surrogate(KeyRing({"k1": bytes(32)}))
OTHER = Surrogate(KeyRing({"k1": bytes(31) + b"\1"}))


def surrogate(value, label, action=ACTION):
    return action.render(value, label, Numbering())


@given(value=st.text(min_size=1, max_size=60), label=st.sampled_from(sorted(LABELS)))
def test_a_surrogate_is_consistent_and_never_holds_the_value(value, label):
    text = surrogate(value, label)
    assert text == surrogate(value, label)
    if not text.startswith("<"):
        assert value.casefold() not in text.casefold()


def test_another_key_gives_another_surrogate():
    assert surrogate("ann@mail.example", "email") != surrogate("ann@mail.example", "email", OTHER)


@given(st.from_regex(r"[0-9]{4}([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{3,4}", fullmatch=True))
def test_a_card_keeps_its_format_and_is_valid_but_no_issuers(value):
    text = surrogate(value, "credit_debit_card")
    assert re.sub("[0-9]", "9", text) == re.sub("[0-9]", "9", value)
    digits = re.sub("[^0-9]", "", text)
    assert digits.startswith("9999")
    assert luhn.is_valid(digits)


@given(st.emails())
def test_an_address_is_at_a_reserved_domain(value):
    assert re.fullmatch(r"[a-z]+\.[a-z]+[0-9]{2}@[a-z]+\.example", surrogate(value, "email"))


def test_an_escaped_address_stays_escaped():
    assert "%40" in surrogate("ann%40mail.example", "email")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_of_a_documentation_range(value):
    networks = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
    assert any(ipaddress.ip_address(surrogate(str(value), "ipv4")) in network for network in networks)


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_is_of_the_documentation_range(value):
    assert ipaddress.ip_address(surrogate(str(value), "ipv6")) in ipaddress.ip_network("2001:db8::/32")


@given(st.from_regex(r"[A-Z]{2}[0-9]{2}( ?)[A-Z0-9]{4}\1[0-9]{4}\1[0-9]{4}\1[0-9]{2,4}", fullmatch=True))
def test_an_iban_keeps_its_format_and_is_valid_but_no_countrys(value):
    text = surrogate(value, "iban")
    assert re.sub("[A-Z0-9]", "x", text) == re.sub("[A-Z0-9]", "x", value)
    assert text.startswith("XX")
    assert iban.mod_97_10.is_valid(text.replace(" ", "")[4:] + text[:4])


@pytest.mark.parametrize(
    ("label", "value", "form"),
    [
        ("phone_number", "+1 202 555 0143", r"\+9 99\d \d{3} \d{4}"),
        ("phone_number", "(202) 555-0143", r"\(\d{3}\) 555-01\d\d"),
        ("phone_number", "12345", r"\d{5}"),
        ("ssn", "078-05-1120", r"666-\d\d-\d{4}"),
        ("mac_address", "3C:22:FB:00:53:AF", r"02(:[0-9A-F]{2}){5}"),
        ("mac_address", "3c22.fb00.53af", r"02[0-9a-f]{2}(\.[0-9a-f]{4}){2}"),
        ("date_of_birth", "1984-03-21", r"(19|20)\d\d-(0\d|1[0-2])-(0\d|1[0-2])"),
        ("date_of_birth", "21/03/84", r"(0\d|1[0-2])/(0\d|1[0-2])/(0\d|1[0-2])"),
        ("first_name", "ANN", r"[A-Z]+"),
        ("last_name", "example", r"[a-z]+"),
        ("user_name", "ann.example", r"[a-z]+\d{3}"),
        ("api_key", "sk_Test_0042", r"[a-z]{2}_[A-Z][a-z]{3}_\d{4}"),
        ("street_address", "7 Nowhere Lane", r"\d+ [A-Z][a-z]+ Street"),
        ("password", "!!!?a", "<PASSWORD>"),
        ("pin", "!!!!", "<PIN>"),
        ("date_of_birth", "19840321", r"(19|20)\d\d(0\d|1[0-2])(0\d|1[0-2])"),
    ],
)
def test_a_surrogate_keeps_the_form_of_the_value(label, value, form):
    assert re.fullmatch(form, surrogate(value, label))


def test_a_long_field_of_digits_is_no_trouble():
    assert len(surrogate("7" * 200_000, "phone_number")) == 200_000
