"""Happenings move the metrics that the catalogue names, and nothing else gets into a label."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.errors import Reason
from scrubber.telemetry import PartitionsAssigned, PoliciesInForce, happenings
from scrubber.telemetry.catalogue import CATALOGUE, LAG, LOOP_AGE, READY, RECORDS_READ, WATCHED
from scrubber.telemetry.metrics import Metrics
from tests.telemetry.happened import COMMITTED, COMPARED, EVERYTHING, POLICIES, RAN


@pytest.fixture
def metrics():
    made = Metrics("1.2.3")
    made.watch(READY, lambda: {(): 1.0})
    made.watch(LOOP_AGE, lambda: {("consume",): 0.5})
    return made


def after(metrics, *happened):
    for happening in happened:
        metrics.emit(happening)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name.startswith("scrubber_") and not sample.name.endswith(("_created", "_bucket"))
    }


def test_everything_that_happens_moves_every_metric(metrics):
    seen = after(metrics, *EVERYTHING)
    for metric in CATALOGUE:
        name = metric.name + "_count" if metric.kind == "histogram" else metric.name
        values = [value for (sample, *_), value in seen.items() if sample == name]
        assert any(values), metric.name


def test_nothing_is_shown_that_is_not_in_the_catalogue(metrics):
    for happening in EVERYTHING:
        metrics.emit(happening)
    shown = {family.name for family in metrics.registry.collect() if family.name.startswith("scrubber_")}
    assert shown == {metric.name.removesuffix("_total") for metric in CATALOGUE}


def test_a_commit_counts_what_it_committed(metrics):
    seen = after(metrics, COMMITTED)
    assert seen["scrubber_records_clean_total",] == 8
    assert seen["scrubber_clean_bytes_total",] == 800
    assert seen["scrubber_records_stale_total",] == 1
    assert seen["scrubber_audit_events_total",] == 3
    assert seen["scrubber_transactions_committed_total",] == 1
    assert seen["scrubber_stage_seconds_sum", "commit"] == 0.03


def test_a_chunk_of_which_nothing_is_held_any_more_is_no_transaction(metrics):
    seen = after(metrics, dataclasses.replace(COMMITTED, records=0, quarantined=0, dropped_stale=10, next_offsets=()))
    assert seen["scrubber_records_stale_total",] == 10
    assert seen["scrubber_transactions_committed_total",] == 0
    assert seen["scrubber_last_commit_timestamp_seconds",] == 0


def test_what_another_policy_would_do_otherwise_is_counted_by_label(metrics):
    seen = after(metrics, COMPARED, COMPARED)
    pair = "logs", "strict"
    assert seen["scrubber_shadow_records_total", *pair, "different"] == 6
    assert seen["scrubber_shadow_records_total", *pair, "same"] == 14
    assert seen["scrubber_shadow_redactions_total", *pair, "ipv4", "shadow"] == 4
    assert seen["scrubber_shadow_redactions_total", *pair, "url", "action"] == 2
    assert seen["scrubber_shadow_quarantined_records_total", *pair, "policy_drop", "shadow"] == 2


def test_the_share_of_padding_can_be_computed(metrics):
    seen = after(metrics, RAN)
    assert 1 - seen["scrubber_model_tokens_total",] / seen["scrubber_model_padded_tokens_total",] == 0.25


def test_lag_is_what_is_not_committed_yet_of_the_partitions_held(metrics):
    seen = after(metrics, *EVERYTHING)
    lags = {tuple(key[1:]): value for key, value in seen.items() if key[0] == LAG.name}
    assert lags == {("app", "0"): 10, ("app", "1"): 0}


def test_every_reason_is_there_before_it_happens(metrics):
    seen = after(metrics)
    assert {
        reason for name, *reason in seen if name == "scrubber_records_quarantined_total" for reason in reason
    } == set(Reason)


def test_new_policies_take_the_place_of_the_old_ones(metrics):
    seen = after(metrics, POLICIES, PoliciesInForce((("logs", "b" * 64),), 61, "e" * 64))
    assert [key[1:] for key in seen if key[0] == "scrubber_policy_info"] == [("logs", "b" * 16)]
    assert [key[1:] for key in seen if key[0] == "scrubber_rules_info"] == [("e" * 16, "61")]


def test_what_is_counted_cannot_be_watched(metrics):
    with pytest.raises(AssertionError):
        metrics.watch(RECORDS_READ, dict)


def test_the_catalogue_follows_the_conventions_of_prometheus():
    assert len({metric.name for metric in CATALOGUE}) == len(CATALOGUE)
    for metric in CATALOGUE:
        assert metric.name.startswith("scrubber_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert bool(metric.buckets) == (metric.kind == "histogram")
        assert metric.help.endswith(".")
        assert metric.unit in {"", "timestamp"} or metric.unit in metric.name
    assert {metric.kind for metric in WATCHED} == {"gauge"}


def test_no_happening_has_a_field_that_could_hold_a_record():
    for kind in happenings.Happening.__subclasses__():
        for field in dataclasses.fields(kind):
            assert "bytes" not in str(field.type).lower()
            assert field.name not in {"value", "key", "text", "payload", "record"}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99)), max_size=40))
def test_there_are_never_more_lags_than_partitions_held(commits):
    metrics = Metrics("1")
    metrics.emit(PartitionsAssigned(("app[0]", "app[1]")))
    for number, offset in commits:
        metrics.emit(happenings.PartitionsFollowed({f"app[{number}]": (offset + 5, 0)}))
        metrics.emit(dataclasses.replace(COMMITTED, next_offsets=(("app", number, offset),)))
    assert {key[1:] for key in after(metrics) if key[0] == LAG.name} <= {("app", "0"), ("app", "1")}
    metrics.emit(happenings.PartitionsLost(("app[0]", "app[1]")))
    assert not [key for key in after(metrics) if key[0] == LAG.name]
