"""Custom fields of CEF under the names that their labels give them."""

import pytest

from scrubber.core.named.labels import named_values
from tests.core.named.linear import assert_linear

CEF = b"CEF:0|v|p|1|7|n|3|"


def found(text):
    return [(value.name, text[value.start : value.end]) for value in named_values(text)]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (CEF + b"cs1Label=password cs1=V", [(b"password", b"V")]),
        (CEF + b"cs1=V w cs1Label=password", [(b"password", b"V w")]),
        (
            CEF + b"cn1=7 act=x flexString2=a\\=b cn1Label=pin flexString2Label=two words",
            [(b"pin", b"7"), (b"two words", b"a\\=b")],
        ),
        (
            CEF + b"cs1Label=a cs1=V cs1=W cs1Label=b cs1Label=c cs1=X",
            [(b"a", b"V"), (b"b", b"V"), (b"a", b"W"), (b"b", b"W"), (b"c", b"X")],
        ),
        (CEF + b"cs1Label=a cs2=b", []),
        (CEF + b"cs1Label=a cs1=V\ncs2Label=b cs1=W", [(b"a", b"V")]),
        (b'{"m":"' + CEF + b'cs1Label=a cs1=V w","n":"x"}', [(b"a", b"V w")]),
        (b"a Label=b", []),
    ],
    ids=[
        "label first",
        "label last",
        "other fields",
        "several events",
        "of another field",
        "of another line",
        "in JSON",
        "no field",
    ],
)
def test_a_label_names_its_field(text, pairs):
    assert sorted(found(text)) == sorted(pairs)


@pytest.mark.parametrize("unit", [b"aLabel=a a=b ", b"Label=", b'a="', b'aLabel=" ', b"a=b\n", b"aLabel=a\n"])
def test_the_cost_is_linear(unit):
    assert_linear(named_values, lambda size: b"aLabel=a " + unit * (size // len(unit)))
