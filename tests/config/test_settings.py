"""What settings become, and which of them cannot stand together."""

from __future__ import annotations

import base64
import datetime as dt
import os
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scrubber.logs import LogSettings
from scrubber.stream.settings import KafkaSettings, Route, StreamSettings
from tests.config.smallest import SASL, SECRET


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


@pytest.mark.parametrize(
    ("settings", "cores", "count"),
    [
        ({"model": "none"}, 1, 1),
        ({"model": "none"}, 16, 2),
        ({}, 16, 1),
        ({"model": "none", "scrub_processes": 5}, 1, 5),
    ],
)
def test_rules_alone_scrub_in_two_processes_where_there_are_cores(config, monkeypatch, settings, cores, count):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert config(settings).scrub_processes == count


def test_the_transactional_id_is_stable_and_the_workers_own(config):
    assert config({"kafka": {"group_instance_id": "pod-3"}}).stream.kafka.transactional_id == "scrubber-logs-pod-3"
    assert config({"kafka": {"transactional_id": "mine"}}).stream.kafka.transactional_id == "mine"
    assert config().stream.kafka.transactional_id == f"scrubber-logs-{os.uname().nodename}"


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
        ({"scrub_processes": 0, "model": "none"}, "scrub_processes"),
        ({"scrub_processes": 2}, "scrub_processes"),
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
        ({"model": {"path": "models/ours"}}, "model.path"),
        ({"more_models": [{"kind": "embedded"}, {"kind": "tokens"}]}, "more_models[1].path"),
        ({"model": "none", "more_models": ["embedded"]}, "more_models"),
        ({"more_models": ["none"]}, "more_models"),
        ({"model": {"kind": "embedded", "labels": {"B-NAME": "first_name"}}}, "model.labels"),
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


def test_the_folder_of_a_model_is_relative_to_the_configuration_and_an_id_of_the_hub_stays(tmp_path, config):
    (tmp_path / "models" / "ours").mkdir(parents=True)
    more = [{"kind": "tokens", "path": "someone/ours"}, {"kind": "tokens", "path": "/models/ours"}]
    settings = config({"model": {"kind": "gliner", "path": "models/ours"}, "more_models": more})
    assert [model.path for model in settings.models] == [
        str(tmp_path / "models" / "ours"),
        "someone/ours",
        "/models/ours",
    ]


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


def test_a_key_that_cannot_be_read_hides_nothing_of_the_policies_and_blames_none(tmp_path, problems):
    (tmp_path / "hash.yaml").write_text(
        "{version: 1, name: hash, extends: logs, defaults: {action: hash}, labels: {emial: {action: mask}}}"
    )
    policies = {"hash": {"file": "hash.yaml"}, "none": {"file": "none.yaml"}}
    told = problems({"policies": policies, "keys": {"files": {"k1": "none"}}})
    assert set(told) == {"keys.files.k1", "policies.hash.labels.emial", "policies.none.file"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"kafka": {"security": {"protocol": "SASL", "sasl": {"mechanism": "PLAIN"}}}}, "kafka.security.protocol"),
        ({"model": {"kind": "glner", "path": "models/ours"}}, "model.kind"),
    ],
)
def test_a_misspelt_kind_is_the_one_problem(problems, changes, path):
    assert list(problems(changes)) == [path]


def test_a_policy_that_needs_a_key_gets_it(tmp_path, config):
    (tmp_path / "k1").write_bytes(base64.b64encode(b"k" * 32))
    (tmp_path / "hash.yaml").write_text("{version: 1, name: hash, extends: logs, defaults: {action: hash}}")
    assert config({"policies": {"hash": {"file": "hash.yaml"}}, "keys": {"files": {"k1": "k1"}}})


def test_no_secret_is_in_the_repr_of_a_configuration(config):
    settings = config({"kafka": SASL})
    assert settings.stream.kafka.security["sasl.password"] == SECRET
    assert SECRET not in repr(settings)


def test_the_log_is_json_unless_somebody_looks(config):
    assert config().logging == LogSettings("auto", "info")
    assert config({"logging": {"format": "json", "level": "debug"}}).logging == LogSettings("json", "debug")
