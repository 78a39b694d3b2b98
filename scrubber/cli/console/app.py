"""The console as an ASGI application: static files, and a small JSON interface under /api/."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, Protocol

import msgspec
import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from scrubber.cli.console.guard import Guard
from scrubber.cli.console.playground import Playground, Question
from scrubber.errors import ConfigError, DetectorError

STATIC: Final = resources.files("scrubber.cli.console").joinpath("static")
MAX_BODY_BYTES: Final = 1 << 20


class LiveView(Protocol):
    """What the live page reads."""

    def since(self, time: float) -> Mapping[str, Any]:
        """Return the samples that were taken after `time` (seconds since the epoch)."""
        ...


def application(playground: Playground, live: LiveView | None, *, version: str, token: str | None = None) -> Starlette:
    """Return the console. `live` None: there is no worker to look at."""

    async def index(_request: Request) -> Response:
        return FileResponse(str(STATIC.joinpath("index.html")))

    async def setup(_request: Request) -> Response:
        told = await run_in_threadpool(playground.setup)
        return _json({**told, "version": version, "live": live is not None})

    async def examine(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _problems(413, "the text is too long")
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _problems(415, "JSON is expected")
        try:
            question = msgspec.json.decode(body, type=Question)
            return _json(await run_in_threadpool(playground.answer, question))
        except (msgspec.DecodeError, UnicodeError):  # its message may quote the text
            return _problems(400, "not a question that the console understands")
        except ConfigError as error:
            return _problems(422, *map(str, error.problems))
        except DetectorError as error:
            return _problems(503, f"the detector could not answer ({type(error).__name__})")

    async def read_live(request: Request) -> Response:
        if live is None:
            return _problems(404, "there is no worker to look at")
        try:
            since = float(request.query_params.get("since", "0"))
        except ValueError:
            return _problems(400, "since is a time in seconds")
        return _json(await run_in_threadpool(live.since, since))

    return Starlette(
        routes=[
            Route("/", index),
            Route("/api/setup", setup),
            Route("/api/examine", examine, methods=["POST"]),
            Route("/api/live", read_live),
            Mount("/static", StaticFiles(directory=str(STATIC))),
        ],
        middleware=[Middleware(Guard, token=token)],
    )


async def _body(request: Request) -> bytes | None:
    """Return the body; None where it is too large, without reading the rest."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


def _problems(status: int, *problems: str) -> Response:
    return Response(orjson.dumps({"problems": problems}), status, media_type="application/json")
