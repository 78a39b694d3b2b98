"""A trace for each chunk: its stages, its links, and what becomes of it."""

import dataclasses

import pytest

pytest.importorskip("opentelemetry.sdk", reason="needs the extra tracing")

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from scrubber.core.records import Chunk, Clean, Partition, Record, ScrubbedChunk, at_once
from scrubber.errors import DetectorFailed
from scrubber.telemetry import ChunkCommitted, tracing
from scrubber.telemetry.settings import TracingSettings
from scrubber.telemetry.tracing import MAX_LINKS, MAX_OPEN, Tracing
from tests.telemetry.happened import COMMITTED, SCRUBBED

PARENT = "00-{:032x}-00f067aa0ba902b7-01"
SECRET = b"robin@mail.example"


def record(offset, headers=None, partition=0):
    return Record("app", partition, offset, 0, SECRET, SECRET, headers)


def chunk(records):
    return Chunk(records, {Partition("app", record.partition): 1 for record in records}, 100)


def committed(*next_offsets):
    return dataclasses.replace(COMMITTED, next_offsets=next_offsets)


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def traces(spans):
    made = Tracing(TracingSettings("http://collector.example/v1/traces"), SimpleSpanProcessor(spans), "1.2.3")
    yield made
    made.close()


def run(traces, todo, *, fails=False):
    def scrub(given):
        traces.emit(SCRUBBED)
        if fails:
            raise DetectorFailed("gone")
        return ScrubbedChunk(given, [Clean(None, b"", None, None) for _ in given.records])

    return traces.scrub(at_once(scrub))(todo)()


def test_a_chunk_is_one_trace_with_a_span_for_each_stage(traces, spans):
    run(traces, chunk([record(8), record(9)]))
    traces.emit(committed(("app", 0, 10)))
    made = {span.name: span for span in spans.get_finished_spans()}
    assert set(made) == {"chunk", "scrub", "rules", "model", "redact", "verify", "produce", "commit"}
    assert len({span.context.trace_id for span in made.values()}) == 1
    parents = {name: span.parent and span.parent.span_id for name, span in made.items()}
    assert parents["chunk"] is None
    for name in ("scrub", "produce", "commit"):
        assert parents[name] == made["chunk"].context.span_id
    for name in ("rules", "model", "redact", "verify"):
        assert parents[name] == made["scrub"].context.span_id
    assert (made["model"].end_time - made["model"].start_time) / 1e9 == pytest.approx(SCRUBBED.model_secs)
    assert made["rules"].end_time == made["model"].start_time
    assert made["chunk"].attributes["messaging.batch.message_count"] == 2
    assert made["chunk"].resource.attributes["service.name"] == "scrubber"


def test_what_happens_belongs_to_the_chunk_that_is_being_finished(traces, spans):
    def begin(given):
        def finish():
            traces.emit(SCRUBBED)
            return ScrubbedChunk(given, [Clean(None, b"", None, None) for _ in given.records])

        return finish

    begun = [traces.scrub(begin)(chunk([record(offset)])) for offset in (1, 2)]
    begun[0]()
    (first,) = [span for span in spans.get_finished_spans() if span.name == "scrub"]
    (rules,) = [span for span in spans.get_finished_spans() if span.name == "rules"]
    assert rules.parent.span_id == first.context.span_id
    begun[1]()
    scrubs = [span for span in spans.get_finished_spans() if span.name == "scrub"]
    second_rules = [span for span in spans.get_finished_spans() if span.name == "rules"][1]
    assert second_rules.parent.span_id == scrubs[1].context.span_id != first.context.span_id


def test_records_link_their_chunk_to_their_own_traces_each_once(traces, spans):
    header = ("traceparent", PARENT.format(7).encode())
    state = ("tracestate", b"vendor=1")
    run(traces, chunk([record(1, [header, state]), record(2, [header]), record(3), record(4, [("traceparent", b"x")])]))
    traces.emit(committed(("app", 0, 5)))
    (root,) = [span for span in spans.get_finished_spans() if span.name == "chunk"]
    (link,) = root.links
    assert link.context.trace_id == 7
    assert link.context.is_remote
    assert link.context.trace_state == {"vendor": "1"}


def test_links_are_bounded(traces, spans):
    run(traces, chunk([record(n, [("traceparent", PARENT.format(n + 1).encode())]) for n in range(200)]))
    traces.emit(committed(("app", 0, 200)))
    (root,) = [span for span in spans.get_finished_spans() if span.name == "chunk"]
    assert len(root.links) == MAX_LINKS


def test_a_chunk_of_which_one_partition_was_taken_away_is_committed_with_the_rest(traces, spans):
    run(traces, chunk([record(1), record(5, partition=1)]))
    traces.emit(committed(("app", 1, 6)))
    (root,) = [span for span in spans.get_finished_spans() if span.name == "chunk"]
    assert root.status.status_code is StatusCode.UNSET


def test_chunks_that_are_never_committed_end_as_dropped_and_are_forgotten(traces, spans):
    for offset in range(MAX_OPEN + 3):
        run(traces, chunk([record(offset)]))
    dropped = [span for span in spans.get_finished_spans() if span.name == "chunk"]
    assert len(dropped) == 3
    assert {span.status.description for span in dropped} == {"dropped"}
    assert len(traces._open) == MAX_OPEN


def test_a_commit_of_a_chunk_without_a_trace_makes_none(traces, spans):
    traces.emit(committed(("app", 0, 10)))
    traces.emit(ChunkCommitted(0, 0, 0, 5, 0.0, 0.0))
    traces.emit(SCRUBBED)
    assert spans.get_finished_spans() == ()


def test_a_detector_that_fails_ends_the_trace_with_the_class_of_its_error(traces, spans):
    with pytest.raises(DetectorFailed):
        run(traces, chunk([record(1)]), fails=True)
    (root,) = [span for span in spans.get_finished_spans() if span.name == "chunk"]
    assert root.status.status_code is StatusCode.ERROR
    assert root.status.description == "DetectorFailed"


def test_no_span_holds_anything_of_a_record(traces, spans):
    run(traces, chunk([record(1, [("traceparent", SECRET), ("tracestate", SECRET), ("user", SECRET)])]))
    traces.emit(committed(("app", 0, 2)))
    assert len(spans.get_finished_spans()) == 8
    for span in spans.get_finished_spans():
        assert SECRET.decode() not in span.to_json()


def test_a_sample_of_the_chunks_is_traced(spans):
    traces = Tracing(TracingSettings("", sample_ratio=1e-12), SimpleSpanProcessor(spans), "1")
    done = run(traces, chunk([record(1)]))
    traces.emit(committed(("app", 0, 2)))
    assert len(done.outcomes) == 1
    assert spans.get_finished_spans() == ()


def test_a_chunk_that_is_not_in_the_sample_is_not_looked_at(spans):
    class Unread(list):
        def __iter__(self):
            raise AssertionError("read")

    traces = Tracing(TracingSettings("", sample_ratio=1e-12), SimpleSpanProcessor(spans), "1")
    done = ScrubbedChunk(Chunk(), [])
    assert traces.scrub(lambda _chunk: done)(Chunk(Unread([record(1)]))) is done


def test_a_collector_that_is_not_there_keeps_nobody_waiting(monkeypatch):
    monkeypatch.setattr(tracing, "EXPORT_SECS", 1)
    settings = TracingSettings("http://127.0.0.1:9/v1/traces")
    traces = Tracing(settings, tracing.exporter(settings), "1")
    run(traces, chunk([record(1)]))
    traces.emit(committed(("app", 0, 2)))
    traces.close()
