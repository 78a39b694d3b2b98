"""The compiled steps answer as those in Python do, refuse what they are not made for, and are there if they can be."""

import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core import plain, plain_steps
from scrubber.core.formats import Kind, Token
from scrubber.core.policy_compile import compile_policy
from scrubber.core.spans import Finding, Rank, Redaction
from tests.memory import bytes_kept

FREE, STRUCTURED = False, True
PLACEHOLDERS = {"email": (0.5, b"<EMAIL>"), "pin": (0.9, b""), "person": (0.1, None)}
WITHOUT = (
    "import sys\n"
    "for name in ('_plain_steps', '_audit_events', 'formats._json_places'):\n"
    "    sys.modules[f'scrubber.core.{name}'] = None\n"
    "from scrubber.core import plain, plain_steps\n"
    "assert plain.splice is plain_steps.splice\n"
    "from scrubber import Scrubber\n"
    "print(Scrubber().scrub('from 192.0.2.17 by ann@mail.example').text)\n"
)

texts = st.one_of(st.binary(max_size=60), st.text('ab<E>\\"{x_ 1é', max_size=60).map(str.encode))
labels = st.sampled_from(sorted(PLACEHOLDERS))
scores = st.sampled_from([0.0, 0.1, 0.5, 0.7, 0.9, 1.0])


@st.composite
def spans_of(draw, text, most=6):
    """Rising, mostly apart."""
    edges = sorted(draw(st.lists(st.integers(0, len(text)), max_size=2 * most)))
    return list(zip(edges[::2], edges[1::2], strict=False))


@st.composite
def texts_with_findings(draw):
    text = draw(texts)
    return text, [
        Finding(start, end, draw(labels), draw(scores), "rules", draw(st.sampled_from(["one", None])), Rank.RULE)
        for start, end in draw(spans_of(text))
    ]


@st.composite
def tokens_of(draw, text):
    return [
        Token(start, end, draw(st.text(max_size=3)), draw(st.sampled_from([Kind.STRING, Kind.KEY])))
        for start, end in draw(spans_of(text, 3))
    ] + draw(st.sampled_from([[], [Token(len(text), len(text), "end", Kind.STRING)]]))


def test_they_are_there_where_there_is_a_compiler():
    if shutil.which("cc") is None:
        pytest.skip("no compiler")
    assert plain.splice is not plain_steps.splice


@given(texts_with_findings(), st.booleans())
def test_both_see_alike_what_is_plain(given, structured):
    text, findings = given
    for some in (findings, findings[::-1], tuple(findings)):
        assert plain.is_plain(text, some, structured) is bool(plain_steps.is_plain(text, some, structured))


@given(st.data(), texts_with_findings(), st.sampled_from([None, Kind.STRING]))
def test_both_put_the_same_in_the_same_places(data, given, only):
    text, findings = given
    tokens = data.draw(st.one_of(st.just([Token(0, len(text), "", Kind.STRING)]), tokens_of(text)))
    expected = plain_steps.splice(text, findings, iter(tokens), PLACEHOLDERS, only)
    got = plain.splice(text, findings, iter(tokens), PLACEHOLDERS, only)
    assert got == expected
    if got is not None:
        assert [type(redaction) for redaction in got[1]] == [Redaction] * len(got[1])
        assert plain.starred(got[0], got[2]) == plain_steps.starred(got[0], got[2])


@given(st.data(), st.one_of(texts, st.binary(max_size=3)))
def test_both_leave_the_same_stars_and_the_text_as_it_was(data, text):
    placed = data.draw(spans_of(text))
    before = bytes(bytearray(text))  # a copy: bytes(text) is text itself
    assert plain.starred(text, placed) == plain_steps.starred(text, placed)
    assert text == before


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.sampled_from("abk")), max_size=5))
def test_both_tell_of_the_same_hits(hits):
    rules = {name: SimpleNamespace(told=(name, 0.5, "rules", name, Rank.RULE)) for name in "ab"}
    rules["k"] = SimpleNamespace(told=None)
    hits = [(start, end, rules[name]) for start, end, name in hits]
    expected, got = plain_steps.findings_of(hits), plain.findings_of(hits)
    assert got == expected
    assert got is None or all(type(finding) is Finding for finding in got)


class _Broken:
    def __getattr__(self, name):
        raise RuntimeError("no rule")


def _broken_tokens():
    raise RuntimeError("too deep")
    yield


FINDING = Finding(1, 3, "email", 0.9, "rules", None, Rank.RULE)


compiled = pytest.mark.skipif(plain.splice is plain_steps.splice, reason="no compiler built them")


@compiled
@pytest.mark.parametrize(
    ("error", "call"),
    [
        (ValueError, lambda: plain.is_plain(b"abc", [FINDING._replace(end=4)], FREE)),
        (ValueError, lambda: plain.is_plain(b"abc", [FINDING._replace(start=-1)], FREE)),
        (ValueError, lambda: plain.starred(b"abc", [(2, 1)])),
        (OverflowError, lambda: plain.starred(b"abc", [(0, 1 << 80)])),
        (TypeError, lambda: plain.starred(b"abc", [(0,)])),
        (TypeError, lambda: plain.starred("abc", [(0, 1)])),
        (TypeError, lambda: plain.starred(b"abc", None)),
        (TypeError, lambda: plain.starred(b"abc")),
        (TypeError, lambda: plain.is_plain(b"abc", [1], FREE)),
        (TypeError, lambda: plain.findings_of(None)),
        (TypeError, lambda: plain.findings_of([(1, 2)])),
        (TypeError, lambda: plain.findings_of([(1, 2, SimpleNamespace(told="no"))])),
        (RuntimeError, lambda: plain.findings_of([(1, 2, _Broken())])),
        (TypeError, lambda: plain.splice(b"abc", [FINDING], [], PLACEHOLDERS, None)),
        (RuntimeError, lambda: plain.splice(b"abc", [FINDING], _broken_tokens(), PLACEHOLDERS, None)),
        (KeyError, lambda: plain.splice(b"abc", [FINDING._replace(label="?")], iter([]), PLACEHOLDERS, None)),
        (ValueError, lambda: plain.splice(b"abc", [FINDING, FINDING], _whole(b"abc"), PLACEHOLDERS, None)),
        (TypeError, lambda: plain.splice(b"abc", [FINDING], _whole(b"abc"), {"email": 1}, None)),
        (ValueError, lambda: plain.splice(b"abc", [FINDING], _whole(b"abc"), {"email": (0.5, "text")}, None)),
        (TypeError, lambda: plain.splice(b"abc", [FINDING], _whole(b"abc"), {"email": ("?", b"")}, None)),
    ],
)
def test_what_they_are_not_made_for_is_an_error_and_never_read(error, call):
    with pytest.raises(error):
        call()


def _whole(text):
    return iter([Token(0, len(text), "", Kind.TEXT)])


@compiled
def test_they_keep_nothing_of_what_they_were_given():
    policy = compile_policy({"version": 1, "name": "test"})
    rule = SimpleNamespace(told=("email", 0.9, "rules", "one", Rank.RULE))

    def once():
        text = b"from " + b"x" * 2000
        findings = plain.findings_of([(5, 2000, rule)])
        spliced = plain.splice(text, findings, _whole(text), policy.placeholders, None)
        plain.starred(spliced[0], spliced[2])
        plain.is_plain(text, findings, STRUCTURED)
        for broken in (lambda: plain.starred(text, [(0, 1), (2, 1)]), lambda: plain.findings_of([(1, 2)])):
            with pytest.raises((TypeError, ValueError)):
                broken()

    assert bytes_kept(once) < 50_000


def test_without_them_scrubbing_is_the_same():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "from <IPV4> by <EMAIL>\n"
