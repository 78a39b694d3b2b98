"""A real Prometheus that scrapes workers once a second, and what it answers."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import yaml

from tests.kafka_lab.ports import free_port
from tests.ops.tools.system import program

START_SECS = 60
WAIT_SECS = 180


class Prometheus:
    """Runs while the `with` block does. Workers are added while it runs."""

    def __init__(self, folder: Path, rules: Path) -> None:
        self._program = program("prometheus", "prometheus")
        self._folder = folder
        self._targets = folder / "targets.json"
        self._port = free_port()
        self._workers: list[str] = []
        self._write_targets()
        scrape = {
            "job_name": "scrubber",
            "file_sd_configs": [{"files": [str(self._targets)], "refresh_interval": "1s"}],
        }
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [scrape],
        }
        self._config = folder / "prometheus.yaml"
        self._config.write_text(yaml.safe_dump(settings))

    def add(self, port: int) -> None:
        """Scrape the worker at this port from now on."""
        self._workers.append(f"127.0.0.1:{port}")
        self._write_targets()

    def query(self, expression: str) -> dict[tuple[tuple[str, str], ...], float]:
        """Return the value of each series, by its labels; raises where Prometheus does not accept the query."""
        data = self._ask("query", query=expression)
        if data["resultType"] == "scalar":
            return {(): float(data["result"][1])}
        return {tuple(sorted(each["metric"].items())): float(each["value"][1]) for each in data["result"]}

    def value(self, expression: str) -> float:
        """Return the sum of what a query answers, 0 where it answers nothing."""
        return sum(self.query(expression).values())

    def until(self, expression: str, condition: Callable[[float], bool], secs: float = WAIT_SECS) -> float:
        """Wait until the sum of what the query answers is as it should be; returns it."""
        deadline = time.monotonic() + secs
        while not condition(value := self.value(expression)):
            assert time.monotonic() < deadline, f"{expression} is {value} after {secs} s"
            time.sleep(0.5)
        return value

    def settles(self, told: Mapping[str, float], secs: float = WAIT_SECS) -> None:
        """Wait until all these queries are answered so: what is told of one moment may be spread over two scrapes."""
        deadline = time.monotonic() + secs
        while (values := {expression: self.value(expression) for expression in told}) != told:
            assert time.monotonic() < deadline, f"{values} after {secs} s, not {told}"
            time.sleep(0.5)

    def rules(self) -> Iterator[dict[str, Any]]:
        """Yield every rule, with its health and its alerts."""
        for group in self._ask("rules")["groups"]:
            yield from group["rules"]

    def _ask(self, what: str, **parameters: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("GET", f"/api/v1/{what}?{urlencode(parameters)}")
        answer = json.loads(connection.getresponse().read())
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def _write_targets(self) -> None:
        self._targets.write_text(json.dumps([{"targets": self._workers}]))

    def __enter__(self) -> Self:
        log = (self._folder / "prometheus.log").open("wb")
        self._process = subprocess.Popen(
            [
                self._program,
                f"--config.file={self._config}",
                f"--storage.tsdb.path={self._folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self._port}",
                "--query.lookback-delta=10s",
            ],
            stdout=log,
            stderr=log,
        )
        deadline = time.monotonic() + START_SECS
        while True:
            try:
                self.query("1")
            except (OSError, ValueError):
                assert self._process.poll() is None, (self._folder / "prometheus.log").read_text()
                assert time.monotonic() < deadline, "Prometheus does not answer"
                time.sleep(0.2)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)
