"""Scrubbing at the source: a filter for the standard library's logging, and a processor for structlog.

Both fail closed: where a message cannot be scrubbed, whatever the reason, it is withheld, and says so.
"""

from __future__ import annotations

import json
import logging
from collections.abc import MutableMapping
from typing import Any, Final

from scrubber.api import Scrubber
from scrubber.errors import Reason

WITHHELD: Final = "<scrubber: message withheld>"

# What every log record has; the rest is the caller's `extra`.
_OWN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

# How structlog tells the standard library's formatter about its events; removed by it before anything is written.
_META: Final = ("_record", "_from_structlog")

_format = logging.Formatter()


class _DroppedError(Exception):
    """The policy drops the record."""


class _WithheldError(Exception):
    """A text cannot be shown to be clean."""


class ScrubFilter(logging.Filter):
    """Scrubs log records: message, traceback, stack and `extra`. Add it to handlers; a logger's filters do not see what
    its children log.

    The record itself is changed, so every later handler gets the clean one: the message is formatted and has no
    arguments any more, the exception is text, `extra` has plain JSON types. Records that the policy drops are dropped.
    """

    def __init__(self, scrubber: Scrubber) -> None:
        super().__init__()
        self._scrubber = scrubber

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub `record` in place; False where the policy drops it. Raises nothing."""
        try:
            message, traceback, stack, extra = self._scrubbed(record)
        except _DroppedError:
            return False
        except Exception:  # noqa: BLE001 - whatever it is, the text must not go on, and logging must not raise
            message, traceback, stack, extra = WITHHELD, "", "", {}
        for name in set(vars(record)) - _OWN:
            delattr(record, name)
        vars(record).update(extra)
        record.msg, record.args, record.message = message, None, message
        record.exc_info, record.exc_text, record.stack_info = None, traceback or None, stack or None
        return True

    def _scrubbed(self, record: logging.LogRecord) -> tuple[str, str, str, dict[str, Any]]:
        traceback = _format.formatException(record.exc_info) if record.exc_info else record.exc_text
        extra = {name: value for name, value in vars(record).items() if name not in _OWN}
        texts = [record.getMessage(), traceback or "", record.stack_info or "", _to_json(extra)]
        message, traceback, stack, extra_json = _scrub(self._scrubber, texts)
        return (
            message,
            traceback,
            stack,
            {name: value for name, value in json.loads(extra_json).items() if name not in _OWN},
        )


class ScrubProcessor:
    """Scrubs the events of structlog. Put it just before the renderer: what comes after it is not scrubbed."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._scrubber = scrubber

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Return the clean event: plain JSON types, the exception as text. Raises DropEvent where the policy does."""
        import structlog  # noqa: PLC0415 - the filter does without it

        meta = {name: event[name] for name in _META if name in event}
        rest = {name: value for name, value in event.items() if name not in meta}
        try:
            clean = json.loads(
                *_scrub(self._scrubber, [_to_json(structlog.processors.format_exc_info(logger, method, rest))])
            )
        except _DroppedError:
            raise structlog.DropEvent from None
        except Exception:  # noqa: BLE001 - whatever it is, the text must not go on, and logging must not raise
            clean = {"event": WITHHELD}
        return {**clean, **meta}


def _scrub(scrubber: Scrubber, texts: list[str]) -> list[str]:
    results = scrubber.scrub_many(texts)
    reasons = {result.reason for result in results} - {None}
    if Reason.POLICY_DROP in reasons:
        raise _DroppedError
    if reasons:
        raise _WithheldError
    return [result.text for result in results]


def _to_json(values: Any) -> str:
    """Return `values` as JSON: read as one, names are evidence for their values, and numbers are scanned too."""
    return json.dumps(values, default=str, ensure_ascii=False)
