"""Settings in, librdkafka clients out.

The user's `extra` properties win over the tuning done here, never over a property that a promise rests on: those are
refused by name, with the reason (`refused_extra`). Numbers and quirks are librdkafka 2.16's.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient

from scrubber.errors import Problem
from scrubber.stream.ports import ConsumerClient, ProducerClient
from scrubber.stream.settings import KafkaSettings, Route, StreamSettings
from scrubber.stream.statistics import INTERVAL_MS

Properties = dict[str, Any]
OnError = Callable[[KafkaError], None]
OnDeliveryError = Callable[[KafkaError, Message], None]

# librdkafka refuses larger messages by itself, before the broker is asked. Only the broker knows its limit.
MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
BATCH_BYTES: Final = 1_000_000  # librdkafka's default; it counts before compression
NO_LIMITS: Final[Mapping[str, int]] = MappingProxyType({})

_USE = "use {} instead"
_COMMITS = "offsets are committed with the output they belong to, by nothing else"
_DELIVERY = "a record may not count as written before all in-sync replicas have it, once and in order"
_OUTCOME = "delivery errors are watched by the worker"
_SECRET = "credentials have settings of their own, which are never printed"  # noqa: S105 - a sentence
_TLS = _USE.format("kafka.security.tls")
_SASL = _USE.format("kafka.security.sasl")

# Property -> why it may not be in `kafka.extra`. Aliases of librdkafka are listed beside the name they stand for.
REFUSED: Final[Mapping[str, str]] = {
    "enable.auto.commit": _COMMITS,
    "auto.commit.enable": _COMMITS,
    "auto.commit.interval.ms": _COMMITS,
    "enable.auto.offset.store": _COMMITS,
    "offset.store.method": _COMMITS,
    "isolation.level": "records of aborted transactions must never be read",
    "enable.partition.eof": "the worker expects records, not end-of-partition events",
    "enable.idempotence": _DELIVERY,
    "acks": _DELIVERY,
    "request.required.acks": _DELIVERY,
    "delivery.report.only.error": _OUTCOME,
    "on_delivery": _OUTCOME,
    "on_commit": _OUTCOME,
    "message.timeout.ms": "it follows kafka.transaction_timeout_ms",
    "delivery.timeout.ms": "it follows kafka.transaction_timeout_ms",
    "metadata.recovery.strategy": "`rebootstrap` can hang a transaction for ever when a broker restarts",
    "topic.blacklist": "it keeps the worker from reading what it writes",
    "plugin.library.paths": "a plugin sees every raw record",
    "logger": "librdkafka logs through scrubber's own log",
    "default.topic.config": "put its properties directly into kafka.extra",
    "enable.ssl.certificate.verification": "raw records would go to whoever answers; set kafka.security.tls.ca_file",
    "ssl.endpoint.identification.algorithm": _USE.format("kafka.security.tls.verify_hostname"),
    "sasl.oauthbearer.config": _SECRET,
    "bootstrap.servers": _USE.format("kafka.bootstrap_servers"),
    "metadata.broker.list": _USE.format("kafka.bootstrap_servers"),
    "client.id": _USE.format("kafka.client_id"),
    "group.id": _USE.format("kafka.group_id"),
    "group.instance.id": _USE.format("kafka.group_instance_id"),
    "group.protocol": _USE.format("kafka.group_protocol"),
    "partition.assignment.strategy": _USE.format("kafka.assignment"),
    "auto.offset.reset": _USE.format("kafka.auto_offset_reset"),
    "session.timeout.ms": _USE.format("kafka.session_timeout_ms"),
    "max.poll.interval.ms": _USE.format("kafka.max_poll_interval_ms"),
    "queued.max.messages.kbytes": _USE.format("kafka.fetch_memory_kbytes"),
    "transactional.id": _USE.format("kafka.transactional_id"),
    "transaction.timeout.ms": _USE.format("kafka.transaction_timeout_ms"),
    "compression.type": _USE.format("kafka.compression"),
    "compression.codec": _USE.format("kafka.compression"),
    "security.protocol": _USE.format("kafka.security.protocol"),
    "sasl.mechanism": _SASL,
    "sasl.mechanisms": _SASL,
    "sasl.username": _SASL,
    "sasl.password": _SASL,
    "sasl.oauthbearer.method": _SASL,
    "sasl.oauthbearer.token.endpoint.url": _SASL,
    "sasl.oauthbearer.client.id": _SASL,
    "sasl.oauthbearer.client.credentials.client.id": _SASL,
    "sasl.oauthbearer.client.secret": _SASL,
    "sasl.oauthbearer.client.credentials.client.secret": _SASL,
    "sasl.oauthbearer.scope": _SASL,
    "ssl.ca.location": _TLS,
    "ssl.certificate.location": _TLS,
    "ssl.key.location": _TLS,
    "ssl.key.password": _TLS,
}
# What is refused by the look of its name.
_CALLBACK_ENDING = "_cb"
_TEST_PREFIX = "test."
_SECRET_WORDS = ("password", "passphrase", "secret", ".pem")

# How librdkafka begins when the properties are good, but not together.
_CONTRADICTION = "Failed to create"


def refused_extra(extra: Mapping[str, Any]) -> list[Problem]:
    """Return one problem for each of the user's properties that would break a promise or is somebody else's job."""
    reasons = {key: _why_refused(key) for key in extra}
    return [Problem(f"kafka.extra.{key}", "may not be set", why) for key, why in reasons.items() if why]


def rejected_by_librdkafka(settings: StreamSettings) -> list[Problem]:
    """Return what librdkafka says against these settings: unknown names, values out of range, contradictions.

    Asks the library itself, by making clients that know no broker and no credentials: nothing is sent, certificates
    are read, each takes about a millisecond. Each extra property is tried alone first, since librdkafka stops at the
    first error.
    """
    extra = settings.kafka.extra
    alone = {f"kafka.extra.{key}": _objection(Producer, {key: value}) for key, value in extra.items()}
    # Alone, a property is only asked for its name and value: what it goes together with is asked below.
    problems = [Problem(path, said) for path, said in alone.items() if said and not said.startswith(_CONTRADICTION)]
    if problems:
        return problems
    told = (
        _objection(Consumer, _offline(consumer_properties(settings))),
        _objection(Producer, _offline(producer_properties(settings))),
    )
    together = dict.fromkeys(said.partition(": ")[2] or said for said in told if said)
    return [Problem(_guilty(message, extra), message) for message in together]


def consumer_properties(settings: StreamSettings) -> Properties:
    """Return what the one Consumer of a worker is made with."""
    kafka = settings.kafka
    classic = kafka.group_protocol == "classic"
    return _common(kafka) | {
        "fetch.queue.backoff.ms": 50,  # the default of a second stalls the fetcher whenever its queue was full
        **kafka.extra,
        "group.id": kafka.group_id,
        **({"group.instance.id": kafka.group_instance_id} if kafka.group_instance_id else {}),
        "group.protocol": kafka.group_protocol,
        # The new protocol keeps these two on the broker, and librdkafka refuses to be told.
        **({"partition.assignment.strategy": kafka.assignment} if classic else {}),
        **({"session.timeout.ms": kafka.session_timeout_ms} if classic else {}),
        "max.poll.interval.ms": kafka.max_poll_interval_ms,
        "auto.offset.reset": kafka.auto_offset_reset,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "queued.max.messages.kbytes": kafka.fetch_memory_kbytes,
        **({"topic.blacklist": ",".join(hidden)} if (hidden := hidden_topics(settings.routes)) else {}),
    }


def hidden_topics(routes: Iterable[Route]) -> list[str]:
    r"""Return regular expressions of the topics that the consumer must not see: the outputs of open routes.

    A route from `app\..*` to `{topic}.clean` would otherwise read what it writes, for ever.
    """
    open_routes = [route for route in routes if route.pattern is not None]
    outputs = [name for route in open_routes for name in (route.clean, route.audit, route.quarantine)]
    return list(dict.fromkeys("^" + ".+".join(map(re.escape, name.split("{topic}"))) + "$" for name in outputs))


def producer_properties(settings: StreamSettings) -> Properties:
    """Return what the one Producer of a worker is made with, transactional if and only if delivery is exactly once."""
    kafka = settings.kafka
    return (
        _common(kafka)
        | {
            "linger.ms": 5,
            "queue.buffering.max.messages": 500_000,
            "queue.buffering.max.kbytes": 131_072,  # a full queue makes the worker wait; the default is 1 GiB
            "message.max.bytes": MAX_MESSAGE_BYTES,
            **kafka.extra,
            "compression.type": kafka.compression,
            "enable.idempotence": True,
            "delivery.report.only.error": True,  # success costs nothing, failure is always told
            # A message that cannot be delivered must fail while its transaction still lives.
            "message.timeout.ms": kafka.transaction_timeout_ms * 5 // 6,
        }
        | (_transactional(kafka) if settings.delivery == "exactly_once" else {})
    )


def admin_properties(settings: StreamSettings) -> Properties:
    """Return what an AdminClient is made with."""
    return _common(settings.kafka) | settings.kafka.extra


class KafkaClients:
    """Makes the real clients of one worker.

    `limits`: largest record batch of each output topic in bytes, as far as known. `on_statistics` gets librdkafka's
    statistics of the consumer, inside of `consume`: it must not raise.
    """

    def __init__(
        self,
        settings: StreamSettings,
        limits: Mapping[str, int] = NO_LIMITS,
        on_statistics: Callable[[str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._on_statistics = on_statistics
        self._batch_bytes = min([BATCH_BYTES, *limits.values()])

    def consumer(self, on_error: OnError) -> ConsumerClient:
        """A new group member, not yet subscribed. An exception of `on_error` is logged, never raised."""
        properties = consumer_properties(self._settings)
        if self._on_statistics is not None:
            properties = {"statistics.interval.ms": INTERVAL_MS, **properties, "stats_cb": self._on_statistics}
        client = Consumer(properties, error_cb=_guarded(on_error), logger=ClientLog("consumer"))
        return cast("ConsumerClient", client)  # its stub has overloads that no protocol can say

    def producer(self, on_error: OnError, on_delivery_error: OnDeliveryError) -> ProducerClient:
        """A new producer; `on_delivery_error` runs (in `poll`, `flush`, `commit_transaction`) for failures only.

        What `on_delivery_error` raises comes out of the call it runs in: a delivery error that went unheard would be
        a lost record.
        """
        properties = producer_properties(self._settings) | {"on_delivery": on_delivery_error}
        # A topic's limit is for whole batches: a batch above it fails with all its records, however small they are.
        properties["batch.size"] = min(int(properties.get("batch.size", BATCH_BYTES)), self._batch_bytes)
        client = Producer(properties, error_cb=_guarded(on_error), logger=ClientLog("producer"))
        return cast("ProducerClient", client)

    def admin(self, on_error: OnError) -> AdminClient:
        """A new admin client. Keep it alive until its futures are done: a collected one fails them."""
        return AdminClient(admin_properties(self._settings), error_cb=_guarded(on_error), logger=ClientLog("admin"))


class ClientLog:
    """Takes librdkafka's log lines (names, addresses and codes; never a record) into the structured log.

    It has the one method of `logging.Logger` that the client calls, and never raises: an exception inside `consume`
    would destroy the records that the call had collected.
    """

    # Lines that say again what `error_cb` says; lines that a property of the producer means nothing to a consumer.
    _REPEATED: Final = "FAIL"
    _HARMLESS: Final = "property and will be ignored by this"

    def __init__(self, client: str) -> None:
        import structlog  # noqa: PLC0415 - it takes rich with it, which a command without Kafka does without

        self._log = structlog.get_logger("scrubber.kafka").bind(client=client)

    def log(self, level: int, _format: str, facility: str, _client: str, message: str) -> None:
        """Log one line of librdkafka."""
        level = logging.DEBUG if facility == self._REPEATED or self._HARMLESS in message else level
        with contextlib.suppress(Exception):  # see the class: a broken log must not cost records
            self._log.log(level, "librdkafka", facility=facility, message=without_body(message))


def without_body(message: str) -> str:
    """Return a message of librdkafka without the answer of a token endpoint, which may hold a token."""
    return message.partition("{")[0].rstrip(": ")


class _Silence:
    """Throws librdkafka's log lines away."""

    def log(self, *_args: object) -> None:
        """Do nothing."""


def _common(kafka: KafkaSettings) -> Properties:
    return {
        "bootstrap.servers": kafka.bootstrap_servers,
        "client.id": kafka.client_id,
        # The default, `rebootstrap`, can hang send_offsets_to_transaction for ever (librdkafka issue 5511).
        "metadata.recovery.strategy": "none",
        "reconnect.backoff.max.ms": 2_000,
        "socket.keepalive.enable": True,
        **kafka.security,
    }


def _transactional(kafka: KafkaSettings) -> Properties:
    assert kafka.transactional_id, "Exactly once without a transactional id. This is a bug."
    return {"transactional.id": kafka.transactional_id, "transaction.timeout.ms": kafka.transaction_timeout_ms}


def _guarded(callback: OnError) -> OnError:
    """An exception in a callback inside `consume` would destroy the records which that call had collected."""

    def call(error: KafkaError) -> None:
        try:
            callback(error)
        except Exception as raised:  # noqa: BLE001 - see above
            import structlog  # noqa: PLC0415 - see above

            structlog.get_logger("scrubber.kafka").error("error_callback_raised", error=type(raised).__name__)

    return call


def _why_refused(key: str) -> str:
    """Why, or nothing."""
    if key in REFUSED:
        return REFUSED[key]
    if key.endswith(_CALLBACK_ENDING):
        return "callbacks belong to the worker"
    if key.startswith(_TEST_PREFIX):
        return "a mock cluster forgets everything"
    if any(word in key for word in _SECRET_WORDS):
        return _SECRET
    return ""


def _objection(client: type[Consumer | Producer], properties: Properties) -> str:
    """What librdkafka has against a client with these properties, or nothing."""
    try:
        client(properties, logger=_Silence()).close()
    except KafkaException as error:
        return str(error.args[0].str()).strip()
    return ""


def _offline(properties: Properties) -> Properties:
    """Without brokers and credentials, so that nothing is connected to and no token asked for; key files are read."""
    encrypted = str(properties.get("security.protocol", "")).endswith("SSL")
    rest = {key: value for key, value in properties.items() if not key.startswith(("bootstrap.servers", "sasl."))}
    return rest | {"security.protocol": "SSL" if encrypted else "PLAINTEXT"}


def _guilty(message: str, extra: Mapping[str, Any]) -> str:
    """The path of what librdkafka complains about, as far as its name can be seen in the message."""
    named = [key for key in extra if f'"{key}"' in message or f"`{key}`" in message]
    if named:
        return f"kafka.extra.{named[0]}"
    return "kafka.security.tls" if message.startswith("ssl.") else "kafka.extra" if extra else "kafka"
