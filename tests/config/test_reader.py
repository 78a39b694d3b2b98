"""Reading the configuration: everything wrong is told at once, with its path and without a value."""

from __future__ import annotations

import base64
import json

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from scrubber.config import ENVIRONMENT, load
from scrubber.config import json_schema as config_schema
from scrubber.config.explain import _settings
from scrubber.config.reference import markdown
from scrubber.config.schema import ConfigFile
from scrubber.errors import ConfigError
from tests.config.smallest import MINIMAL, SECRET, merged


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


def test_credentials_in_the_address_of_a_broker_are_refused_and_not_repeated(problems):
    told = problems({"kafka": {"bootstrap_servers": f"ann:{SECRET}@kafka.example:9092"}})
    assert set(told) == {"kafka.bootstrap_servers"}
    assert SECRET not in str(told)


def test_what_is_missing_names_its_variable(problems):
    told = problems("kafka: {}\nroutes: [{topics: [app]}]")
    assert told["kafka.bootstrap_servers"].hint == "or set SCRUBBER_BOOTSTRAP_SERVERS"
    assert told["kafka.group_id"].hint == "or set SCRUBBER_GROUP_ID"


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


def refused_without_a_quote(file, document):
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError) as raised:
        load(file, {})
    assert SECRET not in str(raised.value)


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
    refused_without_a_quote(tmp_path_factory.getbasetemp() / "any.yaml", document)


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
    refused_without_a_quote(tmp_path_factory.getbasetemp() / "spoilt.yaml", document)


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


def test_variables_stand_for_settings_that_exist():
    assert {variable.path for variable in ENVIRONMENT} <= set(dict(_settings(ConfigFile)))


def test_the_reference_has_every_setting_and_every_variable():
    text = markdown()
    assert [variable.name for variable in ENVIRONMENT if f"| `{variable.name}` | `{variable.path}` |" not in text] == []
    names = {path.rpartition(".")[2] for path, _ in _settings(ConfigFile)}
    assert [name for name in names if not any(at in text for at in (f"| `{name}` |", f"## {name}", f".{name}\n"))] == []
