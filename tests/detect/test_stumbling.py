"""A record on which our own code stumbles goes to quarantine alone: it is a bug, but nobody may stop a worker by it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.policy_compile import compile_policy
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Chunk, Clean, Record
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.texts import TextPipeline
from scrubber.errors import DetectorFailed, Reason
from tests.detect.simple_rules import TIER

POISON = b"poison S-1234"


class StumblingPipeline(TextPipeline):
    """Raises where it meets a poisoned text, and quotes it, as a library might."""

    def __init__(self, error):
        super().__init__(TIER)
        self._error = error

    def run(self, parts):
        if POISON in parts.texts:
            raise self._error
        return super().run(parts)


def scrub(values, error=None, told=None):
    policy = compile_policy({"version": 1, "name": "test"})
    pipeline = StumblingPipeline(error or ValueError(POISON))
    scrubber = Scrubber(
        pipeline,
        lambda _topic: policy,
        quarantine=Quarantine(),
        stumbled=None if told is None else told.append,
    )
    records = [Record("app", 0, offset, -1, None, value, None) for offset, value in enumerate(values)]
    return scrubber(Chunk(records)).outcomes


VALUES = st.lists(st.sampled_from([b"a S-1234", b"b", b"code=x1", b"\xff", POISON]), min_size=1, max_size=24)


@given(VALUES)
def test_its_neighbours_go_on_as_if_it_were_none(values):
    told = []
    outcomes = scrub(values, told=told)
    expected = scrub([b"b" if value == POISON else value for value in values])
    poisoned = [place for place, value in enumerate(values) if value == POISON]
    for place in poisoned:
        assert outcomes[place].reason is Reason.INTERNAL_ERROR
        assert json.loads(outcomes[place].envelope)["source"]["offset"] == place
        assert b"poison" not in outcomes[place].envelope
        expected[place] = outcomes[place]
    assert outcomes == expected
    assert [type(error) for error in told] == [ValueError] * len(poisoned)


@pytest.mark.parametrize("error", [DetectorFailed("gone"), MemoryError()])
def test_what_does_not_lie_in_the_record_stops_the_worker(error):
    told = []
    with pytest.raises(type(error)):
        scrub([b"a", POISON], error=error, told=told)
    assert told == []


def test_where_nobody_is_told_nothing_is_hidden():
    assert all(isinstance(outcome, Clean) for outcome in scrub([b"a"]))
    with pytest.raises(ValueError, match="poison"):
        scrub([b"a", POISON])
