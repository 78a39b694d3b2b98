"""The headers of a message, where the client can tell them.

Their names are bytes to Kafka and text to the Python client. Where one is no UTF-8, `Message.headers()` of 2.16 returns
a list with a hole and an exception beside it, which nobody need notice after a plain call; a second call returns the
list alone. So it is called once, in a way that does notice.
"""

from __future__ import annotations

from operator import methodcaller
from typing import Any, Final, cast

from scrubber.core.records import Headers

_UNREADABLE: Final[Headers] = [("unreadable", b"\xff")]

_ask = methodcaller("headers")


def headers_of(message: Any) -> Headers | None:
    """Return the headers of `message`. In the place of unreadable ones stands one whose value is no UTF-8 either: it
    sends the record to quarantine.
    """
    try:
        return cast("Headers | None", _ask(message))
    except SystemError:
        return _UNREADABLE
