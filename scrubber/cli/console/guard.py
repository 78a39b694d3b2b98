"""Who may ask the console what, and what every answer says to the browser.

Rule 1: without a token only this machine's own names are answered, so that no page elsewhere can reach the console by
a name of its own. Rule 2: with a token, nothing under /api/ is answered without it. Rule 3: what goes wrong is told by
its type: a message may quote what was typed.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names of this machine for itself, as they stand in a Host header."""

API: Final = "/api/"


class Guard:
    """Stands before the application. `token` None: loopback only."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token.encode() if token is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _with_headers(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, answer)
            return
        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - nobody else may print it: its message may quote a text
            structlog.get_logger("scrubber").error("console_failed", error=type(error).__qualname__)
            await JSONResponse({"problems": ["the console could not answer"]}, 500)(scope, receive, answer)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        if self._token is None and _host(headers) not in LOOPBACK:
            return JSONResponse({"problems": ["this console answers to localhost only"]}, 403)
        if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"} and scope["path"].startswith(API):
            return JSONResponse({"problems": ["asked by another page"]}, 403)
        if self._token is None or not scope["path"].startswith(API):
            return None
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(given.encode(), self._token):
            return None
        return JSONResponse({"problems": ["a token is needed"]}, 401, {"WWW-Authenticate": "Bearer"})


def _host(headers: Headers) -> str:
    """Return the Host header without its port."""
    host = headers.get("host", "")
    return host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return answer
