import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.detect.rules.pattern import compile_exact, compile_pattern
from scrubber.detect.rules.syntax import PatternError, parse, render, width
from scrubber.detect.rules.weaken import cut_tail, weaken

PIECES = [
    "a",
    "b",
    "ab",
    r"\d",
    "[ab]",
    r"\b",
    "^",
    "$",
    "x{2}",
    "(?:^|[^a])",
    "(?:[^b]|$)",
    "a{0,3}",
    "b+",
    "(?:ab?){1,2}",
]
PIECES += ["(?:a|b+)", "(?:a?|b)", "a{3,20}", "a{14}", "abc", "[0-9]*"]
PIECES += ["a{14}b", "[ab]{13,}c"]
PIECES += ["(?:(?:^|[^ab])(?:abcab|abc[ab]?c|aabb1|a)|[ab](?:abcabc|ab))", "[abc](?:abcb|abc?cab|abcab|abcab1)"]
PIECES += ["[^a]+", "[^ab]{1,40}", "-?=?-{0,2}(?:=|:-)=*", "-?=?-{0,2}(?:=|:-)=*[-:]"]
PIECES += [r"(?:25[0-5]|2[0-4]\d|1?\d?\d)", r"(?:^|[^a])\d{1,3}", r"(?:-(?:1\d|\d)){2}"]
MANY_WORDS = "|".join(a + b + c for a in "abcde" for b in "abcde" for c in "ab")
BARE_KEYS = r"(?:(?:^|[^a-z])(?:[Pp][Ii][Nn])|[a-z](?:Pin)|[Bb][Ii][Rr][Tt][Hh]\x20?[Dd][Aa][Yy])\x3d[0-9]"
PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
TEXTS = st.one_of(
    st.text(alphabet="abcx125-=: \n", max_size=24), st.from_regex(r"[ab]{0,2}a{10,20}b[abc]{0,14}c", fullmatch=True)
).map(str.encode)


@given(PATTERNS, TEXTS)
def test_wherever_the_exact_pattern_matches_the_engines_form_ends_within_reach(pattern, text):
    tree = parse(pattern)
    if width(tree)[0] == 0:
        return
    exact = compile_exact(render(tree, capture=False).encode())
    form = re.compile(render(weaken(tree), capture=False).replace("$", r"(?=\n|\Z)").encode(), re.MULTILINE)
    reach = width(cut_tail(tree))[1]
    position = 0
    while (found := exact.search(text, position)) is not None and found.end() > found.start():
        start, end = found.span()
        ends = [m.end() for s in range(start, end + 1) for m in [form.match(text, s)] if m]
        assert ends, (pattern, text)
        assert min(ends) <= end
        assert reach is None or min(ends) <= start + reach
        position = start + 1


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        (r"[a-z]{1,64}@[a-z]{2,9}", r"[a-z]\x40[a-z]{2}"),
        (r"\b[a-z]{12,40}\b", r"\b[a-z]{12}"),
        (r"ghp_[A-Za-z0-9]{36}\b", r"ghp_[0-9A-Za-z]{12}"),
        (r"a(x{2,80})b", r"ax{2,}b"),
        (r"(?:^|[^a-z])(?:x|y)?::", r"\x3a\x3a"),
        (r"(?:^|\s)\d{1,3} \S{1,64} ([a-z]+) \[now", r"\x20[a-z]+\x20\x5bnow"),
        (r"(?:^|[^0-9])([0-9]{32}:[0-9]{2})", r"[0-9]{12}\x3a[0-9]{2}"),
        (r"(?:^|[^0-9])([0-9]{32}[a-f]{2})", r"(?:^|[^0-9])[0-9]{32}[a-f]{2}"),  # what follows is not certain
        (
            r"(?:^|\w)((?:25[0-5]|1?\d?\d)(?:\.(?:25[0-5]|1?\d?\d)){3})(?:\s|$)",
            r"[0-9](?:\x2e[0-9]{1,3}){3}(?:[\x09-\x0d\x20]|$)",
        ),
        (r"(?:^|[^\d])(\d{1,3}[a-f])", r"(?:^|[^0-9])[0-9]{1,3}[a-f]"),  # no certain byte behind them
        (r"x(?:0[1-9]|1[0-2])y", r"x(?:0[1-9]|1[0-2])y"),  # as many digits in each
        (r"user \S{1,64} (\d) now", r"user\x20[^\x09-\x0d\x20]+\x20[0-9]\x20now"),  # only behind a word it is busy
        (r"\d[^@]{1,64}@(\d)", r"[0-9][^\x40]+\x40[0-9]"),  # too little would be left
        (r"(?:^|[^a-z])(xy)(?:[^a-z]|$)", r"(?:^|[^a-z])xy(?:[^a-z]|$)"),
        (rf"pin-{{0,8}}?(?:(?:{MANY_WORDS}|\(\d\))[-_]{{1,6}}|=){{0,2}}?(\d)", r"pin[\x28-\x29\x2d0-9\x3d_a-e]*[0-9]"),
        (rf"pin(?:(?:{MANY_WORDS})\b-){{0,2}}(\d)", rf"pin(?:(?:{MANY_WORDS})\b\x2d)*[0-9]"),  # its bytes are not all
        (r"""key\s?"?\]?[ ]{0,4}(?:=>|:)([{[])""", r"key[\x09-\x0d\x20\x22\x3a\x3d-\x3e\x5d]*[\x5b\x7b]"),
        (r"key\s?-?[ ]{0,4}(?:=>|:)(\d)", r"key[\x09-\x0d\x20]?\x2d?\x20{0,4}(?:\x3d\x3e|\x3a)[0-9]"),  # a run of four
        (r"key\s?\"?\]?[ ]{0,4}(?:=>|:x)(\d)", r"key[\x09-\x0d\x20]?\x22?\x5d?\x20{0,4}(?:\x3d\x3e|\x3ax)[0-9]"),
        (r"(?:(?:^|[^a-z])(?i:pin|birth ?day)|[a-z](?:Pin|BirthDay))=(\d)", BARE_KEYS),
        (r"=(?:(?:^|[^a-z])(?:pin|birthday)|[a-z]Pin)(\d)", r"\x3d(?:(?:^|[^a-z])(?:pin|birthday)|[a-z]Pin)[0-9]"),
        (
            r"(?:x(?:birthday|employee)|pin)=(\d)",
            r"(?:x(?:birthday|employee)|pin)\x3d[0-9]",
        ),  # an x is not nearly any byte
        (
            r"(?:[^a-z](?:born|birth ?date|birthday|date of birth)|pin)=(\d)",
            r"(?:[^a-z](?:born)|pin|(?:birth(?:\x20?date|day)|date\x20of\x20birth))\x3d[0-9]",
        ),
    ],
)
def test_the_engines_form_is_short(pattern, form):
    assert compile_pattern(pattern).engine.decode() == form


@given(st.lists(st.sampled_from([*MANY_WORDS.split("|"), "-", "_", "=", "(7)", "x"]), max_size=5).map("".join))
def test_what_becomes_of_a_repeat_of_many_things_matches_all_of_them(between):
    pattern = compile_pattern(rf"pin-{{0,8}}?(?:(?:{MANY_WORDS}|\(\d\))[-_]{{1,6}}|=){{0,2}}?(7)")
    text = f"pin{between}7".encode()
    found = compile_exact(pattern.exact).search(text)
    assert found is None or re.search(pattern.engine, text[: found.end()])


def test_a_pattern_is_never_weakened_to_nothing():
    with pytest.raises(PatternError):
        compile_pattern("a*b*")
    assert compile_pattern("(?:a+|b)").engine == b"a|b"
