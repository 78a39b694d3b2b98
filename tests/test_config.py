"""The configuration: everything wrong is told at once, with its path and without a value."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
from dataclasses import replace

import jsonschema
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from scrubber.config import ENVIRONMENT, load
from scrubber.config import json_schema as config_schema
from scrubber.config.explain import _settings
from scrubber.config.reference import markdown
from scrubber.config.schema import ConfigFile
from scrubber.errors import ConfigError
from scrubber.logs import LogSettings
from scrubber.stream.settings import KafkaSettings, Route, StreamSettings

MINIMAL = {"kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "logs"}, "routes": [{"topics": ["app"]}]}
SECRET = "sesame-open-7"


@pytest.fixture
def config(tmp_path):
    """Loads a configuration given as changes of the smallest one, or as YAML text."""

    def load_config(changes=None, environ=None):
        file = tmp_path / "scrubber.yaml"
        file.write_text(changes if isinstance(changes, str) else yaml.safe_dump(merged(MINIMAL, changes or {})))
        return load(file, environ or {})

    return load_config


@pytest.fixture
def problems(config):
    def problems_of(changes=None, environ=None):
        with pytest.raises(ConfigError) as raised:
            config(changes, environ)
        return {problem.path: problem for problem in raised.value.problems}

    return problems_of


def merged(base, over):
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return base | {key: merged(base.get(key), value) for key, value in over.items()}


def test_the_smallest_file_gives_the_defaults_of_the_stream(config):
    settings = config().stream
    kafka = KafkaSettings(bootstrap_servers="kafka.example:9092", group_id="logs", security=settings.kafka.security)
    kafka = replace(kafka, transactional_id=settings.kafka.transactional_id)
    assert settings == StreamSettings(kafka=kafka, routes=(Route("route-1", topics=("app",)),))
    assert settings.kafka.security == {"security.protocol": "PLAINTEXT"}


def test_every_stream_setting_can_be_set_in_the_file(config):
    changes = {
        "kafka": {
            "group_instance_id": "pod-3",
            "assignment": "range",
            "auto_offset_reset": "latest",
            "client_id": "me",
            "fetch_memory_kbytes": 1000,
            "compression": "zstd",
            "session_timeout_ms": 10_000,
            "max_poll_interval_ms": 100_000,
            "transaction_timeout_ms": 15_000,
            "extra": {"client.rack": "a", "linger.ms": 7, "socket.nagle.disable": True},
        },
        "routes": [
            {"name": "r", "pattern": "app[.].*", "clean": "c", "audit": "a", "quarantine": "q", "policy": "pci"}
        ],
        "delivery": "at_least_once",
        "chunk": {"max_records": 1, "max_bytes": 2, "max_wait_ms": 3},
        "brake": {"max_ratio": 0.1, "window_records": 4},
        "queue_depth": 5,
        "start_timeout_secs": 6,
        "drain_timeout_secs": 7,
        "watchdog_secs": 80,
        "slow_transaction_secs": 9,
        "create_topics": True,
        "create_replication": 3,
    }
    settings = config(changes).stream
    default = StreamSettings(kafka=KafkaSettings("", ""), routes=())
    unchanged = [
        name for name in StreamSettings.__dataclass_fields__ if getattr(settings, name) == getattr(default, name)
    ]
    unchanged += [
        name
        for name in KafkaSettings.__dataclass_fields__
        if getattr(settings.kafka, name) == getattr(default.kafka, name)
    ]
    assert unchanged == ["group_protocol"]
    assert settings.kafka.extra == {"client.rack": "a", "linger.ms": 7, "socket.nagle.disable": True}
    assert settings.routes == (Route("r", pattern="app[.].*", clean="c", audit="a", quarantine="q", policy="pci"),)


def test_the_transactional_id_is_stable_and_the_workers_own(config):
    assert config({"kafka": {"group_instance_id": "pod-3"}}).stream.kafka.transactional_id == "scrubber-logs-pod-3"
    assert config({"kafka": {"transactional_id": "mine"}}).stream.kafka.transactional_id == "mine"
    assert config().stream.kafka.transactional_id == f"scrubber-logs-{os.uname().nodename}"


def test_everything_wrong_is_told_at_once(problems):
    told = problems(
        {
            "kafka": {"groupid": "x", "bootstrap_servers": "nowhere", "extra": {"acks": 1, "foo": [1]}},
            "routes": [{"topics": ["app", "app"], "policy": "lax"}],
            "delivery": "never",
            "chunk": {"max_records": 0},
            "watchdog_secs": 3,
            "logging": {"level": "loud"},
        }
    )
    assert set(told) == {
        "kafka.groupid",
        "kafka.bootstrap_servers",
        "kafka.extra.acks",
        "kafka.extra.foo",
        "routes[0].topics[1]",
        "routes[0].policy",
        "delivery",
        "chunk.max_records",
        "watchdog_secs",
        "logging.level",
    }


@pytest.mark.parametrize(
    ("changes", "path", "hint"),
    [
        ({"kafka": {"groupid": "x"}}, "kafka.groupid", "did you mean group_id?"),
        ({"polices": {}}, "polices", "did you mean policies?"),
        (
            {"routes": [{"topics": ["a"], "transactional_id": "x"}]},
            "routes[0].transactional_id",
            "did you mean kafka.transactional_id?",
        ),
        ({"brake": {"speed": 1}}, "brake.speed", "known here: max_ratio, window_records"),
    ],
)
def test_an_unknown_key_gets_a_hint(problems, changes, path, hint):
    told = problems(changes)
    assert told[path].message == "unknown setting"
    assert told[path].hint == hint


def test_what_is_missing_names_its_variable(problems):
    told = problems("kafka: {}\nroutes: [{topics: [app]}]")
    assert told["kafka.bootstrap_servers"].hint == "or set SCRUBBER_BOOTSTRAP_SERVERS"
    assert told["kafka.group_id"].hint == "or set SCRUBBER_GROUP_ID"


SASL = {
    "security": {"protocol": "SASL_SSL", "sasl": {"mechanism": "SCRAM-SHA-512", "username": "u", "password": SECRET}}
}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        # security
        ({"kafka": {"security": {"protocol": "SASL_SSL"}}}, "kafka.security.sasl"),
        (
            {"kafka": {"security": {"protocol": "SASL_SSL", "sasl": {"mechanism": "PLAIN"}}}},
            "kafka.security.sasl.password",
        ),
        (
            {"kafka": {"security": {"protocol": "SASL_SSL", "sasl": {"mechanism": "OAUTHBEARER"}}}},
            "kafka.security.sasl.oauth",
        ),
        (
            {"kafka": {"security": {"sasl": {"mechanism": "PLAIN", "username": "u", "password": "p"}}}},
            "kafka.security.sasl",
        ),
        (
            {"kafka": {"security": {"protocol": "SASL_SSL", "sasl": {"mechanism": "GSSAPI"}}}},
            "kafka.security.sasl.mechanism",
        ),
        ({"kafka": {"security": {"tls": {}}}}, "kafka.security.tls"),
        ({"kafka": {"security": {"protocol": "SSL", "tls": {"ca_file": "none.pem"}}}}, "kafka.security.tls.ca_file"),
        ({"kafka": {"security": {"protocol": "SSL", "tls": {"cert_file": "."}}}}, "kafka.security.tls.key_file"),
        ({"kafka": {"security": {"protocol": "SSL", "tls": {"key_file": "."}}}}, "kafka.security.tls.cert_file"),
        # the group
        ({"kafka": {"group_protocol": "consumer", "session_timeout_ms": 9000}}, "kafka.session_timeout_ms"),
        ({"kafka": {"group_protocol": "consumer", "assignment": "range"}}, "kafka.assignment"),
        ({"kafka": {"session_timeout_ms": 60_000, "max_poll_interval_ms": 50_000}}, "kafka.session_timeout_ms"),
        # times
        ({"drain_timeout_secs": 300}, "drain_timeout_secs"),
        ({"chunk": {"max_wait_ms": 60_000}}, "chunk.max_wait_ms"),
        (
            {"chunk": {"max_wait_ms": 9000}, "kafka": {"max_poll_interval_ms": 9000, "session_timeout_ms": 6000}},
            "chunk.max_wait_ms",
        ),
        ({"slow_transaction_secs": 60}, "slow_transaction_secs"),
        ({"watchdog_secs": 60}, "watchdog_secs"),
        ({"drain_timeout_secs": float("inf")}, "drain_timeout_secs"),
        ({"queue_depth": True}, "queue_depth"),
        # routes
        ({"routes": []}, "routes"),
        ({"routes": [{}]}, "routes[0]"),
        ({"routes": [{"topics": ["a"], "pattern": "b"}]}, "routes[0]"),
        ({"routes": [{"topics": ["a b"]}]}, "routes[0].topics[0]"),
        ({"routes": [{"topics": ["a"]}, {"topics": ["b", "a"]}]}, "routes[1].topics[1]"),
        ({"routes": [{"topics": ["a"], "name": "n"}, {"topics": ["b"], "name": "n"}]}, "routes[1].name"),
        (
            {"routes": [{"topics": ["a"]}, {"pattern": "a.*", "clean": "c", "audit": "u", "quarantine": "q"}]},
            "routes[0].topics[0]",
        ),
        ({"routes": [{"pattern": "a["}]}, "routes[0].pattern"),
        ({"routes": [{"pattern": r"a\d"}]}, "routes[0].pattern"),
        ({"routes": [{"pattern": "(?!b).*"}]}, "routes[0].pattern"),
        ({"routes": [{"topics": ["a"], "clean": "same", "audit": "same"}]}, "routes[0]"),
        ({"routes": [{"topics": ["a"], "clean": "{tenant}.clean"}]}, "routes[0].clean"),
        ({"routes": [{"topics": ["a"], "policy": "lax"}]}, "routes[0].policy"),
        # loops
        ({"routes": [{"topics": ["a"], "clean": "{topic}"}]}, "routes[0].clean"),
        ({"routes": [{"topics": ["a"], "audit": "b"}, {"topics": ["b"]}]}, "routes[0].audit"),
        ({"routes": [{"topics": ["a", "a.quarantine"]}]}, "routes[0].quarantine"),
        ({"routes": [{"pattern": "app.*", "clean": "app-clean"}]}, "routes[0].clean"),
        ({"routes": [{"topics": ["b"]}, {"pattern": ".*clean"}]}, "routes[0].clean"),
        ({"routes": [{"topics": ["x.clean"]}, {"pattern": "app.*"}]}, "routes[1].clean"),
        # policies, keys, model
        ({"policies": {"gdpr": {"file": "p.yaml"}}}, "policies.gdpr"),
        ({"keys": {"files": {"k1": "none"}}}, "keys.files.k1"),
        ({"quarantine": {"key_file": "none"}}, "quarantine.key_file"),
        ({"quarantine": {"key": "c2hvcnQ="}}, "quarantine.key"),
        ({"quarantine": {"key": "x", "key_file": "y"}}, "quarantine.key_file"),
        ({"model": {"kind": "gliner"}}, "model.path"),
        ({"model": {"kind": "embedded", "labels": {"B-NAME": "first_name"}}}, "model.labels"),
        ({"model": {"kind": "tokens", "path": "m", "labels": "auto"}}, "model.labels"),
        # librdkafka
        ({"kafka": {"extra": {"linger.msec": 5}}}, "kafka.extra.linger.msec"),
        ({"kafka": {"extra": {"max.in.flight": 6}}}, "kafka.extra.max.in.flight"),
        ({"kafka": {"extra": {"sasl.password": SECRET}}}, "kafka.extra.sasl.password"),
    ],
)
def test_what_cannot_work_is_refused(problems, changes, path):
    told = problems(changes)
    assert path in told
    assert SECRET not in str(told)


@pytest.mark.parametrize(
    "changes",
    [
        {"routes": [{"pattern": r"^app\..*$"}]},
        {"routes": [{"topics": ["a"], "audit": "audit"}, {"topics": ["b"], "audit": "audit"}]},
        {"kafka": SASL},
        {"kafka": {"security": {"protocol": "ssl"}}},
        {"kafka": {"group_protocol": "consumer"}},
        {"delivery": "at_least_once", "watchdog_secs": 20},
        {"kafka": {"max_poll_interval_ms": 86_400_000, "session_timeout_ms": 3_600_000}},
    ],
)
def test_what_can_work_is_not_refused(config, changes):
    assert config(changes)


def test_a_wildcard_route_may_write_beside_its_inputs(config):
    """The consumer leaves out what looks like an output: see `hidden_topics`."""
    assert config({"routes": [{"pattern": "app[.].*"}]}).stream.routes[0].clean == "{topic}.clean"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("- a", "a mapping is expected, not a list"),
        ("a: [", "line 1, column 5"),
        (f"kafka: {{password: {SECRET}", "line 1"),
        ("kafka:\n  group_id: a\n  group_id: b", "line 3, column 3: the key 'group_id' stands twice"),
        ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("a: 2026-13-45", "cannot be read as YAML"),
        ("? [a]\n: b", "unhashable"),
        ("a: &x {b: *x}", ""),
        ("[" * 5000, "cannot be read as YAML"),
    ],
)
def test_yaml_that_is_none_is_told_by_its_line_and_never_quoted(problems, text, message):
    ((_, problem),) = list(problems(text).items())[:1]
    assert message in problem.message
    assert SECRET not in str(problem)


def test_a_file_that_cannot_be_read_is_a_problem_of_the_configuration(tmp_path):
    (tmp_path / "latin").write_bytes(b"a: \xe9")
    for name, message in ("none.yaml", "no such file"), (".", "cannot be read"), ("latin", "not UTF-8 (byte 3)"):
        with pytest.raises(ConfigError, match=message[:4]) as raised:
            load(tmp_path / name, {})
        assert message in str(raised.value)


def test_yaml_merges_and_anchors_are_no_duplicates(config):
    text = "kafka: &k {bootstrap_servers: 'a:1', group_id: g}\nroutes: [&r {topics: [a]}, {<<: *r, topics: [b]}]"
    assert [route.topics for route in config(text).stream.routes] == [("a",), ("b",)]


def test_each_variable_sets_its_setting_and_wins_over_the_file(tmp_path, config):
    key = base64.b64encode(bytes(32)).decode()
    environ = {variable.name: f"from-{variable.name}" for variable in ENVIRONMENT} | {
        "SCRUBBER_BOOTSTRAP_SERVERS": "env.example:9092",
        "SCRUBBER_QUARANTINE_KEY": key,
    }
    oauth = {
        "mechanism": "OAUTHBEARER",
        "oauth": {"token_endpoint_url": "https://id.example/token", "client_id": "file"},
    }
    stream = config(
        {"kafka": {"group_id": "file", "security": {"protocol": "SASL_SSL", "sasl": oauth}}}, environ
    ).stream
    assert stream.kafka.bootstrap_servers == "env.example:9092"
    assert stream.kafka.group_id == "from-SCRUBBER_GROUP_ID"
    assert stream.kafka.group_instance_id == "from-SCRUBBER_GROUP_INSTANCE_ID"
    assert stream.kafka.transactional_id == "from-SCRUBBER_TRANSACTIONAL_ID"
    assert stream.kafka.security == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.username": "from-SCRUBBER_SASL_USERNAME",
        "sasl.password": "from-SCRUBBER_SASL_PASSWORD",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": "https://id.example/token",
        "sasl.oauthbearer.client.id": "from-SCRUBBER_OAUTH_CLIENT_ID",
        "sasl.oauthbearer.client.secret": "from-SCRUBBER_OAUTH_CLIENT_SECRET",
        "ssl.key.password": "from-SCRUBBER_SSL_KEY_PASSWORD",
        "ssl.endpoint.identification.algorithm": "https",
    }


def test_an_empty_variable_counts_as_unset_and_unlisted_ones_are_not_read(config):
    environ = {"SCRUBBER_GROUP_ID": "", "SCRUBBER_DELIVERY": "at_least_once", "SCRUBBER_SERVICE_HOST": "192.0.2.1"}
    assert config({}, environ).stream == config().stream


def test_a_variable_cannot_hide_what_is_wrong_with_the_file(problems):
    assert "kafka" in problems("kafka: nonsense\nroutes: [{topics: [a]}]", {"SCRUBBER_GROUP_ID": "g"})


def test_a_wrong_value_from_a_variable_says_so(problems):
    told = problems({}, {"SCRUBBER_QUARANTINE_KEY": SECRET, "SCRUBBER_BOOTSTRAP_SERVERS": "x"})
    assert "kafka.bootstrap_servers" in told
    assert SECRET not in str(told)


@pytest.fixture
def pem(tmp_path):
    """A self-signed certificate, its key, and the key under a password."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker.example")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    (tmp_path / "cert").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    for file, encryption in (
        ("key", serialization.NoEncryption()),
        ("locked", serialization.BestAvailableEncryption(SECRET.encode())),
    ):
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        (tmp_path / file).write_bytes(private)
    return tmp_path


@pytest.mark.parametrize(("password", "fits"), [(SECRET, True), ("wrong", False), (None, False)])
def test_the_password_of_a_key_is_tried_before_any_broker_is_asked(pem, config, problems, password, fits):
    tls = {"ca_file": "cert", "cert_file": "cert", "key_file": "locked", "key_password": password}
    changes = {"kafka": {"security": {"protocol": "SSL", "tls": tls}}}
    if fits:
        assert config(changes)
    else:
        assert "kafka.security.tls" in problems(changes)


def test_files_are_relative_to_the_configuration(pem, config):
    tls = {"ca_file": "cert", "cert_file": "cert", "key_file": "key", "verify_hostname": False}
    (pem / "p.yaml").write_text("{version: 1, name: ours, extends: logs}")
    settings = config(
        {"kafka": {"security": {"protocol": "SSL", "tls": tls}}, "policies": {"ours": {"file": "p.yaml"}}}
    )
    assert settings.stream.kafka.security == {
        "security.protocol": "SSL",
        "ssl.ca.location": str(pem / "cert"),
        "ssl.certificate.location": str(pem / "cert"),
        "ssl.key.location": str(pem / "key"),
        "ssl.endpoint.identification.algorithm": "none",
    }
    assert settings.policies == {"ours": pem / "p.yaml"}


def test_keys_come_from_files_and_are_never_printed(tmp_path, config, problems):
    key = b"k" * 32
    (tmp_path / "k1").write_bytes(base64.b64encode(key) + b"\n")
    (tmp_path / "short").write_bytes(base64.b64encode(b"k" * 8))
    (tmp_path / "text").write_text("not base64!")
    settings = config({"keys": {"files": {"k1": "k1"}}, "quarantine": {"key_file": "k1", "key_id": "q7"}})
    assert (settings.keys.active, list(settings.keys)) == ("k1", ["k1"])
    assert list(settings.quarantine_keys) == ["q7"]
    assert config().quarantine_keys.active is None
    assert "kkkk" not in repr(settings)
    assert base64.b64encode(key).decode() not in repr(settings)
    assert "keys.short" in problems({"keys": {"files": {"short": "short"}}})
    assert problems({"keys": {"files": {"a": "text"}}})["keys.files.a"].message == "is no base64"
    assert "keys.active" in problems({"keys": {"files": {"a": "k1", "b": "k1"}}})


def test_what_is_wrong_with_policies_is_told_with_the_rest(tmp_path, problems):
    (tmp_path / "lax.yaml").write_text("{version: 1, name: lax, defaults: {threshold: 2}}")
    (tmp_path / "hash.yaml").write_text("{version: 1, name: hash, extends: logs, defaults: {action: hash}}")
    policies = {name: {"file": f"{name}.yaml"} for name in ("lax", "hash", "none")}
    told = problems({"policies": policies, "queue_depth": 0, "routes": [{"topics": ["app"], "policy": "lax"}]})
    assert set(told) == {
        "queue_depth",
        "policies.lax.defaults.threshold",
        "policies.hash.defaults.action",
        "policies.none.file",
    }


def test_a_policy_that_needs_a_key_gets_it(tmp_path, config):
    (tmp_path / "k1").write_bytes(base64.b64encode(b"k" * 32))
    (tmp_path / "hash.yaml").write_text("{version: 1, name: hash, extends: logs, defaults: {action: hash}}")
    assert config({"policies": {"hash": {"file": "hash.yaml"}}, "keys": {"files": {"k1": "k1"}}})


def test_no_secret_is_in_the_repr_of_a_configuration(config):
    settings = config({"kafka": SASL})
    assert settings.stream.kafka.security["sasl.password"] == SECRET
    assert SECRET not in repr(settings)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.just(SECRET),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["kafka", "routes", "topics", "extra", "security", "sasl", "password", SECRET[:3]]),
                inner,
            )
        ),
    )
)
def test_no_document_breaks_the_reader_or_is_quoted(tmp_path_factory, document):
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError) as raised:
        load(file, {})
    assert SECRET not in str(raised.value)


FULL = {
    "kafka": {
        "bootstrap_servers": "kafka.example:9092",
        "group_id": "logs",
        "security": {
            "protocol": "SASL_SSL",
            "sasl": {"mechanism": "PLAIN", "username": "u", "password": SECRET},
            "tls": {},
        },
        "extra": {"linger.ms": 5},
    },
    "routes": [{"topics": ["app", "web"]}, {"pattern": "db.*", "clean": "c", "audit": "a", "quarantine": "q"}],
    "chunk": {"max_records": 5},
    "policies": {"ours": {"file": "none.yaml"}},
    "keys": {"files": {"k1": SECRET}},  # a key in the place of its file
    "quarantine": {"key": SECRET},
    "model": {"kind": "gliner"},
}
JUNK = st.sampled_from([None, True, -1, 2**70, 1.5, "", "x", [], [1], {}, {"x": SECRET}, {"x": {"y": []}}, [[]]])


@st.composite
def spoilt(draw, node=FULL):
    """The full configuration with junk in the place of some of its parts."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JUNK)
    if isinstance(node, dict):
        kept = {key: draw(spoilt(value)) for key, value in node.items() if draw(st.integers(0, 19))}
        return kept | ({"unknown": SECRET} if draw(st.integers(0, 9)) == 0 else {})
    if isinstance(node, list):
        return [draw(spoilt(item)) for item in node if draw(st.integers(0, 19))]
    return node


@given(document=spoilt())
def test_however_a_configuration_is_spoilt_its_problems_are_told_and_its_values_are_not(tmp_path_factory, document):
    file = tmp_path_factory.getbasetemp() / "spoilt.yaml"
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError) as raised:
        load(file, {})
    assert SECRET not in str(raised.value)


def test_the_schema_accepts_what_is_accepted_and_refuses_what_is_refused():
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(MINIMAL, schema)
    for model in ("none", "embedded", {"kind": "none"}):
        jsonschema.validate(MINIMAL | {"model": model}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(merged(MINIMAL, {"kafka": {"groupid": 1}}), schema)
    assert json.loads(json.dumps(schema)) == schema


def test_every_setting_says_what_it_means():
    described = dict(_settings(ConfigFile))
    assert [path for path, meaning in described.items() if not meaning] == []
    assert len(described) > 60


def test_every_section_refuses_unknown_keys_and_hides_its_input():
    def sections(model):
        yield model
        for sub in model.__subclasses__():
            yield from sections(sub)

    for section in sections(ConfigFile.__mro__[1]):
        assert issubclass(section, BaseModel)
        assert section.model_config["extra"] == "forbid"
        assert section.model_config["hide_input_in_errors"]


def test_the_log_is_json_unless_somebody_looks(config):
    assert config().logging == LogSettings("auto", "info")
    assert config({"logging": {"format": "json", "level": "debug"}}).logging == LogSettings("json", "debug")


def test_variables_stand_for_settings_that_exist():
    assert {variable.path for variable in ENVIRONMENT} <= set(dict(_settings(ConfigFile)))


def test_the_reference_has_every_setting_and_every_variable():
    text = markdown()
    assert [variable.name for variable in ENVIRONMENT if f"| `{variable.name}` | `{variable.path}` |" not in text] == []
    names = {path.rpartition(".")[2] for path, _ in _settings(ConfigFile)}
    assert [name for name in names if not any(at in text for at in (f"| `{name}` |", f"## {name}", f".{name}\n"))] == []
