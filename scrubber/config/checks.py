"""What settings mean together. Each check takes the file's sections and yields what is wrong, with its path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scrubber.config.schema import ConfigFile, KafkaSection, ModelSection, RouteSection, SaslSection, TlsSection
from scrubber.config.sources import VARIABLE_OF
from scrubber.errors import Problem
from scrubber.policies import PRESETS

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_PLACEHOLDER = "{topic}"
# Syntax of Python's `re` that POSIX (librdkafka) does not know, or reads in another way.
_NOT_POSIX = re.compile(r"\(\?|\\[A-Za-z0-9]|[*+?}][?+]")


def problems(file: ConfigFile, folder: Path) -> Iterator[Problem]:
    """Yield everything that is wrong with the file although each of its settings is possible by itself."""
    yield from _security(file.kafka, folder)
    yield from _protocol(file.kafka)
    yield from _times(file)
    yield from _routes(file)
    yield from _loops(file)
    yield from _policies(file)
    yield from _quarantine(file)
    yield from _model(file.model, "model")
    for place, model in enumerate(file.more_models):
        yield from _model(model, f"more_models[{place}]")
    if file.more_models and "none" in {model.kind for model in (file.model, *file.more_models)}:
        yield Problem("more_models", "there is no model beside none")
    if file.scrub_processes not in (None, 1) and file.model.kind != "none":
        yield Problem("scrub_processes", "a model works in one process only", "1, or model: none")


def _model(model: ModelSection, at: str) -> Iterator[Problem]:
    if model.kind in ("gliner", "tokens") and model.path is None:
        yield Problem(f"{at}.path", "missing", f"folder or hub id of the {model.kind} model")
    if model.kind == "embedded" and model.path is not None:
        yield Problem(f"{at}.path", "has no meaning for the embedded model", "kind: gliner or tokens")
    if model.kind != "tokens" and not isinstance(model.labels, str):
        yield Problem(f"{at}.labels", "only a token classifier has classes to name", "all or auto")


def _security(kafka: KafkaSection, folder: Path) -> Iterator[Problem]:
    at, security = "kafka.security", kafka.security
    if security.protocol.startswith("SASL_"):
        yield from _sasl(security.sasl)
    elif security.sasl is not None:
        yield Problem(f"{at}.sasl", f"has no meaning with protocol {security.protocol}", "use SASL_SSL")
    if security.tls is not None:
        if not security.protocol.endswith("SSL"):
            yield Problem(f"{at}.tls", f"has no meaning with protocol {security.protocol}", "use SSL or SASL_SSL")
        yield from _tls(security.tls, folder)


def _sasl(sasl: SaslSection | None) -> Iterator[Problem]:
    at = "kafka.security.sasl"
    if sasl is None:
        yield Problem(at, "missing", "the protocol asks for a mechanism and credentials")
    elif sasl.mechanism == "OAUTHBEARER":
        if sasl.oauth is None:
            yield Problem(f"{at}.oauth", "missing", "token_endpoint_url, client_id and client_secret")
    else:
        given = {"username": sasl.username, "password": sasl.password and sasl.password.get_secret_value()}
        for name in (name for name, value in given.items() if not value):
            yield Problem(f"{at}.{name}", "missing", f"or set {VARIABLE_OF[f'{at}.{name}']}")


def _tls(tls: TlsSection, folder: Path) -> Iterator[Problem]:
    at = "kafka.security.tls"
    for name in ("ca_file", "cert_file", "key_file"):
        file = getattr(tls, name)
        if file is not None:
            yield from unreadable(f"{at}.{name}", folder / file)
    if tls.cert_file and not tls.key_file:
        yield Problem(f"{at}.key_file", "missing", "the private key of cert_file")
    if tls.key_file and not tls.cert_file:
        yield Problem(f"{at}.cert_file", "missing", "the certificate of key_file")


def _protocol(kafka: KafkaSection) -> Iterator[Problem]:
    if kafka.group_protocol == "consumer":
        for name in ("session_timeout_ms", "assignment"):
            if name in kafka.model_fields_set:
                yield Problem(f"kafka.{name}", "has no meaning with group_protocol consumer", "the brokers decide it")
    elif kafka.session_timeout_ms > kafka.max_poll_interval_ms:
        yield Problem("kafka.session_timeout_ms", "must not be above kafka.max_poll_interval_ms")


def _times(file: ConfigFile) -> Iterator[Problem]:
    poll_secs = file.kafka.max_poll_interval_ms / 1000
    transaction_secs = file.kafka.transaction_timeout_ms / 1000
    if file.drain_timeout_secs >= poll_secs:
        hint = f"otherwise the group takes the partitions away while they are drained; that is {poll_secs:g} seconds"
        yield Problem("drain_timeout_secs", "must be below kafka.max_poll_interval_ms", hint)
    if file.chunk.max_wait_ms >= file.kafka.max_poll_interval_ms:
        yield Problem("chunk.max_wait_ms", "must be below kafka.max_poll_interval_ms")
    if file.delivery != "exactly_once":
        return
    if file.chunk.max_wait_ms >= file.kafka.transaction_timeout_ms:
        yield Problem("chunk.max_wait_ms", "must be below kafka.transaction_timeout_ms")
    if file.slow_transaction_secs >= transaction_secs:
        yield Problem(
            "slow_transaction_secs", "must be below kafka.transaction_timeout_ms", f"{transaction_secs:g} seconds"
        )
    if file.watchdog_secs <= transaction_secs:
        hint = f"a call may rightly take as long as a transaction lives: {transaction_secs:g} seconds"
        yield Problem("watchdog_secs", "must be above kafka.transaction_timeout_ms", hint)


def _routes(file: ConfigFile) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    names: set[str] = set()
    for at, route in _located(file):
        if bool(route.topics) == bool(route.pattern):
            yield Problem(at, "needs topics or a pattern, and not both")
        if route.name in names:
            yield Problem(f"{at}.name", f"{route.name!r} names another route already")
        if route.name is not None:
            names.add(route.name)
        for index, topic in enumerate(route.topics):
            here = f"{at}.topics[{index}]"
            if not _TOPIC.fullmatch(topic):
                yield Problem(here, f"{topic!r} is no topic name", "letters, digits, '.', '_' and '-'; or use pattern")
            if topic in seen:
                yield Problem(here, f"{topic!r} has a route already", seen[topic])
            seen[topic] = here
        yield from _outputs(at, route)
        if route.pattern is not None:
            yield from _pattern(f"{at}.pattern", route, file)


def _outputs(at: str, route: RouteSection) -> Iterator[Problem]:
    names = {"clean": route.clean, "audit": route.audit, "quarantine": route.quarantine}
    for kind, name in names.items():
        if not _TOPIC.fullmatch(name.replace(_PLACEHOLDER, "x")):
            yield Problem(f"{at}.{kind}", f"{name!r} is no topic name", "only {topic} is filled in")
    if len(set(names.values())) < len(names):
        yield Problem(at, "clean, audit and quarantine must be three different topics")


def _pattern(at: str, route: RouteSection, file: ConfigFile) -> Iterator[Problem]:
    assert route.pattern is not None
    compiled = _compiled(route.pattern)
    if compiled is None:
        yield Problem(at, "is no regular expression")
        return
    if _NOT_POSIX.search(route.pattern):
        yield Problem(at, "uses syntax that the broker client reads in another way", "no (?...), \\d, \\w, *? or ++")
    for other_at, other in _located(file):
        for index, topic in enumerate(other.topics):
            if compiled.fullmatch(topic):
                yield Problem(f"{other_at}.topics[{index}]", f"{topic!r} matches {at} as well", "one topic, one route")


def _loops(file: ConfigFile) -> Iterator[Problem]:
    r"""Yield outputs that are inputs: what is written there would be read, scrubbed and written again, for ever.

    Where both the input and the output are open (`app\..*` to `{topic}.clean`) the worker's consumer leaves out
    whatever looks like such an output (`hidden_topics` in `stream/clients.py`).
    """
    inputs = {topic for route in file.routes for topic in route.topics}
    patterns = [compiled for route in file.routes if (compiled := _compiled(route.pattern))]
    for at, route in _located(file):
        for kind, template in ("clean", route.clean), ("audit", route.audit), ("quarantine", route.quarantine):
            fixed = _PLACEHOLDER not in template
            outputs = [template] if fixed else [template.replace(_PLACEHOLDER, topic) for topic in route.topics]
            for output in outputs:
                if output in inputs or any(pattern.fullmatch(output) for pattern in patterns):
                    yield Problem(f"{at}.{kind}", f"{output!r} is an input as well", "it would be read again, for ever")
            if route.pattern is not None and not fixed:
                shape = re.compile(re.escape(template).replace(re.escape(_PLACEHOLDER), ".+"))
                for topic in sorted(filter(shape.fullmatch, inputs)):
                    yield Problem(f"{at}.{kind}", f"the input {topic!r} looks like an output of this route")


def _policies(file: ConfigFile) -> Iterator[Problem]:
    for name in file.policies:
        if name in PRESETS:
            yield Problem(
                f"policies.{name}", "is the name of a preset", "call it something else; it may extend the preset"
            )
    known = [*PRESETS, *file.policies]
    for at, route in _located(file):
        for key, used in (("policy", route.policy), ("shadow", route.shadow)):
            if used is not None and used not in known:
                yield Problem(f"{at}.{key}", f"no policy has the name {used!r}", f"known: {', '.join(known)}")


def _quarantine(file: ConfigFile) -> Iterator[Problem]:
    if file.quarantine.key is not None and file.quarantine.key_file is not None:
        yield Problem("quarantine.key_file", "there is a key already", "give the key or its file")


def unreadable(at: str, path: Path) -> Iterator[Problem]:
    """Yield a problem if the file cannot be read. Its name is not quoted: it may be a key, put in the wrong place."""
    try:
        path.read_bytes()
    except OSError as error:
        yield Problem(at, f"cannot be read: {error.strerror}")


def _located(file: ConfigFile) -> Iterator[tuple[str, RouteSection]]:
    return ((f"routes[{index}]", route) for index, route in enumerate(file.routes))


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern) if pattern is not None else None
    except re.error:
        return None
