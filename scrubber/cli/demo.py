"""`scrubber demo`: what happens to sample records, and on a real cluster the proof that it happens exactly once."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from scrubber.cli.exits import Exit
from scrubber.cli.samples import TEMPLATES, Sample, samples
from scrubber.cli.wiring import SILENT, Engine, open_detectors, single_policy_engine
from scrubber.config import ModelSection, load
from scrubber.core.records import Chunk, Quarantined, Record, at_once
from scrubber.errors import FatalStreamError
from scrubber.policies import load_policy
from scrubber.stream.clients import KafkaClients
from scrubber.stream.mock_cluster import MockCluster
from scrubber.stream.runner import Runner
from scrubber.stream.trial import Trial

MOCK_RECORDS = 20_000  # the mock cluster keeps 5 MiB of a partition
REAL_RECORDS = 60_000
CHUNK_RECORDS = 2_000
DEMO_SECS = 240.0
DRAIN_SECS = 40.0
LOOK_SECS = 0.05
FREE_TEXT = Sample(
    "free text",
    "Hello, this is Katrin Aalto. The parcel went to 12 Long Street, Springfield, but I have moved. Regards, Katrin",
    (),
)
RAW_STYLE, CLEAN_STYLE = "bold red", "bold green"


@click.command
@click.option("--bootstrap", metavar="ADDR", help="Kafka to run on. The demo removes its topics afterwards.")
@click.option("--records", type=click.IntRange(1_000), help="How many to send through.")
def command(*, bootstrap: str | None, records: int | None) -> int:
    """Scrub sample logs and tickets, and show what happens to them.

    With --bootstrap: exactly once, and proven: a worker is killed in the middle of a transaction, another takes over,
    and every input offset is counted in what came out. Without: at least once, on librdkafka's mock cluster, which
    has no transactions.
    """
    console = Console(highlight=False)
    with open_detectors(ModelSection(kind="embedded")) as detectors:
        show_samples(console, single_policy_engine(load_policy("logs"), detectors))
    engine = single_policy_engine(load_policy("logs"))
    if bootstrap is None:
        return on_mock_cluster(console, engine, records or MOCK_RECORDS)
    return on_real_cluster(console, bootstrap, records or REAL_RECORDS)


# -- what it does to a record ----------------------------------------------------------------------------------------


def show_samples(console: Console, engine: Engine) -> None:
    """Print one sample of each kind, raw and clean, with what was found in colour, and one audit event."""
    console.rule("raw and clean")
    shown = [*samples(len(TEMPLATES)), FREE_TEXT]
    records = [Record("demo", 0, number, -1, None, each.text.encode(), None) for number, each in enumerate(shown)]
    event = b""
    for each, record, outcome in zip(shown, records, engine.scrub(Chunk(records)).outcomes, strict=True):
        assert not isinstance(outcome, Quarantined), "A demo record in quarantine. This is a bug."
        _, value, _, audit = outcome.clean(record)
        redactions = orjson.loads(audit)["redactions"] if audit else []
        event = audit or event
        console.print(Text(each.kind, style="bold"))
        console.print(_coloured(each.text, [(r["start"], r["end"]) for r in redactions], RAW_STYLE))
        clean = (value or b"").decode()
        console.print(_coloured(clean, [(r["out_start"], r["out_end"]) for r in redactions], CLEAN_STYLE))
        console.print()
    console.rule("audit event of the last one with findings: where and what, never the value")
    console.print_json(event.decode())
    console.print("Names and addresses in free text were found by the embedded model.", style="dim")
    console.print(
        "What follows runs on rules alone: there are none in it, and the model would set the pace.", style="dim"
    )


def _coloured(text: str, spans: Sequence[tuple[int, int]], style: str) -> Text:
    coloured = Text(text)
    for start, end in spans:
        coloured.stylize(style, start, end)
    return coloured


# -- through a cluster -----------------------------------------------------------------------------------------------


def on_mock_cluster(console: Console, engine: Engine, count: int) -> int:
    """Run the worker on the mock cluster, at least once, in this process: what it prepares, a mock cannot answer."""
    console.rule("a worker on librdkafka's mock cluster")
    console.print("It has no transactions, so this run is at_least_once. `--bootstrap ADDR` proves exactly once.")
    names = Trial("", create=False)
    with MockCluster(names.topics) as bootstrap, Trial(bootstrap, prefix=names.prefix, create=False) as trial:
        planted = _fill(console, trial, count)
        with _configuration(trial, "at_least_once") as file:
            stream = load(file, {}).stream
        runner = Runner(
            stream, KafkaClients(stream), at_once(engine.scrub), seal=engine.seal, limits={}, telemetry=SILENT
        )
        worker = threading.Thread(target=runner.run)
        worker.start()
        try:
            _watch(console, trial, count, worker.is_alive)
        finally:
            runner.stop("demo")
            worker.join()
        _show_labels(console, trial)
        return _verdict(console, trial, planted)


def on_real_cluster(console: Console, bootstrap: str, count: int) -> int:
    """Run workers on a real cluster, exactly once, and kill the first one in the middle of a transaction."""
    console.rule(f"two workers on {bootstrap}, exactly once")
    with Trial(bootstrap) as trial:
        planted = _fill(console, trial, count)
        with _configuration(trial, "exactly_once") as file:
            _kill_one_in_a_transaction(console, trial, file)
            _work_to_the_end(console, trial, count, file)
        _show_labels(console, trial)
        return _verdict(console, trial, planted)


def _fill(console: Console, trial: Trial, count: int) -> list[tuple[str, ...]]:
    made = list(samples(count))
    trial.fill(each.text for each in made)
    console.print(f"{count:,} records are in topic {trial.source}.")
    return [each.planted for each in made]


def _kill_one_in_a_transaction(console: Console, trial: Trial, file: Path) -> None:
    deadline = time.monotonic() + DEMO_SECS
    with _worker(file) as worker:
        if not trial.wait_for_open_transaction(lambda: worker.poll() is not None or time.monotonic() > deadline):
            raise FatalStreamError("the first worker was never seen in a transaction")
        worker.kill()
        worker.wait()
    console.print("The first worker got SIGKILL while its transaction was open. A second one takes over.")


def _work_to_the_end(console: Console, trial: Trial, count: int, file: Path) -> None:
    with _worker(file) as worker:
        _watch(console, trial, count, lambda: worker.poll() is None)
        worker.send_signal(signal.SIGTERM)
        if worker.wait(DRAIN_SECS) != Exit.OK:
            raise FatalStreamError(f"the worker ended with {worker.returncode}")


def _watch(console: Console, trial: Trial, count: int, alive: Callable[[], bool]) -> None:
    """Show a progress bar until all is committed, and say how fast it went from the first commit on."""
    deadline = time.monotonic() + DEMO_SECS
    columns = (TextColumn("scrubbing"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(*columns, console=console) as progress:
        before = done = trial.committed()
        task = progress.add_task("", total=count, completed=done, rate="")
        began: float | None = None
        while done < count:
            if not alive() or time.monotonic() > deadline:
                raise FatalStreamError(f"the worker stopped at {done:,} of {count:,} records")
            time.sleep(LOOK_SECS)
            done = trial.committed()
            if began is None and done > before:
                began, before = time.monotonic(), done
            elif began is not None:
                rate = (done - before) / (time.monotonic() - began)
                progress.update(task, completed=done, rate=f"{rate:,.0f} records/s")


@contextmanager
def _configuration(trial: Trial, delivery: str) -> Iterator[Path]:
    settings = {
        "kafka": {
            "bootstrap_servers": trial.bootstrap,
            "group_id": trial.group,
            "session_timeout_ms": 6_000,  # how long the group waits for a killed worker
            **({"transactional_id": trial.prefix} if delivery == "exactly_once" else {}),
        },
        "delivery": delivery,
        "model": "none",
        "routes": [{"name": "demo", "topics": [trial.source]}],
        "chunk": {"max_records": CHUNK_RECORDS},
        "logging": {"level": "error"},
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "demo.yaml")
        file.write_text(yaml.safe_dump(settings))
        yield file


@contextmanager
def _worker(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The real worker in a process of its own; it never outlives the block."""
    command = [sys.executable, "-m", "scrubber.cli", "run", "--config", str(file)]
    worker = subprocess.Popen(command)  # noqa: S603 - our own interpreter and file
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def _show_labels(console: Console, trial: Trial) -> None:
    labels = Counter(
        redaction["label"] for event in trial.values(trial.audit) for redaction in orjson.loads(event)["redactions"]
    )
    table = Table("label", "redactions", title="what the audit topic tells")
    for label, times in labels.most_common():
        table.add_row(label, f"{times:,}")
    console.print(table)


def _verdict(console: Console, trial: Trial, planted: list[tuple[str, ...]]) -> int:
    """Count every input offset in what came out, and say whether the promise was kept."""
    count = trial.count(planted)
    once = f"{count.twice} twice" if trial.create else f"{count.twice} twice (at least once allows it)"
    console.print(
        f"{count.records_in:,} in, {count.clean + count.quarantined - count.repeated:,} out "
        f"({count.quarantined} in quarantine), {count.missing} missing, {once}, "
        f"{count.out_of_order} out of order, {count.raw} raw."
    )
    kept = not (count.missing or count.raw or (trial.create and (count.twice or count.out_of_order)))
    console.print(
        Text("The promise was kept." if kept else "THE PROMISE WAS BROKEN.", CLEAN_STYLE if kept else RAW_STYLE)
    )
    return Exit.OK if kept else Exit.FAILED
