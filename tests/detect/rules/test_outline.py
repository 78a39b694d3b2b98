import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.detect.rules.outline import outline
from scrubber.detect.rules.syntax import parse, render

PIECES = ["a", r"\d", "[ab]", r"\b", "^", "$", "-", "--", "-{2,3}", "[-.]", "(?:^|[^a])", "(?:^|a-|ab?)", "(?:[^b]|$)"]
PIECES += ["a{0,3}", "b+", "(?:ab?){1,2}", "(?:a|-b)", "[^ab]*", "-?", r"\d{6}", "(?:(?:^|b-)1)", "-[.]-", "---"]
BRANCHES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
PATTERNS = st.lists(BRANCHES, min_size=1, max_size=3).map("|".join)
TEXTS = st.text(alphabet="ab1-. \n", max_size=24)


def _outline(pattern):
    return render(outline(parse(pattern)), capture=False)


def _python(pattern):
    return pattern.replace("$", r"(?=\n|\Z)")


@given(PATTERNS, TEXTS)
def test_at_the_end_of_each_match_its_outline_matches_too(pattern, text):
    form, outlined = _python(render(parse(pattern), capture=False)), _python(_outline(pattern))
    for start in range(len(text)):
        found = re.compile(form, re.MULTILINE).match(text, start)
        if found:
            ending = re.compile(rf"(?:{outlined})(?=[\s\S]{{{len(text) - found.end()}}}\Z)", re.MULTILINE)
            assert any(ending.match(text, at) for at in range(start, found.end() + 1)), (pattern, text, start)


@pytest.mark.parametrize(
    ("pattern", "outlined"),
    [
        (r"(?:^|[^\d-])\d{3}-\d\d-\d{4}(?:[^\d]|$)", r"\x2d[0-9][0-9]\x2d[0-9]{4}(?:[^0-9]|$)"),
        (r"[A-Z][a-z]+ <[^\s<>@]+@", r"\x3c[^\x09-\x0d\x20\x3c\x3e\x40]+\x40"),
        (r"[A-Z]\\{1,2}[a-z]+ \d\.\d", r"\x5c{1,2}[a-z]+\x20[0-9]\x2e[0-9]"),
        (r"[0-9a-f]{12}:[0-9a-f]{32}|EAA[a-z]{60}", r"\x3a[0-9a-f]{32}|EAA[a-z]{60}"),
        (r"\d{4}-\d{4}", r"[0-9]{4}\x2d[0-9]{4}"),  # what is left would be in many lines
        (r"\d{8}-?[A-Z]", r"[0-9]{8}\x2d?[A-Z]"),  # the sign may be missing
        (r"\d{6} \d{6}", r"[0-9]{6}\x20[0-9]{6}"),  # a blank is no sign
        (r"(?:^|[^a-z]|(?:mac|ether)[-:])[0-9a-f]{12}", r"(?:^|[^a-z]|[\x2d\x3a])[0-9a-f]{12}"),
    ],
)
def test_an_outline_begins_with_a_sign_if_what_is_left_is_rare(pattern, outlined):
    assert _outline(pattern) == outlined
