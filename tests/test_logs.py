"""Log lines: JSON or console, and never a value."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from scrubber.logs import LogSettings, set_up
from scrubber.telemetry import LogTelemetry, PartitionsAssigned

SECRET = "robin@mail.example"


class Stderr(io.TextIOWrapper):
    def __init__(self, tty):
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)
        self._tty = tty

    def isatty(self):
        return self._tty

    def text(self):
        return self.buffer.getvalue().decode()


@pytest.fixture
def stderr(monkeypatch):
    def install(settings, *, tty=False):
        stream = Stderr(tty)
        monkeypatch.setattr("sys.stderr", stream)
        set_up(settings)
        return stream

    return install


def test_a_happening_is_one_json_line(stderr):
    stream = stderr(LogSettings())
    LogTelemetry(structlog.get_logger()).emit(PartitionsAssigned(("app[0]",)))
    line = json.loads(stream.text())
    assert line["event"] == "partitions_assigned"
    assert line["partitions"] == ["app[0]"]
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_a_terminal_gets_console_lines(stderr):
    stream = stderr(LogSettings(), tty=True)
    structlog.get_logger().info("started", group="g")
    assert "started" in stream.text()
    assert not stream.text().startswith("{")
    assert stderr(LogSettings(format="console")).text() == ""


def test_the_level_holds(stderr):
    stream = stderr(LogSettings(level="warning"))
    structlog.get_logger().info("quiet")
    assert stream.text() == ""


def throw():
    raise ValueError(f"cannot parse {SECRET}")


@pytest.mark.parametrize("format_", ["json", "console"])
def test_an_exception_is_its_type_and_place_never_its_message(stderr, format_):
    stream = stderr(LogSettings(format=format_))
    try:
        throw()
    except ValueError as error:
        structlog.get_logger().exception("failed")
        structlog.get_logger().error("failed", exc_info=error)
        structlog.get_logger().error("failed", exc_info=(type(error), error, error.__traceback__))
    text = stream.text()
    assert SECRET not in text
    assert text.count("ValueError") == 3
    assert text.count(" throw") == 3


def test_what_libraries_log_is_the_template_without_arguments(stderr):
    stream = stderr(LogSettings(format="json"))
    try:
        throw()
    except ValueError:
        logging.getLogger("somebody").exception("cannot read %s", SECRET)
    logging.getLogger("somebody").info("not wanted %s", SECRET)
    line = json.loads(stream.text())
    assert line["template"] == "cannot read %s"
    assert line["library"] == "somebody"
    assert line["exception"] == "ValueError"
    assert SECRET not in stream.text()


def test_a_value_that_is_no_json_is_named_by_its_type(stderr):
    class Holder:
        def __repr__(self):
            return SECRET

    stream = stderr(LogSettings(format="json"))
    structlog.get_logger().info("odd", holder=Holder())
    assert SECRET not in stream.text()
    assert "Holder" in json.loads(stream.text())["holder"]


def test_a_log_that_nobody_reads_costs_no_worker(stderr):
    class FullDisk(io.BytesIO):
        def write(self, _):
            raise OSError(28, "no space left on device")

    class Broken:
        buffer = FullDisk()

        def isatty(self):
            return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr", Broken())
        set_up(LogSettings())
        structlog.get_logger().info("lost")
        Broken.buffer.close()
        structlog.get_logger().info("lost as well")
    stderr(LogSettings())
