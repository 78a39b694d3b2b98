"""How log lines look: JSON or console, on stderr, never with a value of a record.

Two doors are shut here. An exception in a log line is its type and where it was raised: messages of foreign exceptions
may quote what they choked on, tracebacks with locals certainly do. Log lines of libraries are their template, without
arguments.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, cast

import orjson

if TYPE_CHECKING:
    import structlog

_FRAMES: Final = 5


@dataclass(frozen=True, slots=True)
class LogSettings:
    """`auto` is console on a terminal, JSON elsewhere."""

    format: Literal["json", "console", "auto"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


def set_up(settings: LogSettings) -> None:
    """Set up structured logging for this process, and take over what libraries log."""
    import structlog  # noqa: PLC0415 - it takes rich with it, which a command that logs nothing does without

    console = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_exception,
            *((structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()), _encode) if console else (_json,)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", _Steadfast(sys.stderr.buffer))),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[LibraryLog()], level=_library_level(settings), force=True)


def name_exception(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Put type and innermost frames in the place of `exc_info`."""
    info = event.pop("exc_info", None)
    raised = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(raised, BaseException):
        event["exception"] = type(raised).__qualname__
        event["frames"] = frames(raised)
    return event


def frames(error: BaseException) -> list[str]:
    """Return where `error` was raised, innermost last: file, line and function, no source and no values."""
    innermost = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in innermost]


class LibraryLog(logging.Handler):
    """Passes on what libraries log through the standard library: the template only, since arguments may be anything."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one line."""
        import structlog  # noqa: PLC0415 - see above

        log = structlog.get_logger("scrubber.library")
        log.log(record.levelno, "library", library=record.name, template=str(record.msg), exc_info=record.exc_info)


def _json(_logger: Any, _method: str, event: structlog.typing.EventDict) -> bytes:
    return orjson.dumps(event, default=lambda value: type(value).__qualname__, option=orjson.OPT_NON_STR_KEYS)


def _encode(_logger: Any, _method: str, line: Any) -> bytes:
    return str(line).encode("utf-8", "backslashreplace")


class _Steadfast:
    """A stream whose errors are swallowed: the worker goes on when nobody reads its log, or the disk is full."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, line: bytes) -> int:
        """Write what can be written."""
        with contextlib.suppress(OSError, ValueError):  # ValueError: the stream is closed
            self._stream.write(line)
        return len(line)

    def flush(self) -> None:
        """Flush what can be flushed."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def _library_level(settings: LogSettings) -> int:
    return max(logging.WARNING, logging.getLevelNamesMapping()[settings.level.upper()])
