"""Does the cluster fit the configuration? Asked by `scrubber check --connect`, and by a worker before it starts.

What cannot be asked: whether this worker may use its transactional id. Only `init_transactions` would tell, and that
would fence a live worker with the same id; a worker that starts is told at once.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

from scrubber.errors import FatalStreamError, Problem, RetriableStreamError, StreamError
from scrubber.stream.clients import hidden_topics
from scrubber.stream.cluster import TIMEOUT_SECS, Cluster, Refusal, Topic
from scrubber.stream.patience import Patience
from scrubber.stream.routes import RouteTable
from scrubber.stream.settings import StreamSettings
from scrubber.telemetry import Telemetry


class Flow(NamedTuple):
    """One input topic, where it stands in the configuration, and its three output topics by kind."""

    at: str
    topic: str
    outputs: dict[str, str]


class Missing(NamedTuple):
    """A topic that does not exist. `partitions`: how many `create_topics` would make it with; 0 where it could not."""

    problem: Problem
    partitions: int


class Findings(NamedTuple):
    """What does not fit. `missing` are topics that may still come; nothing mends the rest but a person."""

    missing: list[Missing]
    wrong: list[Problem]


def verify(settings: StreamSettings, timeout_secs: float = TIMEOUT_SECS) -> list[Problem]:
    """Return everything about the cluster that does not fit, as far as this worker is allowed to see.

    A topic that `prepare` would create is no problem.
    """
    try:
        with Cluster(settings, timeout_secs) as cluster:
            findings = examine(settings, cluster)
    except StreamError as error:
        return [Problem("kafka", str(error))]
    missing = [each.problem for each in findings.missing if not (settings.create_topics and each.partitions)]
    return [*missing, *findings.wrong]


def prepare(
    settings: StreamSettings,
    telemetry: Telemetry,
    *,
    stopping: threading.Event | None = None,
    timeout_secs: float = TIMEOUT_SECS,
) -> dict[str, int]:
    """Wait for the cluster and its topics, create the missing ones if told to, and return the output topics' limits.

    Tries again until `start_timeout_secs` are over or `stopping` is set; each try may take `timeout_secs` for each of
    its questions, if that whole time is not shorter. Raises `FatalStreamError` at once for what waiting does not mend,
    otherwise `RetriableStreamError`.
    """
    patience = Patience(settings.start_timeout_secs, telemetry, stopping or threading.Event())
    return patience.call(lambda: _prepare_once(settings, min(timeout_secs, settings.start_timeout_secs)))


def _prepare_once(settings: StreamSettings, timeout_secs: float) -> dict[str, int]:
    with Cluster(settings, timeout_secs) as cluster:
        if settings.create_topics:
            create_missing(settings, cluster)
        findings = examine(settings, cluster)
        if findings.wrong:
            raise FatalStreamError("the cluster does not fit the configuration: " + _listed(findings.wrong))
        if findings.missing:
            raise RetriableStreamError(_listed([each.problem for each in findings.missing]), "UNKNOWN_TOPIC_OR_PART")
        return output_limits(settings, cluster)


def output_limits(settings: StreamSettings, cluster: Cluster) -> dict[str, int]:
    """Return the largest record batch of each output topic, bytes, where its configuration may be read."""
    return cluster.message_limits(name for flow in _flows(settings, cluster) for name in flow.outputs.values())


def create_missing(settings: StreamSettings, cluster: Cluster) -> dict[str, int]:
    """Create the output topics that do not exist, with as many partitions as their largest input; returns them."""
    flows = _flows(settings, cluster)
    topics = cluster.topics(name for flow in flows for name in (flow.topic, *flow.outputs.values()))
    wanted: dict[str, int] = {}
    for flow in flows:
        source = topics[flow.topic]
        for name in flow.outputs.values():
            if isinstance(source, Topic) and topics[name] is Refusal.MISSING:
                wanted[name] = max(wanted.get(name, 0), source.partitions)
    cluster.create(wanted, settings.create_replication)
    return wanted


def examine(settings: StreamSettings, cluster: Cluster) -> Findings:
    """Return what does not fit. Raises `RetriableStreamError` where the brokers stop answering."""
    flows = _flows(settings, cluster)
    topics = cluster.topics(name for flow in flows for name in (flow.topic, *flow.outputs.values()))
    missing: dict[str, Missing] = {}
    wrong: dict[str, Problem] = {}
    for flow in flows:
        source = topics[flow.topic]
        uses = [
            (flow.at, flow.topic, "READ"),
            *((f"{flow.at}.{kind}", name, "WRITE") for kind, name in flow.outputs.items()),
        ]
        for at, name, operation in uses:
            topic = topics[name]
            if topic is Refusal.MISSING:
                missing[name] = _missing(at, name, operation, source)
            elif topic is Refusal.FORBIDDEN or _forbidden(topic, operation):
                wrong[name] = Problem(
                    at, f"{_verb(operation)} topic {name} is not allowed", f"allow {operation.title()} on it"
                )
            elif isinstance(source, Topic) and topic.partitions < source.partitions:
                wrong[f"{flow.topic} {name}"] = Problem(
                    at,
                    f"partition count mismatch: {name} has {topic.partitions}, {flow.topic} has {source.partitions}",
                    "a record keeps its partition number, so the output needs as many",
                )
    wrong_too = [*_group(settings, cluster), *_unread(settings, cluster, flows)]
    return Findings(list(missing.values()), [*wrong.values(), *wrong_too])


def _flows(settings: StreamSettings, cluster: Cluster) -> list[Flow]:
    """Return each input topic with its outputs; those of patterns as far as they exist."""
    table = RouteTable(settings.routes)
    names = cluster.names() if any(route.pattern for route in settings.routes) else []
    hidden = _hidden(settings)
    flows = []
    for index, route in enumerate(settings.routes):
        matching = [name for name in names if route.pattern and route.matches(name) and not hidden(name)]
        at = f"routes[{index}]"
        flows += [Flow(at, topic, table.outputs(topic)._asdict()) for topic in (*route.topics, *matching)]
    return flows


def _group(settings: StreamSettings, cluster: Cluster) -> Iterator[Problem]:
    group_id = settings.kafka.group_id
    allowed = cluster.group(group_id)
    if allowed is Refusal.FORBIDDEN or (isinstance(allowed, frozenset) and "READ" not in allowed):
        yield Problem("kafka.group_id", f"joining group {group_id} is not allowed", "allow Read on it")


def _unread(settings: StreamSettings, cluster: Cluster, flows: list[Flow]) -> Iterator[Problem]:
    """Topics that a pattern matches, that look like an output and are none: nobody would scrub them."""
    if not (patterns := [route for route in settings.routes if route.pattern]):
        return
    hidden = _hidden(settings)
    outputs = {name for flow in flows for name in flow.outputs.values()}
    for name in cluster.names():
        if hidden(name) and name not in outputs and any(route.matches(name) for route in patterns):
            yield Problem(
                "routes", f"topic {name} looks like an output and is never read", "narrow the pattern, or rename it"
            )


def _hidden(settings: StreamSettings) -> Callable[[str], bool]:
    shapes = [re.compile(shape) for shape in hidden_topics(settings.routes)]
    return lambda name: any(shape.match(name) for shape in shapes)


def _forbidden(topic: Topic, operation: str) -> bool:
    return topic.allowed is not None and operation not in topic.allowed


def _verb(operation: str) -> str:
    return "reading" if operation == "READ" else "writing to"


def _missing(at: str, name: str, operation: str, source: Topic | Refusal) -> Missing:
    """An input cannot be created, nor an output without its input."""
    partitions = source.partitions if operation == "WRITE" and isinstance(source, Topic) else 0
    hint = f"create it with {partitions} partitions, or set create_topics: true" if partitions else ""
    return Missing(Problem(at, f"topic {name} does not exist", hint), partitions)


def _listed(problems: list[Problem]) -> str:
    return "; ".join(map(str, problems))
