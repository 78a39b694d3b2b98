"""`scrubber console`: a page to try policies on, and to look at a worker.

    app.py         routes
    guard.py       who may ask, and what the browser is told to forbid
    playground.py  what a draft of a policy makes of a text
    drafts.py      a policy as the page's controls have it, and as YAML
    beside.py      the console in the process of `scrubber run`
    live.py        the worker's metrics, for the page that draws them
    server.py      the listening end
    static/        the page: no build step, nothing fetched from elsewhere

What needs the extra `scrubber[console]` is imported when the command runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from scrubber.cli.choices import section_of
from scrubber.cli.exits import Exit
from scrubber.cli.wiring import open_detectors
from scrubber.config.console import from_options
from scrubber.config.keys import with_key_options
from scrubber.config.rules import all_rules
from scrubber.config.schema import ModelSection
from scrubber.core.keys import NO_KEYS
from scrubber.detect.runtime.extras import require

_FILE = click.Path(path_type=Path)


@click.command
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8600, show_default=True, type=click.IntRange(0, 65_535), help="0: a free one.")
@click.option("--token-file", type=_FILE, help="File with the token that every question must come with.")
@click.option("--policy", "policies", metavar="NAME|FILE", multiple=True, help="Offered first. Repeatable.")
@click.option("--rules", metavar="FILE", type=_FILE, multiple=True, help="Rules of your own (YAML). Repeatable.")
@click.option("--key", metavar="ID=FILE", multiple=True, help="Key for the policy's actions. Repeatable.")
@click.option("--model", "models", metavar="NAME|DIR", multiple=True, help="A model to offer. Repeatable.")
@click.option("--rules-only", is_flag=True, help="Offer no model.")
@click.option("--metrics-url", metavar="URL", help="Look at the worker whose metrics are there (http, https).")
def command(
    *,
    host: str,
    port: int,
    token_file: Path | None,
    policies: tuple[str, ...],
    rules: tuple[Path, ...],
    key: tuple[str, ...],
    models: tuple[str, ...],
    rules_only: bool,
    metrics_url: str | None,
) -> int:
    """Serve a page to try policies on, and to look at a worker.

    Text that is typed in stays in this process and is forgotten with the answer. Other addresses than loopback need a
    token, from a file or from SCRUBBER_CONSOLE_TOKEN.
    """
    for module in ("starlette", "uvicorn"):
        require(module, "console", "console")
    from scrubber.cli.console import server  # noqa: PLC0415 - an optional extra
    from scrubber.cli.console.build import console, offered  # noqa: PLC0415 - same
    from scrubber.cli.console.live import Watcher, from_url, is_web_address  # noqa: PLC0415 - same

    if models and rules_only:
        raise click.UsageError("--model and --rules-only exclude each other")
    if metrics_url is not None and not is_web_address(metrics_url):
        raise click.UsageError("--metrics-url is an address that begins with http:// or https://")
    settings = from_options(host, port, token_file, os.environ)
    keys = with_key_options(NO_KEYS, key)
    bases, all_of_them = offered(policies, keys), all_rules(rules, "--rules")
    sections = [] if rules_only else list(_sections(models))
    with ExitStack() as stack:
        opened = {name: stack.enter_context(open_detectors(section))[0] for name, section in sections}
        watcher = Watcher(from_url(metrics_url)) if metrics_url is not None else None
        if watcher is not None:
            stack.enter_context(watcher.watching())
        app = console(bases, all_of_them, opened, keys, live=watcher, token=settings.token)
        listening = stack.enter_context(server.listen(settings.host, settings.port))
        click.echo(f"console on {server.url(listening)}", err=True)
        server.serve(app, listening)
    return Exit.OK


def _sections(models: Sequence[str]) -> Iterator[tuple[str, ModelSection]]:
    """Yield the models to open, by name: those named, else the one that the other commands use."""
    for name in models:
        yield name, section_of(name)
    default = section_of(None)
    if not models and default.kind != "none":
        yield default.path or default.kind, default
