import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrubber.detect.rules import quads
from scrubber.detect.rules.batch import Batch
from scrubber.detect.rules.load import builtin_rules, load_rules
from scrubber.detect.rules.tier import RuleTier, _Matcher

(rule,) = (rule for rule in builtin_rules() if rule.id == "ipv4")
by_pattern = _Matcher(rule)
tier = RuleTier([rule])

PIECES = (*("0", "1", "9", "22", "99", "100", "249", "255", "256", "260", "300", "1234"), *".....", "..")
AROUND = ("", " ", "\n", "-", "~", "_", "x", "/", ":", "v", "\0", "é", ".443 ", ".example.org", "192.0.2.1", "8.8.8.8")
texts = st.lists(st.sampled_from((*PIECES, *AROUND)), max_size=14).map(lambda pieces: "".join(pieces).encode())
OCTETS = ("", "0", "00", "000", "1", "09", "99", "099", "100", "199", "249", "250", "255", "256", "999", "2222")
octets = st.sampled_from(OCTETS)
addresses = st.tuples(st.sampled_from(AROUND), octets, octets, octets, octets, st.sampled_from(AROUND)).map(
    lambda parts: (parts[0] + ".".join(parts[1:5]) + parts[5]).encode()
)


def test_addresses_are_found_without_an_engine():
    assert rule.pattern.is_quads


@given(st.lists(texts | addresses, max_size=6))
@example([b"1.1.1.1", b"1.1.1.1", b""])
@example([b".1.1.1.1", b"1.1.1.1.", b"1.1.1.1-"])
def test_no_address_is_found_or_missed_that_the_pattern_would_not(buffers):
    assert tier.find(buffers) == [by_pattern.hits(buffer, 0, len(buffer)) for buffer in buffers]


def test_a_batch_without_points_has_none():
    assert quads.find(Batch([])) == quads.find(Batch([b"1", b"2.3.4"])) == ([], [])


def test_a_rule_of_a_user_that_begins_alike_is_found_so_too():
    pattern = rule.pattern.exact.decode()
    (own,) = load_rules(
        rf"""
        rules:
          - {{id: own, label: ipv4, pattern: '{pattern}', near: {{include: [peer]}}, examples: ['peer «1.2.3.4»']}}
        """
    )
    found = RuleTier([own, rule]).find([b"1.2.3.4 peer 5.6.7.8.", b"5.6.7.8"])
    assert [[(hit.start, hit.rule.id) for hit in hits] for hits in found] == [
        [(0, "ipv4"), (0, "own"), (13, "ipv4"), (13, "own")],
        [(0, "ipv4")],
    ]


@pytest.mark.parametrize("engine", ["vectorscan", "re2"])
def test_the_answer_does_not_depend_on_the_engine(engine):
    (hits,) = RuleTier([rule], engine=engine).find([b"from 192.0.2.1 to 198.51.100.7."])
    assert [(hit.start, hit.end) for hit in hits] == [(5, 14), (18, 30)]
