"""The Python API, and the hooks for logging and structlog that stand on it."""

import io
import json
import logging
import subprocess
import sys
import threading

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

import scrubber
from scrubber import ConfigError, DetectorError, Reason, Scrubber, ScrubFilter, ScrubProcessor
from scrubber.cli.wiring import open_detectors, single_policy_engine
from scrubber.config import ModelSection
from scrubber.core.spans import Span
from scrubber.detect.detector import Description
from scrubber.errors import DetectorFailed
from scrubber.log_hooks import WITHHELD
from scrubber.policies import load_policy
from tests.command_line import run_here

EMAIL = "ann@mail.example"
DROPPING = {"version": 1, "name": "own", "extends": "logs", "labels": {"email": {"action": "drop_record"}}}


@pytest.fixture(scope="module")
def logs():
    return Scrubber()


class NameDetector:
    """Finds one name; calls `meanwhile` while it works."""

    def __init__(self, meanwhile=lambda: None):
        self.meanwhile = meanwhile

    def detect(self, texts, plan):
        self.meanwhile()
        return [[Span(text.index("Ann"), text.index("Ann") + 3, "first_name", 0.9, "names")] for text in texts]

    def warm_up(self):
        raise AssertionError("a detector that was given is ready")

    def describe(self):
        return Description("names", "1", "0")

    def close(self):
        raise AssertionError("whoever gave the detector closes it")


def test_a_model_gives_the_answers_that_it_gives_on_the_command_line():
    texts = ["Hello, my name is Katrin Aalto", "user 4711 of Ada Lovelace, born 1815", "mail ann@mail.example"]
    with Scrubber(model="embedded") as own, open_detectors(ModelSection()) as detectors:
        engine = single_policy_engine(load_policy("logs"), detectors)
        there = [each.text.decode() for each in engine.scrub.scrub_texts([text.encode() for text in texts])]
        assert [each.text for each in own.scrub_many(texts)] == there
    assert "Katrin" not in there[0]


def test_a_text_comes_back_clean_with_its_redactions(logs):
    result = logs.scrub(f"😀 to {EMAIL}")
    assert (result.text, result.reason) == ("😀 to <EMAIL>", None)
    (redaction,) = result.redactions
    assert f"😀 to {EMAIL}"[redaction.start : redaction.end] == EMAIL
    assert result.text[redaction.out_start : redaction.out_end] == "<EMAIL>"
    assert (redaction.label, redaction.rule, redaction.action, redaction.path) == ("email", "email", "replace", "")


texts = st.text(st.sampled_from('ab7 é😀\ud800\0{}":,@\n'), max_size=30) | st.just(f"to {EMAIL}")


@settings(deadline=None)
@given(st.lists(texts, max_size=10))
def test_many_texts_have_the_results_of_each(logs, many):
    assert logs.scrub_many(iter(many)) == [logs.scrub(text) for text in many]


def test_many_means_more_than_a_batch(logs):
    results = logs.scrub_many(f"{number} {EMAIL}" for number in range(2500))
    assert [result.text for result in results] == [f"{number} <EMAIL>" for number in range(2500)]


def test_one_text_in_the_place_of_many_is_refused(logs):
    with pytest.raises(TypeError, match="scrub"):
        logs.scrub_many(EMAIL)  # read letter by letter, nothing would be found


def test_it_says_what_the_command_line_says(logs, capfdbinary):
    line = f'{{"mail":"{EMAIL}","ip":"192.0.2.7"}}'
    assert logs.scrub(line).text.encode() == run_here(capfdbinary, "pipe", stdin=line.encode()).out


def test_what_is_no_text_has_a_reason_and_no_text(logs):
    assert logs.scrub(f"\ud800 {EMAIL}") == ("", [], Reason.UNDECODABLE)


def test_a_policy_is_a_name_a_file_or_a_dict(tmp_path):
    document = {"version": 1, "name": "own", "extends": "logs", "labels": {"email": {"action": "mask"}}}
    file = tmp_path / "own.yaml"
    file.write_text(json.dumps(document))
    assert Scrubber("pci").scrub("4111 1111 1111 1111").text == "4111 11** **** 1111"
    for policy in (document, file, str(file)):
        assert Scrubber(policy).scrub(EMAIL).text == "***@****.*******"
    assert Scrubber(DROPPING).scrub(EMAIL) == ("", [], Reason.POLICY_DROP)


def test_keys_are_for_actions_that_need_one_and_the_first_one_writes():
    policy = {"version": 1, "name": "own", "extends": "logs", "defaults": {"action": "hash"}}
    with pytest.raises(ConfigError, match="key"):
        Scrubber(policy)
    keys = {"k2": bytes(range(32)), "k1": bytes(range(1, 33))}
    assert Scrubber(policy, keys=keys).scrub(EMAIL).text.startswith("<EMAIL:hash:k2:")


def test_rules_of_the_users_own_come_from_files(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text("rules: [{id: badge, label: badge, pattern: '\\bB-\\d{6}\\b', examples: ['«B-123456»']}]")
    for files in ([file], [str(file)], file, str(file)):
        assert Scrubber(rules=files).scrub(f"B-654321 {EMAIL}").text == "<BADGE> <EMAIL>"


@pytest.mark.parametrize(
    "arguments",
    [{"policy": "nosuch"}, {"policy": "no/such.yaml"}, {"rules": ["nosuch.yaml"]}, {"model": "no/such/folder"}],
)
def test_what_is_wrong_is_told_before_anything_is_scrubbed(arguments):
    with pytest.raises(ConfigError):
        Scrubber(**arguments)


def test_a_detector_of_the_users_own_is_asked_and_left_open():
    with Scrubber(model=NameDetector()) as own:
        assert own.scrub("Hello Ann!").text == "Hello <FIRST_NAME>!"


def test_a_detector_that_fails_is_an_error_and_no_result():
    def fail():
        raise DetectorFailed("gone")

    failing = Scrubber(model=NameDetector(fail))
    for _ in range(2):  # and it does not keep the next one waiting
        with pytest.raises(DetectorError, match="gone"):
            failing.scrub("Ann")


def test_threads_may_share_a_scrubber(logs):
    answers = {}

    def work(number):
        answers[number] = [logs.scrub(f"{number} {EMAIL} {'x' * number}").text for _ in range(50)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [f"{number} <EMAIL> {'x' * number}"] * 50 for number in range(4)}


def test_importing_the_package_loads_nothing():
    heavy = "import sys, scrubber; print({'numpy', 'hyperscan', 'pydantic', 'structlog'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", heavy], capture_output=True, check=True).stdout == b"set()\n"


def test_everything_that_is_promised_can_be_imported():
    for name in scrubber.__all__:
        assert getattr(scrubber, name).__name__ == name
        assert name in dir(scrubber)
    with pytest.raises(AttributeError):
        scrubber.nosuch  # noqa: B018


# --- logging


@pytest.fixture
def log():
    """A logger whose handler scrubs: call with a scrubber, get logger and what was written."""

    def make(own, form="%(message)s"):
        written = io.StringIO()
        handler = logging.StreamHandler(written)
        handler.setFormatter(logging.Formatter(form))
        handler.addFilter(ScrubFilter(own))
        logger = logging.Logger("app")  # noqa: LOG001 - one that no other test sees
        logger.addHandler(handler)
        return logger, written.getvalue

    return make


def test_messages_are_scrubbed_with_their_arguments_in(logs, log):
    logger, written = log(logs)
    logger.info("%s from %s", EMAIL, "192.0.2.7")
    logger.info("card %d", 4111111111111111)
    assert written() == "<EMAIL> from <IPV4>\ncard <CREDIT_DEBIT_CARD>\n"


def test_tracebacks_and_stacks_are_scrubbed(logs, log):
    logger, written = log(logs)
    logger.error("failed", exc_info=ValueError(EMAIL), stack_info=True)
    assert "ValueError: <EMAIL>" in written()
    assert "Stack (most recent call last)" in written()
    assert EMAIL not in written()


def test_extra_is_scrubbed_by_name_and_value_and_keeps_its_types(logs, log):
    logger, written = log(logs, "%(user)s %(attempt)d %(card)s")
    user = {"mail": EMAIL, "password": "hunter22", "tags": ["a", None]}
    logger.info("m", extra={"user": user, "attempt": 3, "card": 4111111111111111})
    assert written() == "{'mail': '<EMAIL>', 'password': '<PASSWORD>', 'tags': ['a', None]} 3 <CREDIT_DEBIT_CARD>\n"


def test_every_later_handler_gets_the_clean_record(logs, log):
    logger, _ = log(logs)
    seen = []
    later = logging.Handler()
    later.emit = seen.append
    logger.addHandler(later)
    logger.error("to %s", EMAIL, exc_info=ValueError(EMAIL), extra={"who": EMAIL})
    (record,) = seen
    assert EMAIL not in repr(vars(record))
    assert (record.msg, record.args, record.exc_info, record.who) == ("to <EMAIL>", None, None, "<EMAIL>")


class Unprintable:
    def __str__(self):
        raise RuntimeError(EMAIL)


@pytest.mark.parametrize(
    ("message", "argument", "extra"),
    [
        ("%d", EMAIL, {}),
        ("\ud800 %s", EMAIL, {}),
        ("%s", Unprintable(), {}),
        ("%s", EMAIL, {"who": Unprintable()}),
        ("%s", EMAIL, {"who": {(1, 2): "x"}}),
    ],
)
def test_a_message_that_cannot_be_scrubbed_is_withheld(logs, log, capsys, message, argument, extra):  # noqa: PLR0917
    logger, written = log(logs)
    logger.error(message, argument, extra=extra, exc_info=ValueError(EMAIL))
    assert written() == WITHHELD + "\n"
    assert EMAIL not in capsys.readouterr().err


def test_a_scrubber_that_fails_withholds_everything(log):
    def fail():
        raise DetectorFailed("gone")

    logger, written = log(Scrubber(model=NameDetector(fail)))
    logger.info("Ann")
    assert written() == WITHHELD + "\n"


def test_a_library_that_logs_while_it_works_for_us_has_its_line_withheld(log):
    detector = NameDetector()
    logger, written = log(Scrubber(model=detector))
    detector.meanwhile = lambda: logger.info("loading Ann") if not written() else None
    logger.info("Hello Ann")
    assert written().splitlines() == [WITHHELD, "Hello <FIRST_NAME>"]


def test_records_that_the_policy_drops_are_dropped(log):
    logger, written = log(Scrubber(DROPPING))
    logger.info("to %s", EMAIL)
    logger.info("next")
    assert written() == "next\n"


# --- structlog


@pytest.fixture
def events():
    """A structlog logger that scrubs: call with a scrubber, get logger and the list of what was rendered."""

    def make(own):
        rendered = []
        logger = structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[
                structlog.processors.add_log_level,
                ScrubProcessor(own),
                lambda _logger, _method, event: rendered.append(event) or "",
            ],
        )
        return logger, rendered

    return make


def test_events_are_scrubbed_by_name_and_value(logs, events):
    logger, rendered = events(logs)
    logger.info("signed in", mail=EMAIL, password="hunter22", attempt=3, who={"ip": "192.0.2.7"})
    assert rendered == [
        {
            "event": "signed in",
            "level": "info",
            "mail": "<EMAIL>",
            "password": "<PASSWORD>",
            "attempt": 3,
            "who": {"ip": "<IPV4>"},
        }
    ]


def test_exceptions_of_events_are_scrubbed_text(logs, events):
    logger, rendered = events(logs)
    logger.error("failed", exc_info=ValueError(EMAIL))
    assert "exc_info" not in rendered[0]
    assert rendered[0]["exception"].endswith("ValueError: <EMAIL>")


def test_an_event_that_cannot_be_scrubbed_is_withheld(logs, events):
    logger, rendered = events(logs)
    logger.info(EMAIL, who=Unprintable())
    logger.info("\ud800 ann@mail.example")
    assert rendered == [{"event": WITHHELD}] * 2


def test_events_that_the_policy_drops_are_dropped(events):
    logger, rendered = events(Scrubber(DROPPING))
    logger.info("to", mail=EMAIL)
    logger.info("next")
    assert [event["event"] for event in rendered] == ["next"]


def test_events_on_their_way_to_the_standard_librarys_formatter_stay_on_it(logs):
    record = logging.makeLogRecord({"msg": EMAIL})
    event = {"event": EMAIL, "_record": record, "_from_structlog": False}
    clean = ScrubProcessor(logs)(None, "info", event)
    assert clean == {"event": "<EMAIL>", "_record": record, "_from_structlog": False}


def test_the_spans_lie_in_the_original_text():
    text = "é: mail ann@mail.example from 192.0.2.7"
    spans = Scrubber("logs").scrub(text).spans
    assert [(text[span.start : span.end], span.label, span.rule) for span in spans] == [
        ("ann@mail.example", "email", "email"),
        ("192.0.2.7", "ipv4", "ipv4"),
    ]
