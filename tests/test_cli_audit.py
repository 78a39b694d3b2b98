"""`scrubber audit`, from the command line in; with a real broker where topics are involved."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from importlib import resources
from pathlib import Path

import duckdb
import jsonschema
import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scrubber.cli import main
from scrubber.cli.audit_checks import (
    ASTRAY,
    NO_EVENT,
    NO_RECORD,
    TOO_MANY,
    TWICE,
    UNCHANGED,
    UNTOLD,
    Report,
    compare,
)
from scrubber.cli.audit_events import Place, ordered, read_event
from scrubber.cli.audit_topics import inputs
from scrubber.cli.exits import Exit
from scrubber.core.audit import AuditTrail
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.quarantine import Quarantine
from scrubber.core.records import Record
from scrubber.core.spans import Redaction
from scrubber.detect.detector import Description
from scrubber.errors import Reason
from scrubber.stream.settings import Route
from tests.command_line import process
from tests.kafka_lab.topics import Sent, create_topic, produce, unique

SCHEMA = json.loads(resources.files("scrubber.core").joinpath("audit.schema.json").read_bytes())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
KEYS = KeyRing({"k1": bytes(range(32))})
TRAIL = AuditTrail("logs", "0f" * 32, [Description("rules", "400", "ab" * 32)], KEYS)
EMAIL = "ann@mail.example"
NOON = 1_700_000_000_000


def redaction(label="email", action="replace", **changes):
    return Redaction("", label, 3, 19, 3, 10, 0.98, "rules", label, action)._replace(**changes)


def event(offset, *redactions, topic="stdin", partition=0):
    record = Record(topic, partition, offset, NOON + 1000 * offset, None, b"", None)
    return TRAIL.event(record, redactions or [redaction()])


@pytest.fixture
def file_of(tmp_path):
    def write(name, *lines):
        (tmp_path / name).write_bytes(b"".join(line + b"\n" for line in lines))
        return str(tmp_path / name)

    return write


def printed(capfd):
    return capfd.readouterr().out


# --- the shape --------------------------------------------------------------------------------------------------------

paths = st.sampled_from(["schema_version", "policy", "detectors", "source", "excluded_characters", "redactions"])
values = st.none() | st.integers(-2, 2) | st.text(max_size=3) | st.just([]) | st.just({})
inner = {"policy": ["name", "digest"], "source": ["topic", "partition", "offset", "timestamp_ms"]}


@given(name=paths, value=values, deep=st.booleans(), data=st.data())
def test_what_is_read_is_what_the_published_schema_allows(name, value, deep, data):
    """One part of a good event is changed, dropped or added: schema and reader agree whether it is still one."""
    changed = json.loads(event(1, redaction(), redaction("ipv4", start=30, end=40, out_start=21, out_end=27)))
    if deep and name in inner:
        changed[name][data.draw(st.sampled_from([*inner[name], "more"]))] = value
    elif deep and name == "redactions":
        keys = [*SCHEMA["properties"]["redactions"]["items"]["properties"], "more"]
        changed[name][0][data.draw(st.sampled_from(keys))] = value
    elif value is None:
        del changed[name]
    else:
        changed[name] = value
    assert (read_event(json.dumps(changed).encode()) is not None) == VALIDATOR.is_valid(changed)


def test_every_event_that_the_trail_makes_is_read():
    for action in ("replace", "mask", "hash", "encrypt", "surrogate", "drop_field", "keep"):
        line = TRAIL.event(Record("t", 0, 1, -1, None, b"", None), [redaction(action=action)], [None], 3)
        assert read_event(line) is not None


def test_spans_of_one_text_follow_each_other_and_texts_do_not_matter_to_each_other():
    first, second = redaction(), redaction(start=25, end=30, out_start=16, out_end=20)
    assert ordered(read_event(event(1, first, second)))
    assert not ordered(read_event(event(1, second, first)))
    assert not ordered(read_event(event(1, first, redaction(start=18, end=25, out_start=16, out_end=20))))
    assert ordered(read_event(event(1, second, redaction(path="@key"), redaction(path="@header/a"))))
    assert ordered(read_event(event(1, redaction(path="@header/a"), redaction(path="@header/a.b"))))


# --- tail and stats ---------------------------------------------------------------------------------------------------


def test_tail_shows_the_last_events_in_a_line_each(file_of, capfd):
    lines = [event(number, redaction(), redaction("ipv4"), redaction("ipv4")) for number in range(5)]
    assert main(["audit", "tail", "-n", "2", file_of("a", *lines)]) == Exit.OK
    third, fourth = printed(capfd).splitlines()
    assert "stdin[0]@3" in third
    assert fourth.endswith("stdin[0]@4  logs  replace email, replace ipv4 x2")
    assert fourth.startswith("2023-11-14T22:13:24.000Z")


def test_tail_shows_whole_events(file_of, capfd):
    assert main(["audit", "tail", "--json", file_of("a", event(1), event(2))]) == Exit.OK
    assert printed(capfd).encode() == event(1) + b"\n" + event(2) + b"\n"


def test_stats_count_by_everything_that_an_event_tells(file_of, capfd):
    file = file_of("a", event(1), event(2, redaction(), redaction("ipv4", "mask")), event(3, topic="other"))
    assert main(["audit", "stats", "--json", file]) == Exit.OK
    told = json.loads(printed(capfd))
    assert (told["events"], told["redactions"], told["not_events"]) == (3, 4, 0)
    assert told["label"] == {"email": 3, "ipv4": 1}
    assert told["action"] == {"replace": 3, "mask": 1}
    assert told["topic"] == {"stdin": 2, "other": 1}
    assert (told["first"], told["last"]) == ("2023-11-14T22:13:21.000Z", "2023-11-14T22:13:23.000Z")
    assert main(["audit", "stats", file]) == Exit.OK
    assert re.search(r"^email +3 *$", printed(capfd), re.MULTILINE)


def test_what_is_no_event_is_counted_and_never_shown(file_of, capfd):
    file = file_of("a", event(1), EMAIL.encode(), b"")
    assert main(["audit", "stats", file]) == Exit.FAILED
    assert main(["audit", "tail", file]) == Exit.OK
    assert main(["audit", "verify", file]) == Exit.FAILED
    out, err = capfd.readouterr()
    assert EMAIL not in out + err
    assert f"{NO_EVENT}: 1 (event 2)" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["tail"],
        ["tail", "--follow", "FILE"],
        ["verify", "FILE", "--raw", "FILE"],
        ["export", "FILE"],
        ["export", "FILE", "--parquet", "p", "--duckdb", "d"],
        ["stats", "no-such-file"],
    ],
)
def test_a_command_that_says_too_little_or_too_much_is_a_mistake_of_usage(arguments, file_of, capfd):
    file = file_of("a", event(1))
    assert main(["audit", *(file if it == "FILE" else it for it in arguments)]) == Exit.CONFIG
    assert "This is a bug" not in capfd.readouterr().err


# --- verify -----------------------------------------------------------------------------------------------------------


def seal(offset):
    return Quarantine(NO_KEYS).seal(Record("stdin", 0, offset, -1, None, b"x", None), Reason.UNDECODABLE, "0f" * 32)


def verify(file_of, events, raw, clean, quarantined=()):
    arguments = [
        file_of("events", *events),
        *("--raw", file_of("raw", *raw), "--clean", file_of("clean", *clean)),
        *("--quarantine", file_of("quarantine", *(seal(offset).envelope for offset in quarantined))),
    ]
    return main(["audit", "verify", *arguments])


RAW = [b"to ann@mail.example", b"17 of 64 idle", b"\xff", b"from 203.0.113.9"]
CLEAN = [b"to <EMAIL>", b"17 of 64 idle", b"from <IPV4>"]


def test_events_that_fit_the_records_are_verified(file_of, capfd):
    assert verify(file_of, [event(0), event(3)], RAW, CLEAN, [2]) == Exit.OK
    told = dict(re.findall(r"^(\S.*?)  +(\S+)$", printed(capfd), re.MULTILINE))
    assert told == {
        "events": "2",
        "redactions": "2",
        "quarantined records": "1",
        "clean records": "3",
        "clean records with an event": "2",
        "problems": "none",
    }


@pytest.mark.parametrize(
    ("events", "clean", "quarantined", "problem"),
    [
        ([event(0)], CLEAN, [2], f"{UNTOLD}: 1 (stdin[0]@3)"),
        ([event(0), event(3), event(3)], CLEAN, [2], f"{TWICE}: 1 (stdin[0]@3)"),
        ([event(0), event(2), event(3)], CLEAN, [2], f"{NO_RECORD}: 1 (stdin[0]@2)"),
        ([event(0), event(3)], [*CLEAN, b"once more"], [2], f"{TOO_MANY}: 1 (stdin[0])"),
        ([event(0), event(3)], CLEAN, [], f"{UNTOLD}: 1 (stdin[0]@2)"),
        ([event(0), event(3)], CLEAN[1:], [2], f"{UNTOLD}: 1 (stdin[0]@1)"),
        ([event(0), event(3)], [RAW[0], *CLEAN[1:]], [2], f"{UNCHANGED}: 1 (stdin[0]@0)"),
    ],
)
def test_what_does_not_fit_is_told_by_its_coordinates_alone(events, clean, quarantined, problem, *, file_of, capfd):
    assert verify(file_of, events, RAW, clean, quarantined) == Exit.FAILED
    out, err = capfd.readouterr()
    assert problem in out
    assert EMAIL not in out + err
    assert "203.0.113.9" not in out + err


def test_a_record_may_stay_as_it_was_where_its_event_says_so(file_of, capfd):
    kept = event(0, redaction(action="keep", out_end=19))
    assert verify(file_of, [kept, event(3)], RAW, [RAW[0], *CLEAN[1:]], [2]) == Exit.OK, printed(capfd)


@given(data=st.data(), count=st.integers(1, 12))
def test_any_one_loss_or_double_is_found(data, count):
    """Records with timestamps, as on a topic: one clean record or event is dropped or doubled."""
    source = [Record("t", 1, 10 * n, NOON + n, None, b"%d a" % n, None) for n in range(count)]
    fate = [data.draw(st.sampled_from(["kept", "changed", "quarantined"])) for _ in source]
    quarantined = {Place("t", 1, it.offset) for it, what in zip(source, fate, strict=True) if what == "quarantined"}
    told = {Place("t", 1, it.offset): True for it, what in zip(source, fate, strict=True) if what == "changed"}
    clean = [
        it._replace(offset=number, value=b"*" if what == "changed" else it.value, headers=[("scrubber-policy", b"0f")])
        for number, (it, what) in enumerate(zip(source, fate, strict=True))
        if what != "quarantined"
    ]
    report = Report()
    compare(source, clean, quarantined, told, report)
    assert not report.problems
    if not clean:
        return
    broken = data.draw(st.integers(0, len(clean) - 1))
    doubled = Report()
    compare(source, [*clean[: broken + 1], *clean[broken:]], quarantined, told, doubled)
    assert set(doubled.problems) & {ASTRAY, TOO_MANY}
    if broken < len(clean) - 1:
        lost = Report()
        compare(source, clean[:broken] + clean[broken + 1 :], quarantined, told, lost)
        assert set(lost.problems) == {ASTRAY}
    if told:
        one = data.draw(st.sampled_from(sorted(told)))
        untold = Report()
        compare(source, clean, quarantined, {place: True for place in told if place != one}, untold)
        assert dict(untold.problems) == {UNTOLD: 1}


# --- export -----------------------------------------------------------------------------------------------------------


def test_an_export_has_a_row_for_each_redaction(file_of, tmp_path, capfd):
    lines = [event(1, redaction(), redaction("ipv4", "mask", rule=None)), event(2, topic="it's")]
    parquet, database = tmp_path / "it's.parquet", tmp_path / "audit.duckdb"
    assert main(["audit", "export", file_of("a", *lines), "--parquet", str(parquet)]) == Exit.OK
    assert main(["audit", "export", file_of("a", *lines), "--duckdb", str(database)]) == Exit.OK
    assert capfd.readouterr().err == "3 redactions\n3 redactions\n"
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.sql("SELECT * FROM redactions").fetchall()
        typed = connection.sql(
            "SELECT topic, record_offset, record_time::VARCHAR, label, rule FROM redactions"
        ).fetchall()
    assert duckdb.read_parquet(str(parquet).replace("'", "?")).fetchall() == rows
    assert typed == [
        ("stdin", 1, "2023-11-14 22:13:21", "email", "email"),
        ("stdin", 1, "2023-11-14 22:13:21", "ipv4", None),
        ("it's", 2, "2023-11-14 22:13:22", "email", "email"),
    ]


def test_an_export_of_nothing_is_an_empty_table(file_of, tmp_path):
    parquet = tmp_path / "none.parquet"
    assert main(["audit", "export", file_of("a"), "--parquet", str(parquet)]) == Exit.OK
    assert duckdb.read_parquet(str(parquet)).fetchall() == []


def test_an_export_leaves_out_what_is_no_event_and_says_so(file_of, tmp_path, capfd):
    file = file_of("a", event(1), EMAIL.encode())
    assert main(["audit", "export", file, "--parquet", str(tmp_path / "p")]) == Exit.FAILED
    assert capfd.readouterr().err == "1 redactions, 1 lines are no events\n"


def test_without_its_extra_an_export_says_which_one(file_of, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert main(["audit", "export", file_of("a", event(1)), "--parquet", "p"]) == Exit.CONFIG
    assert (
        "audit export: the package 'duckdb' is not installed (pip install 'scrubber[audit]')" in capfd.readouterr().err
    )


@pytest.mark.parametrize("option", ["--parquet", "--duckdb"])
def test_a_file_that_cannot_be_written_is_told(option, file_of, tmp_path, capfd):
    for place, reason in ((tmp_path / "no/such", "No such file or directory"), (tmp_path, "Is a directory")):
        assert main(["audit", "export", file_of("a", event(1)), option, str(place)]) == Exit.CONFIG
        assert f"{option}: {place}: {reason}" in capfd.readouterr().err


def test_a_file_that_is_no_database_is_told_and_left(file_of, capfd):
    other = Path(file_of("other.txt", b"mine"))
    before = other.read_bytes()
    assert main(["audit", "export", file_of("a", event(1)), "--duckdb", str(other)]) == Exit.CONFIG
    assert "cannot be written: DuckDB's IOException (it is there already: is it a " in capfd.readouterr().err
    assert other.read_bytes() == before


# --- the queries of the documentation ---------------------------------------------------------------------------------

DOCS = Path(__file__).parents[1] / "docs/AUDIT.md"
QUERIES = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL) if DOCS.exists() else []


@pytest.mark.parametrize("query", QUERIES)
def test_the_queries_of_the_documentation_answer(query, file_of, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [event(number, redaction(), redaction("ipv4", "hash")) for number in range(1, 5)]
    assert main(["audit", "export", file_of("a", *lines), "--parquet", "audit.parquet"]) == Exit.OK
    assert duckdb.sql(query).fetchall()


def test_there_are_queries_in_the_documentation():
    assert len(QUERIES) >= 4


# --- on a cluster -----------------------------------------------------------------------------------------------------


@pytest.mark.kafka
def test_a_worker_s_topics_are_verified_and_a_missing_event_is_found(kafka, tmp_path, capfd):
    bootstrap, source = kafka.bootstrap, create_topic(kafka.bootstrap, "raw", partitions=2)
    config = tmp_path / "scrubber.yaml"
    settings = {
        "kafka": {"bootstrap_servers": bootstrap, "group_id": unique("group"), "session_timeout_ms": 6_000},
        "routes": [{"topics": [source]}],
        "create_topics": True,
        "model": {"kind": "none"},
        "chunk": {"max_records": 7},
    }
    config.write_text(yaml.safe_dump(settings))
    texts = [b"to ann@mail.example", b"17 of 64 idle", b"\xff\xfe", b"from 203.0.113.9"]
    produce(bootstrap, source, [Sent(text, partition=number % 2) for number, text in enumerate(texts * 5)])
    deadline = time.monotonic() + 120
    out = ""
    with subprocess.Popen([sys.executable, "-m", "scrubber.cli", "run", "--config", str(config)]) as worker:
        try:
            while not re.search(r"^clean records +15$", out, re.MULTILINE):
                assert time.monotonic() < deadline, out
                main(["audit", "verify", "--config", str(config)])
                out = printed(capfd)
        finally:
            worker.terminate()
    told = dict(re.findall(r"^(\S.*?)  +(\S+)$", out, re.MULTILINE))
    assert (told["clean records"], told["clean records with an event"], told["problems"]) == ("15", "10", "none")
    assert (told["quarantined records"], told["partitions"]) == ("5", "2")

    produce(bootstrap, create_topic(bootstrap, "others.audit", 1), [Sent(b"an event of somebody else")])
    assert main(["audit", "tail", "--config", str(config), "-n", "3"]) == Exit.OK
    assert len(printed(capfd).splitlines()) == 3
    assert main(["audit", "stats", "--json", "--config", str(config)]) == Exit.OK
    assert orjson.loads(printed(capfd))["label"] == {"email": 5, "ipv4": 5}

    produce(bootstrap, f"{source}.clean", [Sent(b"once more", partition=0)])
    assert main(["audit", "verify", "--config", str(config)]) == Exit.FAILED
    assert TOO_MANY in printed(capfd)
    produce(bootstrap, source, [Sent(b"to ann@mail.example", partition=0)])
    assert main(["audit", "verify", "--config", str(config)]) == Exit.FAILED
    assert ASTRAY in printed(capfd)


@pytest.mark.kafka
def test_tail_follows_what_comes_until_it_is_interrupted(kafka, tmp_path):
    topic = create_topic(kafka.bootstrap, "audit", partitions=2)
    config = tmp_path / "scrubber.yaml"
    settings = {
        "kafka": {"bootstrap_servers": kafka.bootstrap, "group_id": "unused"},
        "routes": [{"topics": ["unused"], "audit": topic}],
        "model": {"kind": "none"},
    }
    config.write_text(yaml.safe_dump(settings))
    produce(kafka.bootstrap, topic, [Sent(event(1), partition=1)])
    with process("audit", "tail", "--follow", "-n", "1", "--config", config, text=True) as started:
        assert "stdin[0]@1" in started.stdout.readline()
        done = threading.Event()

        def write():
            while not done.wait(0.5):  # until it is read: nobody says when following begins
                produce(kafka.bootstrap, topic, [Sent(event(2), partition=0)])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            assert "stdin[0]@2" in started.stdout.readline()
        finally:
            done.set()
            writer.join()
        started.send_signal(signal.SIGINT)
        assert started.wait(30) == Exit.INTERRUPTED


def test_the_topics_that_are_verified_are_those_that_a_worker_reads():
    routes = (Route("open", pattern=r"app\..*"), Route("named", ("web",), clean="{topic}-scrubbed"))
    on_cluster = ["app.eu", "app.eu.clean", "app.eu.audit", "web", "web-scrubbed", "app.x-scrubbed", "other"]
    assert inputs(routes, on_cluster) == ["app.eu", "web", "app.x-scrubbed"]
