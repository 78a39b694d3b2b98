import re

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from scrubber.detect.rules.pattern import compile_exact, compile_pattern
from scrubber.detect.rules.syntax import PatternError, parse, render, width

REFUSED = {
    "(?=a)b": "look-ahead",
    "(?<!a)b": "look-ahead",
    r"(a)\1": "back-reference",
    r"(a)?(?(1)b|c)": "conditional",
    "(?>ab)": "atomic",
    "a++b": "possessive",
    r"a\Z": r"\\Z",
    "a{1,1001}": "1000",
    "(?:a{100}){100}": "RE2",
    "[[:alpha:]]+": "POSIX",
    "[:digit:]": "POSIX",
    "a*": "empty string",
    "x?|y?": "empty string",
    "": "empty string",
    "(a": "not a pattern",
    r"\p{L}": "not a pattern",
    "[é]": "beyond ASCII",
    "((a)b)": "another",
    "(a).*b": "behind the value",
    "(a)b{1,200}c": "behind the value",
}


@pytest.mark.parametrize(("pattern", "reason"), REFUSED.items())
def test_a_pattern_that_the_engines_cannot_bound_is_refused_with_the_reason(pattern, reason):
    with pytest.raises(PatternError, match=reason):
        compile_pattern(pattern)


def test_white_space_means_the_same_six_bytes_everywhere():
    exact = compile_exact(compile_pattern(r"a\sb").exact)
    assert [byte for byte in range(256) if exact.search(b"a" + bytes([byte]) + b"b")] == [9, 10, 11, 12, 13, 32]
    negated = compile_exact(compile_pattern(r"a[^\s]b").exact)
    assert not negated.search(b"a\x0bb")


def test_letter_case_folds_ascii_only():
    exact = compile_exact(compile_pattern("(?i)äk").exact)
    assert exact.search("äK".encode())
    assert not exact.search("ÄK".encode())
    assert not exact.search(b"\xe4k")


def test_letters_beyond_ascii_stand_for_their_bytes():
    assert compile_exact(compile_pattern("a(?:é|ß)+b").exact).search("aéßb".encode())


ATOMS = st.sampled_from(["a", "b", r"\d", r"\s", "[^a]", "[a-c]", ".", r"\b", "^", "$", "(?i:B)", "-"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{1,3}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)
TEXTS = st.text(alphabet="abB1 -\n\x0b", max_size=12).map(str.encode)


@given(PATTERNS, TEXTS)
def test_what_is_printed_matches_what_python_matches(pattern, text):
    printed = compile_exact(render(parse(pattern), capture=False).encode())
    # Python's $ also matches before a last line end; RE2's does not.
    expected = re.search(pattern.replace("$", r"\Z").encode(), text)
    found = printed.search(text)
    assert (found is None) == (expected is None)


@given(PATTERNS, TEXTS)
def test_a_match_is_never_longer_or_shorter_than_its_pattern_may_be(pattern, text):
    least, most = width(parse(pattern))
    found = re.search(pattern.encode(), text)
    if found:
        assert len(found[0]) >= least
        assert most is None or len(found[0]) <= most


def test_re2_gives_the_span_of_a_group_from_any_start_with_the_text_around_it():
    """The exact step counts on it: a search from the middle still sees the byte before."""
    exact = compile_exact(compile_pattern(r"\b(b)").exact)._regexp
    assert exact.Match(re2._Anchor.UNANCHORED, b"ab b", 1, 4) == [(3, 4), (3, 4)]
