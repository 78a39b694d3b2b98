import re

from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.named import WAYS

PIECES = [
    '"key":"a","VALUE":1',
    '"name":"b",',
    '"value":',
    "{",
    "}",
    ",",
    "(a)",
    " Values\t(",
    "values(",
    "'x'",
    ")",
    "a=b ",
    "aLabel=c ",
    "COPY t (a)",
    " From ",
    "STDIN;\n",
    'form-data; name="a"',
    "\n\n",
    "Key (a)=(b) is still",
    "Duplicate entry 'a' for key 'b'",
    "PID|1||7",
    "NM1*IL*1*LEE",
    "REF*SY*1",
    "PER*IC*x*TE*1",
    *(
        "a = ?",
        "(a) VALUES (?)",
        "a LIKE $1 ",
        "a IN (%s, ",
        "b",
        "f(",
        "@p",
        "=",
        " ",
        ":1",
        "args=('x',)",
        "$1 = 'x'",
        "@p='x'",
    ),
    *(
        "[1] - [x]",
        "[raw sql] ('x')",
        ' ["x"]',
        "a IN ('x')",
        "a = ANY(",
        "a LIKE ",
        "a ilike '%x'",
        "a = %S ",
        "[('a-b', 'x')]",
        "a) = 'x'",
        "!= ",
    ),
    *("::text = 'x'", "BETWEEN", "::character varying", "1234", "ARRAY["),
    *("HSET", "hmset k ", "XADD * ", "HGETALL\n", '1) "a"\n', '2) "x"\n'),
    *("a|b\n", "--+--\n", "|--|\n", "| :--|\n", "-[ RECORD 1 ]\n", "name", "phone,", "ssn\n", "|", "x,y", ";", "--"),
    "PV1|1||||||7^LEE",
    "NAD+BY+++LEE",
    "CTA+IC+:LEE",
    "DTM+329:1",
    "BEGIN:VCARD\n",
    "N:Lee",
    "\nADR:;;x",
    "8=FIX.4.4|",
    "554=a|",
    ":50K:",
    ":59:a\n",
    "[a:protected] => b",
    "[a:b:private] => c",
]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_every_text_with_a_value_that_is_named_elsewhere_has_the_mark_of_its_way(text):
    for way in WAYS:
        assert re.search(way.MARK, text) or not list(way.named_values(text.encode())), way.__name__
