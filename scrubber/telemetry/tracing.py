"""OpenTelemetry: a trace for each chunk, a span for each of its stages, links to the traces that its records belong to.

A chunk has many parents, so none of them is *the* parent: each record's W3C context (`traceparent`, `tracestate`) is a
link. Clean records keep those headers, so that their own traces go on behind scrubber. Spans hold counts, codes and
coordinates, like happenings do.

    chunk                     from scrub to commit
    ├── scrub
    │   └── rules, model, redact, verify
    └── produce, commit
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from operator import attrgetter
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import Span, SpanContext, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from scrubber.core.records import Begin, Chunk, Finish, ScrubbedChunk
from scrubber.telemetry.happenings import ChunkCommitted, Happening, TextsScrubbed
from scrubber.telemetry.settings import TracingSettings

MAX_LINKS: Final = 32
MAX_OPEN: Final = 64
EXPORT_SECS: Final = 5
_CONTEXT: Final = frozenset({"traceparent", "tracestate"})
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_PARTITION: Final = attrgetter("topic", "partition")
_NS: Final = 1_000_000_000

_Place = tuple[str, int, int]


def exporter(settings: TracingSettings) -> SpanProcessor:
    """Return what sends spans to `settings.endpoint`, in a thread of its own. It drops spans rather than to wait."""
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.endpoint, timeout=EXPORT_SECS))


class Tracing:
    """A `Telemetry` that turns happenings into spans; `scrub` has to be put around what begins to scrub chunks.

    Args:
        settings: name and share of chunks.
        processor: takes the finished spans.
        version: of scrubber.
    """

    def __init__(self, settings: TracingSettings, processor: SpanProcessor, version: str) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": settings.service_name, "service.version": version}),
            sampler=TraceIdRatioBased(settings.sample_ratio),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("scrubber", version)
        self._scrubbing: Span = trace.INVALID_SPAN
        self._open: OrderedDict[_Place, Span] = OrderedDict()
        self._lock = threading.Lock()

    def scrub(self, begin: Begin) -> Begin:
        """Return `begin` with a trace for each chunk. For one thread, which finishes them in order."""

        def traced(chunk: Chunk) -> Finish:
            root = self._tracer.start_span("chunk")
            if not root.is_recording():
                return begin(chunk)
            for context in islice(_contexts(chunk), MAX_LINKS):
                root.add_link(context)
            root.set_attributes(
                {
                    "messaging.system": "kafka",
                    "messaging.batch.message_count": len(chunk.records),
                    "scrubber.bytes": chunk.byte_size,
                    "scrubber.partitions": len(chunk.epochs),
                }
            )
            scrubbing = self._tracer.start_span("scrub", trace.set_span_in_context(root))
            with _failing(root, scrubbing):
                finish = begin(chunk)

            def traced_finish() -> ScrubbedChunk:
                self._scrubbing = scrubbing
                with _failing(root, scrubbing):
                    done = finish()
                scrubbing.end()
                self._scrubbing = trace.INVALID_SPAN
                self._wait_for_commit(chunk, root)
                return done

            return traced_finish

        return traced

    def emit(self, happening: Happening) -> None:
        """Make the spans of what just ended: the happening says how long it took."""
        match happening:
            case TextsScrubbed() as it if self._scrubbing.is_recording():
                stages = {
                    "rules": it.rules_secs,
                    "model": it.model_secs,
                    "redact": it.redact_secs,
                    "verify": it.verify_secs,
                }
                self._add(self._scrubbing, stages)
            case ChunkCommitted() as it if (root := self._committed(it)) is not None:
                self._add(root, {"produce": it.produce_secs, "commit": it.commit_secs})
                root.set_attributes({"scrubber.quarantined": it.quarantined, "scrubber.audited": it.audited})
                root.end()
            case _:
                pass

    def close(self) -> None:
        """Send what is left, and end."""
        self._provider.shutdown()

    def _add(self, parent: Span, stages: Mapping[str, float]) -> None:
        """Add one span for each stage, one behind the other, so that the last one ends now."""
        start = time.time_ns() - int(sum(stages.values()) * _NS)
        context = trace.set_span_in_context(parent)
        for stage, seconds in stages.items():
            span = self._tracer.start_span(stage, context, start_time=start)
            start += int(seconds * _NS)
            span.end(start)

    def _wait_for_commit(self, chunk: Chunk, root: Span) -> None:
        """Remember the chunk by where it ends: that is what the commit will say of it."""
        last = dict(zip(map(_PARTITION, chunk.records), chunk.records, strict=True))
        with self._lock:
            self._open.update({(*partition, record.next_offset): root for partition, record in last.items()})
            while len(self._open) > MAX_OPEN * len(last):
                _, oldest = self._open.popitem(last=False)
                _dropped(oldest)

    def _committed(self, it: ChunkCommitted) -> Span | None:
        with self._lock:
            roots = [self._open.pop(place) for place in it.next_offsets if place in self._open]
        return next((root for root in roots if root.is_recording()), None)


@contextmanager
def _failing(root: Span, scrubbing: Span) -> Iterator[None]:
    """End the trace of a chunk with the class of the error that the block raises."""
    try:
        yield
    except BaseException as error:
        root.set_status(StatusCode.ERROR, type(error).__name__)
        scrubbing.end()
        root.end()
        raise


def _dropped(root: Span) -> None:
    """End the trace of a chunk that was never committed: its work was stale, and is done again in another one."""
    if root.is_recording():
        root.set_status(StatusCode.ERROR, "dropped")
        root.end()


def _contexts(chunk: Chunk) -> Iterator[SpanContext]:
    """Yield the valid contexts of the records, each once. Most records bring one that was seen, or none."""
    seen: set[bytes] = set()
    for record in chunk.records:
        for name, value in record.headers or ():
            if name == "traceparent" and value and value not in seen:
                seen.add(value)
                context = _context(record.headers or ())
                if context.is_valid:
                    yield context


def _context(headers: Iterable[tuple[str, bytes | None]]) -> SpanContext:
    carrier = {name: value.decode("ascii", "replace") for name, value in headers if value and name in _CONTEXT}
    return trace.get_current_span(_PROPAGATOR.extract(carrier)).get_span_context()
