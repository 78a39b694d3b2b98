"""The configuration file, setting by setting. What its settings mean together is judged in `checks.py`.

Every setting has a description: the reference in the docs is made from these. Defaults of the stream come from
`scrubber/stream/settings.py`, so that they are written once.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from scrubber.core.labels import DIGITS_MATTER
from scrubber.logs import LogSettings
from scrubber.stream.settings import Brake, ChunkLimits, KafkaSettings, Route, StreamSettings
from scrubber.telemetry.settings import HttpSettings, TracingSettings

_KAFKA = KafkaSettings(bootstrap_servers="", group_id="")
_STREAM = StreamSettings(kafka=_KAFKA, routes=())
_ROUTE = Route(name="")
_CHUNK = ChunkLimits()
_BRAKE = Brake()
_LOGGING = LogSettings()
_HTTP = HttpSettings()
_TRACING = TracingSettings()

_MAX_INT32 = 2**31 - 1

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


class Section(BaseModel):
    """A part of the file: unknown keys are errors, and no error ever quotes a value."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )


class OAuthSection(Section):
    """Client credentials for SASL OAUTHBEARER (OpenID Connect)."""

    token_endpoint_url: Text
    """Where tokens are issued."""

    client_id: Text
    """Client that the tokens are issued to."""

    client_secret: SecretStr
    """Its secret. Better given by environment variable."""

    scope: str | None = None
    """Scope to ask for."""


class SaslSection(Section):
    """Who this worker is to the brokers."""

    mechanism: Annotated[Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"], BeforeValidator(_upper)]
    """How to sign in."""

    username: str | None = None
    """User name, for PLAIN and SCRAM."""

    password: SecretStr | None = None
    """Password. Better given by environment variable."""

    oauth: OAuthSection | None = None
    """For OAUTHBEARER."""


class TlsSection(Section):
    """Certificates (PEM files)."""

    ca_file: str | None = None
    """Authorities that may have signed the brokers' certificates. Left out: the system's."""

    cert_file: str | None = None
    """Certificate of this worker, for mutual TLS."""

    key_file: str | None = None
    """Private key of that certificate."""

    key_password: SecretStr | None = None
    """Password of the private key."""

    verify_hostname: bool = True
    """Whether a broker's certificate must name the broker."""


class SecuritySection(Section):
    """How to reach the brokers."""

    protocol: Annotated[Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"], BeforeValidator(_upper)] = (
        "PLAINTEXT"
    )
    """Protocol of the brokers' listener, as Kafka spells it."""

    sasl: SaslSection | None = None
    """For SASL_PLAINTEXT and SASL_SSL."""

    tls: TlsSection | None = None
    """For SSL and SASL_SSL."""


class KafkaSection(Section):
    """The cluster, and who this worker is in it."""

    bootstrap_servers: Annotated[str, Field(pattern=r"^[^\s,@]+:\d{1,5}(\s*,\s*[^\s,@]+:\d{1,5})*$")]
    """Brokers to ask first: `host:port`, separated by commas."""

    group_id: Text
    """Consumer group. Workers with the same group share the partitions."""

    group_instance_id: Text | None = None
    """Name of this worker for static membership, unique in the group (a StatefulSet's pod name): a worker that
    restarts gets its partitions back without a rebalance."""

    transactional_id: Text | None = None
    """Unique among live workers, the same after a restart. Left out: `scrubber-<group>-<instance id, or host
    name>`."""

    group_protocol: Literal["classic", "consumer"] = _KAFKA.group_protocol
    """`consumer` is the protocol of KIP-848, for brokers from 4.0 on."""

    assignment: Literal["cooperative-sticky", "range", "roundrobin"] = _KAFKA.assignment
    """How partitions are shared out (classic protocol only)."""

    auto_offset_reset: Literal["earliest", "latest"] = _KAFKA.auto_offset_reset
    """Where to begin in a partition without a committed offset. `latest` skips what is there."""

    client_id: Text = _KAFKA.client_id
    """Name in the brokers' logs, metrics and quotas."""

    fetch_memory_kbytes: int = Field(default=_KAFKA.fetch_memory_kbytes, ge=1, le=2_097_151)
    """How much is read ahead, KiB."""

    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = _KAFKA.compression
    """Codec of the output topics."""

    session_timeout_ms: int = Field(default=_KAFKA.session_timeout_ms, ge=1, le=3_600_000)
    """A worker that is silent for so long loses its partitions (classic protocol only)."""

    max_poll_interval_ms: int = Field(default=_KAFKA.max_poll_interval_ms, ge=1, le=86_400_000)
    """A worker whose loop stands still for so long loses its partitions."""

    transaction_timeout_ms: int = Field(default=_KAFKA.transaction_timeout_ms, ge=1_000, le=_MAX_INT32)
    """The broker aborts a transaction that is open for so long. At most the broker's `transaction.max.timeout.ms`."""

    security: SecuritySection = SecuritySection()
    """Encryption and credentials."""

    extra: dict[str, str | int | float | bool] = {}
    """More librdkafka properties. Those that a promise rests on are refused."""


class RouteSection(Section):
    """Input topics to output topics and a policy. In output names `{topic}` stands for the input topic."""

    name: Text | None = None
    """Name in what `scrubber check` prints. Left out: `route-1`, `route-2`, ..."""

    topics: list[Text] = []
    """Input topics by name."""

    pattern: Text | None = None
    """Input topics by regular expression (extended POSIX), which must match the whole name. Topics that look like
    an output of the route are never read."""

    clean: Text = _ROUTE.clean
    """Topic of the scrubbed records."""

    audit: Text = _ROUTE.audit
    """Topic of the audit events."""

    quarantine: Text = _ROUTE.quarantine
    """Topic of the records that could not be scrubbed."""

    policy: Text = _ROUTE.policy
    """A preset (logs, gdpr, hipaa, pci, strict) or a name from `policies`."""

    shadow: Text | None = _ROUTE.shadow
    """A policy to try on the same records: what it would do otherwise is counted, and nothing of it leaves. It costs as
    much as scrubbing, a second time."""


class ChunkSection(Section):
    """When a chunk closes: whichever comes first. One chunk is one transaction."""

    max_records: int = Field(default=_CHUNK.max_records, ge=1, le=1_000_000)
    """Records; fewer while the detectors need more than five seconds for so many."""

    max_bytes: int = Field(default=_CHUNK.max_bytes, ge=1, le=2**30)
    """Bytes of keys and values."""

    max_wait_ms: int = Field(default=_CHUNK.max_wait_ms, ge=1, le=60_000)
    """Milliseconds since its first record."""


class BrakeSection(Section):
    """Stops the worker when so much goes to quarantine that the configuration must be wrong, not the data."""

    max_ratio: float = Field(default=_BRAKE.max_ratio, gt=0, le=1)
    """Share of quarantined records. 1 never brakes."""

    window_records: int = Field(default=_BRAKE.window_records, ge=1)
    """Of how many records."""


class PolicyFile(Section):
    """A policy of your own."""

    file: Text
    """Policy file, relative to the configuration file."""


class KeysSection(Section):
    """Keys for hashes, encryption, surrogates and fingerprints: files with 32 random bytes or more, in base64."""

    active: str | None = None
    """Id of the key that is used for new values. Left out: the only one."""

    files: dict[str, str] = {}
    """Key id to file. Old keys stay, so that what they made can be read."""


class QuarantineSection(Section):
    """What the quarantine topic holds beside coordinates and reasons: nothing without a key, since the raw record is
    still in the input topic; with one, the record, encrypted (AES-256-GCM).
    """

    key: SecretStr | None = None
    """At least 32 random bytes in base64. Better given by environment variable or file."""

    key_file: str | None = None
    """File with the key, in base64."""

    key_id: str = Field(default="k1", pattern=r"^[A-Za-z0-9_.-]{1,32}$")
    """Name of the key, written beside what it encrypts."""


class ModelSection(Section):
    """What looks for names and other things without a shape, beside the rules. `model: none` is short for its kind."""

    kind: Literal["embedded", "none", "gliner", "tokens"] = "embedded"
    """`embedded`: the small model of the package. `none`: rules only. `gliner`: a GLiNER model of your own. `tokens`: a
    token classifier."""

    path: Text | None = None
    """Folder of the model, or its id on the Hugging Face hub."""

    revision: Text | None = None
    """Revision of a model from the hub; a commit id pins it."""

    device: Text = "auto"
    """`auto`, `cpu`, `cuda` or `cuda:<n>`."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Number format of the forward pass."""

    runtime: Literal["auto", "torch", "onnxruntime"] = "auto"
    """What computes a GLiNER model. `auto`: torch where it is installed, else onnxruntime (the embedded model only)."""

    max_batch_tokens: int | None = Field(default=None, ge=1)
    """Tokens that one batch may have, padding included. Default: 3,072 on a CPU, 16,384 on a GPU."""

    sha256: str | None = Field(default=None, pattern=r"^[0-9a-fA-F]{64}$")
    """Digest that the file with the weights must have."""

    weights: Text | None = None
    """That file, where it is not the usual one: `onnx/model_quantized.onnx` runs a token classifier on onnxruntime."""

    max_width: int | None = Field(default=None, ge=1, le=64)
    """Longest finding of a GLiNER model, in words. Default: the model's own."""

    labels: Literal["all", "auto"] | dict[Text, Text | None] = "auto"
    """What a GLiNER model is asked for. `auto`: the labels of the policy without those that the rules find all of
    (card, IBAN, IP addresses and the like): faster, and what the embedded model was trained for. `all`: with them. A
    model answers other prompts otherwise, so measure it with another model. For a token classifier: its classes and our
    labels for them (null: nothing), before those that are known."""

    cache: Literal["auto", "off", "exact", "templates"] = "auto"
    """`exact`: equal texts are read once. `templates`: digits that differ from line to line are made equal first, so
    that the lines of one log template are read once; the model then decides by their shape alone. `auto`: `templates`
    for the embedded model, with which that was measured, else `exact`."""

    cache_mb: int = Field(default=64, ge=1)
    """Memory for answers. No text is kept."""

    digits_matter: list[Text] = sorted(DIGITS_MATTER)
    """Labels that need the digits: a policy that asks the model for one of them gets no templates. Of the presets,
    `logs` and `pci` ask for none of these."""

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, given: Any) -> Any:
        return {"kind": given} if isinstance(given, str) else given


def _or_its_kind(schema: dict[str, Any]) -> None:
    """Say in the JSON Schema, too, that a kind that needs nothing else may stand for the section."""
    schema["anyOf"] = [{"$ref": schema.pop("$ref")}, {"enum": ["embedded", "none"]}]


class LoggingSection(Section):
    """Log lines of scrubber itself. They go to stderr."""

    format: Literal["json", "console", "auto"] = _LOGGING.format
    """`auto`: console on a terminal, JSON elsewhere."""

    level: Literal["debug", "info", "warning", "error"] = _LOGGING.level
    """Least important level that is written."""


class HttpSection(Section):
    """Metrics for Prometheus (`/metrics`) and health (`/healthz`, `/readyz`), on one port. Neither asks who asks, and
    neither says anything of a record: counts, codes, topics, names and digests only.
    """

    enabled: bool = _HTTP.enabled
    """Whether they are served."""

    host: Text = _HTTP.host
    """Address to listen on. `0.0.0.0` lets probes and Prometheus in from other machines."""

    port: int = Field(default=_HTTP.port, ge=0, le=65_535)
    """Port; 0 takes a free one, which the log tells."""

    max_loop_age_secs: Seconds = _HTTP.max_loop_age_secs
    """`/healthz` says no once one of the worker's loops has stood still for so long. Each batch that a
    model has done is a round: a chunk may take as long as it needs."""


class TracingSection(Section):
    """OpenTelemetry: a trace for each chunk, with a span for each stage and links to the traces that its records
    carry in their `traceparent` headers. It needs the extra `scrubber[tracing]`.
    """

    endpoint: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = _TRACING.endpoint
    """Where traces go, OTLP over HTTP: `http://collector.example:4318/v1/traces`. Left out: no traces."""

    sample_ratio: float = Field(default=_TRACING.sample_ratio, gt=0, le=1)
    """Share of the chunks that are traced."""

    service_name: Text = _TRACING.service_name
    """`service.name` of the traces."""


class ConsoleSection(Section):
    """A page beside the worker, to look at it and to try policies on. It needs the extra `scrubber[console]`."""

    enabled: bool = False
    """Whether there is one."""

    host: Text = "127.0.0.1"
    """Address to listen on. Other addresses than loopback need a token."""

    port: int = Field(default=8600, ge=0, le=65_535)
    """Port; 0 takes a free one, which the log tells."""

    token: SecretStr | None = None
    """What every question must come with, 16 characters or more. Better given by environment variable or file."""

    token_file: Text | None = None
    """File with the token."""


class ConfigFile(Section):
    """Configuration of `scrubber run`."""

    model_config = ConfigDict(title="scrubber configuration")

    kafka: KafkaSection
    """The cluster, and who this worker is in it."""

    delivery: Literal["exactly_once", "at_least_once"] = _STREAM.delivery
    """`exactly_once`: records, audit events and offsets in one transaction. `at_least_once`: no transactions,
    duplicates after a crash."""

    routes: list[RouteSection] = Field(min_length=1)
    """What is read, where it goes, and by which policy."""

    chunk: ChunkSection = ChunkSection()
    """Size of a transaction."""

    queue_depth: int = Field(default=_STREAM.queue_depth, ge=1, le=100)
    """Chunks that may wait between two threads."""

    scrub_processes: int | None = Field(default=None, ge=1, le=64)
    """Processes that scrub for this worker, each with all rules in memory. Default: two where rules work alone (`model:
    none`) and there is more than one core, else one. With a model there is one: cores, or GPU, are its own."""

    brake: BrakeSection = BrakeSection()
    """When too much goes to quarantine."""

    start_timeout_secs: Seconds = _STREAM.start_timeout_secs
    """How long to wait for brokers and topics at start."""

    drain_timeout_secs: Seconds = _STREAM.drain_timeout_secs
    """How long to finish what is in flight after SIGTERM."""

    watchdog_secs: Seconds = _STREAM.watchdog_secs
    """A transactional call that takes so long ends the process: librdkafka cannot be interrupted."""

    slow_transaction_secs: Seconds = _STREAM.slow_transaction_secs
    """After a transaction that took so long the producer is made anew."""

    create_topics: bool = _STREAM.create_topics
    """Create missing output topics, with as many partitions as the input topic."""

    create_replication: int = Field(default=_STREAM.create_replication, ge=-1, le=32_767)
    """Replicas of created topics; -1: the broker's default."""

    policies: dict[Text, PolicyFile] = {}
    """Policies of your own, by name."""

    rules: list[Text] = []
    """Files with rules of your own, relative to the configuration file. They come beside the built-in ones."""

    keys: KeysSection = KeysSection()
    """Keys for actions that need one."""

    quarantine: QuarantineSection = QuarantineSection()
    """What the quarantine topic holds."""

    model: ModelSection = Field(default=ModelSection(), json_schema_extra=_or_its_kind)
    """The model."""

    more_models: list[ModelSection] = []
    """Models beside it, an ensemble: each reads the same texts, asked by the same policy, and what any of them finds is
    masked. Where findings overlap, the one with the higher score names what it was."""

    logging: LoggingSection = LoggingSection()
    """Log lines of scrubber itself."""

    http: HttpSection = HttpSection()
    """Metrics and health."""

    tracing: TracingSection = TracingSection()
    """Traces."""

    console: ConsoleSection = ConsoleSection()
    """The page."""
