"""`scrubber quarantine`: look at what did not go on, and send it back, for whoever has the key."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import orjson

from scrubber.cli.asking import config_to_ask
from scrubber.cli.exits import Exit
from scrubber.cli.standard import file_lines
from scrubber.config import Config
from scrubber.config.keys import with_key_options
from scrubber.core.keys import NO_KEYS, KeyRing
from scrubber.core.quarantine import Envelope, EnvelopeError, read_envelope, unseal
from scrubber.core.records import Record
from scrubber.errors import Reason

_SOURCE = click.argument("source", metavar="[FILE]", required=False, type=click.Path(path_type=Path, allow_dash=True))
_KEYS = click.option(
    "--key", "key_options", metavar="ID=FILE", multiple=True, help="A key, in base64 in a file. Repeatable."
)
_TOPICS = click.option("--topic", "topics", multiple=True, help="Quarantine topic. Left out: those of all routes.")
_REASONS = click.option(
    "--reason",
    "reasons",
    multiple=True,
    type=click.Choice([reason.value for reason in Reason]),
    help="Only these reasons.",
)


@click.group
def command() -> None:
    """Show quarantined records, or send them back to the topics that they came from.

    Envelopes come from FILE (one in a line; `-` is standard input) or, without one, from the quarantine topics of the
    configuration.
    """


@command.command
@_SOURCE
@click.option("--config", "file", type=click.Path(path_type=Path), help="Configuration file (YAML): cluster and key.")
@_KEYS
@_TOPICS
@_REASONS
@click.option("--coordinates", is_flag=True, help="Leave the payloads encrypted.")
def show(
    *,
    source: Path | None,
    file: Path | None,
    key_options: tuple[str, ...],
    topics: tuple[str, ...],
    reasons: tuple[str, ...],
    coordinates: bool,
) -> int:
    """Print quarantined records, one JSON object in a line.

    With a key that includes what they hold: text as it is, other bytes in base64. Ends with 1 where something could
    not be opened.
    """
    config = config_to_ask(file) if file is not None else None
    keys = _keys(config, key_options)
    failed = False
    for envelope in _envelopes(source, config, topics, reasons):
        try:
            line = _line(envelope, NO_KEYS if coordinates else keys)
        except EnvelopeError as error:
            failed = True
            line = {**_coordinates(envelope), "problem": str(error)}
        click.echo(orjson.dumps(line))
    return Exit.FAILED if failed else Exit.OK


@command.command
@_SOURCE
@click.option("--config", "file", type=click.Path(path_type=Path), required=True, help="Configuration file (YAML).")
@_KEYS
@_TOPICS
@_REASONS
@click.option("--to", metavar="TOPIC", help="Send all of them to this topic instead.")
def replay(
    *,
    source: Path | None,
    file: Path,
    key_options: tuple[str, ...],
    topics: tuple[str, ...],
    reasons: tuple[str, ...],
    to: str | None,
) -> int:
    """Send quarantined records back to the topics that they came from, as they were.

    Nothing is removed from quarantine and nothing keeps a second run from sending again. Ends with 1 where records
    could not be opened; those that could are sent.
    """
    from scrubber.stream.replay import send_back  # noqa: PLC0415 - `show` of a file needs no Kafka client

    config = config_to_ask(file)
    keys = _keys(config, key_options)
    if not keys:
        raise click.UsageError("no key: give --key, or a quarantine key in the configuration")
    refused = 0

    def records() -> Iterator[Record]:
        nonlocal refused
        for envelope in _envelopes(source, config, topics, reasons):
            try:
                yield unseal(_whole(envelope), keys)
            except EnvelopeError as error:
                refused += 1
                click.echo(orjson.dumps({**_coordinates(envelope), "problem": str(error)}), err=True)

    sent = send_back(config.stream, records(), to)
    click.echo(f"sent back {sent}, could not open {refused}", err=True)
    return Exit.FAILED if refused else Exit.OK


def _keys(config: Config | None, options: tuple[str, ...]) -> KeyRing:
    return with_key_options(config.quarantine_keys if config is not None else NO_KEYS, options)


def _envelopes(
    source: Path | None, config: Config | None, topics: tuple[str, ...], reasons: tuple[str, ...]
) -> Iterator[Envelope | EnvelopeError]:
    """Yield envelopes, and the error in the place of one that cannot be read: the others must not wait for it."""
    for text in _texts(source, config, topics):
        try:
            envelope = read_envelope(text)
        except EnvelopeError as error:
            yield error
            continue
        if not reasons or envelope.reason in reasons:
            yield envelope


def _whole(envelope: Envelope | EnvelopeError) -> Envelope:
    if isinstance(envelope, EnvelopeError):
        raise envelope
    return envelope


def _texts(source: Path | None, config: Config | None, topics: tuple[str, ...]) -> Iterator[bytes]:
    if source is not None:
        yield from (line for line in file_lines(source) if line.strip())
        return
    if config is None:
        raise click.UsageError("nothing to read: give FILE or --config")
    from scrubber.stream.replay import envelopes, quarantine_topics  # noqa: PLC0415 - a file needs no Kafka client

    yield from envelopes(config.stream, topics or quarantine_topics(config.stream))


def _line(envelope: Envelope | EnvelopeError, keys: KeyRing) -> dict[str, Any]:
    whole = _whole(envelope)
    return {**_coordinates(whole), **(_content(unseal(whole, keys)) if keys else {})}


def _coordinates(envelope: Envelope | EnvelopeError) -> dict[str, Any]:
    if isinstance(envelope, EnvelopeError):
        return {}
    return {
        "reason": envelope.reason,
        "topic": envelope.source.topic,
        "partition": envelope.source.partition,
        "offset": envelope.source.offset,
        "timestamp_ms": envelope.source.timestamp_ms,
        "policy_digest": envelope.policy_digest,
    }


def _content(record: Record) -> dict[str, Any]:
    headers = [{"name": name, **_bytes("value", content)} for name, content in record.headers or ()]
    return {**_bytes("key", record.key), **_bytes("value", record.value), "headers": headers}


def _bytes(name: str, content: bytes | None) -> dict[str, str | None]:
    if content is None:
        return {name: None}
    try:
        return {name: content.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": b64encode(content).decode()}
