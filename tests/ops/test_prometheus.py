"""Workers on a real Kafka, scraped by a real Prometheus: every metric moves as told, every alert can fire, every panel
of the dashboard is answered.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
import yaml
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from scrubber.telemetry.catalogue import CATALOGUE, DEVICE_MEMORY, SHADOW_FAILURES, UNSCANNED
from tests.detect.models import LINES, Shape, save_gliner
from tests.kafka_lab.topics import Sent, produce, unique
from tests.ops.tools.prometheus import Prometheus
from tests.ops.tools.steps import run
from tests.ops.tools.system import program
from tests.stream.real_worker import WorkerProcess, group_of, new_route
from tests.telemetry.observability import ALERTS, alerts, dashboard, series_of

# What cannot move here: unscanned characters and a shadow that fails are bugs, and there is no GPU.
STAND_STILL = {UNSCANNED.name, SHADOW_FAILURES.name, DEVICE_MEMORY.name}

# Tried on the same records in shadow mode.
STERN = {"version": 1, "name": "stern", "extends": "logs", "labels": {"email": {"action": "drop_record"}}}
RECORDS = [line.encode() for line in LINES]

# Alert -> input series (one value a minute), minute at which it fires, minute at which it does not any more.
CASES = {
    "ScrubberUnscannedText": (['scrubber_unscanned_characters_total{instance="w"} 0x5 7x5 0x60'], 8, 15),
    "ScrubberFindsAfterRedaction": (['scrubber_verify_hits_total{instance="w"} 0x5 1x60'], 10, 40),
    "ScrubberStumbles": (
        ['scrubber_records_quarantined_total{instance="w", reason="internal_error"} 0x5 1x60'],
        10,
        40,
    ),
    "ScrubberPoliciesDiffer": (
        [
            'scrubber_policy_info{job="j", instance="a", policy="logs", digest="1"} 1x60',
            'scrubber_policy_info{job="j", instance="b", policy="logs", digest="2"} 1x30 _x30',
        ],
        20,
        45,
    ),
    "ScrubberReloadFailed": (['scrubber_reloads_total{instance="w", result="failed"} 0x5 1x60'], 10, 40),
    "ScrubberAbsent": (['scrubber_build_info{instance="w"} _x10 1x60'], 8, 15),
    "ScrubberStuck": (['scrubber_loop_age_seconds{instance="w", loop="detect"} 0x5 130x5 0x60'], 9, 15),
    "ScrubberNotReady": (['scrubber_ready{instance="w"} 0x15 1x60'], 12, 20),
    "ScrubberCommitsNothing": (
        [
            'scrubber_lag_records{instance="w", topic="app", partition="0"} 5x60',
            'scrubber_last_commit_timestamp_seconds{instance="w"} 0x20 1260x40',
        ],
        12,
        23,
    ),
    "ScrubberFallsBehind": (
        ['scrubber_lag_records{job="j", instance="w", topic="app", partition="0"} 10000+1000x60 0x20'],
        40,
        70,
    ),
    "ScrubberQuarantines": (
        [
            'scrubber_records_clean_total{job="j", instance="w"} 0+100x60',
            'scrubber_records_quarantined_total{job="j", instance="w", reason="undecodable"} 0+5x20 100x40',
        ],
        18,
        45,
    ),
    "ScrubberTransactionsAbort": (
        [
            'scrubber_transactions_committed_total{job="j", instance="w"} 0+10x60',
            'scrubber_transactions_aborted_total{job="j", instance="w", code="X"} 0+2x20 40x40',
        ],
        18,
        45,
    ),
    "ScrubberProducersRebuilt": (
        ['scrubber_producer_rebuilds_total{job="j", instance="w", code="slow transaction"} 0+1x5 5x60'],
        8,
        40,
    ),
    "ScrubberRebalances": (['scrubber_rebalances_total{job="j", instance="w", kind="lost"} 0+2x10 20x60'], 10, 50),
    "ScrubberCommitsSlowly": (
        [
            f'scrubber_stage_seconds_bucket{{job="j", instance="w", stage="commit", le="{le}"}} {values}'
            for le, values in {"2.5": "0x60", "5": "0+10x20 200x40", "+Inf": "0+10x20 200x40"}.items()
        ],
        18,
        45,
    ),
}


def test_the_rules_are_valid():
    assert f"{len(alerts())} rules found" in run(program("promtool", "prometheus"), "check", "rules", ALERTS)


def test_there_is_a_case_for_every_alert():
    assert list(CASES) == [alert.title for alert in alerts()]


def test_each_alert_fires_and_clears(tmp_path):
    tests = [
        {
            "interval": "1m",
            "name": alert,
            "input_series": [
                {"series": series, "values": values} for series, _, values in (each.partition("} ") for each in given)
            ],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)',
                    "eval_time": f"{minute}m",
                    "exp_samples": [{"labels": "{}", "value": firing}],
                }
                for minute, firing in ((0, 0), (fires, 1), (clears, 0))
            ],
        }
        for alert, (given, fires, clears) in CASES.items()
    ]
    for test in tests:
        for series in test["input_series"]:
            series["series"] += "}"
    file = tmp_path / "tests.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests}))
    run(program("promtool", "prometheus"), "test", "rules", file)


# -- workers, in the order of the tests: the last one looks back at all of them


class Scraped:
    """What the tests of this module look at: one Prometheus, and workers that come and go."""

    def __init__(self, prometheus, kafka, proxy, folder):
        self.prometheus, self.kafka, self.proxy, self.folder = prometheus, kafka, proxy, folder
        path = save_gliner(folder / "model", Shape(layers=1, positions=1_024))
        self.model = {"kind": "gliner", "path": str(path), "device": "cpu"}

    @contextmanager
    def worker(self, config):
        """A worker that Prometheus scrapes, from when it has said where it listens."""
        with WorkerProcess(self.folder, {"http": {"enabled": True, "port": 0}, **config}) as worker:
            worker.until(lambda: said(worker, "http_serving"))
            worker.port = said(worker, "http_serving")[0]["port"]
            self.prometheus.add(worker.port)
            yield worker


def said(worker, event):
    lines = [json.loads(line) for line in worker.said.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def ask(worker, path):
    connection = HTTPConnection("127.0.0.1", worker.port, timeout=10)
    connection.request("GET", path)
    return connection.getresponse().status


@pytest.fixture(scope="module")
def scraped(proxied_kafka, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    kafka, proxy = proxied_kafka
    with Prometheus(folder, ALERTS) as prometheus:
        yield Scraped(prometheus, kafka, proxy, folder)


def the_numbers_are_those_of_the_records(scraped):
    bootstrap, prometheus, folder = scraped.kafka.internal_bootstrap, scraped.prometheus, scraped.folder
    route = new_route(bootstrap, partitions=3)._replace(policy="own")
    policy, rules = folder / "policy.yaml", folder / "rules.yaml"
    policy.write_text(yaml.safe_dump({"version": 1, "name": "own", "extends": "logs"}))
    residual = {"id": "after", "label": "after", "pattern": r"\bvia <\*+>", "examples": ["it came «via <*****>»"]}
    rules.write_text(yaml.safe_dump({"rules": [residual]}))
    stern = folder / "stern.yaml"
    stern.write_text(yaml.safe_dump(STERN))
    policies = {"own": {"file": str(policy)}, "stern": {"file": str(stern)}}
    config = group_of(bootstrap, route, model="none", policies=policies, rules=[str(rules)])
    config["routes"][0]["shadow"] = "stern"
    clean = [b"user robin%d@mail.example logged in" % number for number in range(600)]
    broken = [b"\xff\xfe broken"] * 5
    after = [b"mail via robin@mail.example"] * 2
    with scraped.worker(config) as worker:
        at = f'{{instance="127.0.0.1:{worker.port}"}}'
        worker.until(lambda: ask(worker, "/readyz") == 200)
        assert ask(worker, "/healthz") == 200
        produce(bootstrap, route.topics[0], [Sent(value, b"key") for value in [*clean, *broken, *after]])
        worker.until_committed(607)
        told = {
            "scrubber_records_clean_total": 600,
            "scrubber_records_read_total": 607,
            "scrubber_read_bytes_total": sum(map(len, [*clean, *broken, *after])) + 607 * 3,
            "scrubber_clean_bytes_total": 600 * len("user <EMAIL> logged in" + "key"),
            "scrubber_records_stale_total": 0,
            "scrubber_audit_events_total": 600,
            "scrubber_verify_hits_total": 2,
            "scrubber_unscanned_characters_total": 0,
            "scrubber_partitions_assigned": 3,
            "scrubber_ready": 1,
            "scrubber_chunk_records_sum": 607,
        }
        prometheus.settles({name + at: value for name, value in told.items()})
        tried = {
            'scrubber_shadow_records_total{shadow="stern", result="different"}': 602,
            'scrubber_shadow_records_total{shadow="stern", result="same"}': 5,
            'scrubber_shadow_redactions_total{label="email", side="policy"}': 600,
            'scrubber_shadow_quarantined_records_total{reason="policy_drop", side="shadow"}': 602,
        }
        prometheus.settles(tried)
        by_reason = prometheus.query(f"sum by (reason) (scrubber_records_quarantined_total{at} > 0)")
        assert by_reason == {(("reason", "undecodable"),): 5, (("reason", "residual"),): 2}
        redactions = prometheus.query(f"sum by (label, detector, action) (scrubber_redactions_total{at})")
        assert redactions == {(("action", "replace"), ("detector", "rules"), ("label", "email")): 600}
        assert prometheus.value(f"scrubber_transactions_committed_total{at}") == prometheus.value(
            f"scrubber_chunk_records_count{at}"
        )
        assert time.time() - prometheus.value(f"scrubber_last_commit_timestamp_seconds{at}") < 120
        prometheus.until(f"count(scrubber_lag_records{at} == 0)", lambda value: value == 3)
        prometheus.until(f"max(scrubber_loop_age_seconds{at})", lambda value: value < 5)

        digest = prometheus.query(f"scrubber_policy_info{at}")
        policy.write_text(yaml.safe_dump({"version": 1, "name": "own", "extends": "strict"}))
        prometheus.until(f'scrubber_reloads_total{{result="ok", {at[1:]}', lambda value: value == 1)
        assert prometheus.query(f"scrubber_policy_info{at}") != digest
        assert prometheus.value(f"scrubber_policy_info{at}") == 1
        policy.write_text("version: wrong")
        prometheus.until(f'scrubber_reloads_total{{result="failed", {at[1:]}', lambda value: value == 1)
        prometheus.until('ALERTS{alertname="ScrubberReloadFailed", alertstate="firing"}', lambda value: value == 1)

        worker.process.terminate()
        assert worker.wait() == 0


def a_model_tells_of_batches_padding_and_its_cache(scraped):
    """And its partitions go to another worker while it is busy: what it has not committed of them is stale.

    All of them go when another one comes (`range`), so that work is waiting for one that goes.
    """
    bootstrap, prometheus = scraped.kafka.internal_bootstrap, scraped.prometheus
    route = new_route(bootstrap, partitions=4)
    alone = group_of(bootstrap, route, model="none", chunk={"max_records": 50}, kafka={"assignment": "range"})
    config = {**alone, "model": {**scraped.model, "cache": "off"}}
    cached = {**alone, "model": scraped.model}
    helping = {**alone, "kafka": {**alone["kafka"], "transactional_id": unique("helper")}}
    with scraped.worker(cached) as worker:
        assert ask(worker, "/readyz") == 503
        at = f'{{instance="127.0.0.1:{worker.port}"}}'
        produce(bootstrap, route.topics[0], RECORDS * 20)
        worker.until_committed(len(RECORDS) * 20)
        assert ask(worker, "/readyz") == 200
        prometheus.until(f'scrubber_cache_texts_total{{result="hit", {at[1:]}', lambda value: value > 0)
        assert 0 < prometheus.value(f"scrubber_model_tokens_total{at} / scrubber_model_padded_tokens_total{at}") <= 1
        missed = f'scrubber_cache_texts_total{{result="miss", {at[1:]}'
        assert prometheus.value(f"scrubber_cache_entries{at} / on (instance) {missed}") == 1
        assert prometheus.value(f"scrubber_model_info{at}") == 1
        worker.process.terminate()
        assert worker.wait() == 0
    with scraped.worker(config) as worker:
        at = f'{{instance="127.0.0.1:{worker.port}"}}'
        prometheus.until(f"scrubber_ready{at}", lambda value: value == 1)
        with scraped.worker(helping):

            def gave_up_partitions_with_work_waiting(stale):
                if not prometheus.value(f'scrubber_rebalances_total{{kind="revoked", {at[1:]}'):
                    produce(bootstrap, route.topics[0], RECORDS * 1_000)  # busy until the other one has come
                return stale > 0

            prometheus.until(f"scrubber_records_stale_total{at}", gave_up_partitions_with_work_waiting)


def trouble_with_the_brokers_is_told(scraped):
    """A worker behind a proxy that swallows everything for longer than the group waits for it, and another one."""
    inside, outside, prometheus = scraped.kafka.internal_bootstrap, scraped.kafka.bootstrap, scraped.prometheus
    route = new_route(inside, partitions=4)
    timing = {"max_poll_interval_ms": 40_000, "transaction_timeout_ms": 4_000}
    config = group_of(inside, route, model="none", watchdog_secs=60, slow_transaction_secs=2, kafka=timing)
    outer = {**config, "kafka": {**config["kafka"], "bootstrap_servers": outside, "transactional_id": unique("outer")}}
    produced = 0
    with scraped.worker(config) as steady, scraped.worker(outer) as shaken:
        shaken.until(lambda: said(shaken, "partitions_assigned"))
        at = f'{{instance="127.0.0.1:{shaken.port}"}}'
        wanted = (
            f'scrubber_rebalances_total{{kind="lost", {at[1:]}',
            f"scrubber_client_errors_total{at}",
            f"scrubber_producer_rebuilds_total{at}",
            f"scrubber_rewinds_total{at}",
        )
        for _ in range(8):
            for batch in range(20):
                produce(inside, route.topics[0], [b"user robin@mail.example"] * 50)
                produced += 50
                time.sleep(0.05)
                if batch == 10:
                    scraped.proxy.hold()
            time.sleep(10)
            scraped.proxy.restore()
            time.sleep(5)
            if all(map(prometheus.value, wanted)):
                break
        assert {each: prometheus.value(each) > 0 for each in wanted} == dict.fromkeys(wanted, True)
        steady.until(lambda: steady.committed() >= produced, 180)


def an_aborted_transaction_is_told_with_its_code(scraped):
    """The broker's limit for a topic is lowered while the worker runs: it learns that from the abort."""
    bootstrap, prometheus = scraped.kafka.internal_bootstrap, scraped.prometheus
    route = new_route(bootstrap)
    with scraped.worker(group_of(bootstrap, route, model="none")) as worker:
        at = f'instance="127.0.0.1:{worker.port}"'
        produce(bootstrap, route.topics[0], [b"small"])
        worker.until_committed(1)
        limit = ConfigEntry("max.message.bytes", "2000", incremental_operation=AlterConfigOpType.SET)
        admin = AdminClient({"bootstrap.servers": bootstrap})
        resource = ConfigResource(ResourceType.TOPIC, route.clean, incremental_configs=[limit])
        for future in admin.incremental_alter_configs([resource]).values():
            future.result(30)
        produce(bootstrap, route.topics[0], [os.urandom(4_000).hex().encode()])
        worker.until_committed(2)
        aborted = f'scrubber_transactions_aborted_total{{code="MSG_SIZE_TOO_LARGE", {at}}}'
        prometheus.until(f"count_over_time({aborted}[1m])", lambda scrapes: scrapes > 2)
        prometheus.until(f'scrubber_records_quarantined_total{{reason="too_large", {at}}}', lambda n: n == 1)


def every_metric_has_moved(scraped):
    stood = [
        metric.name
        for metric in CATALOGUE
        if not scraped.prometheus.query(
            f"max_over_time({metric.name}{'_count' if metric.kind == 'histogram' else ''}[1h]) > 0"
        )
    ]
    assert set(stood) <= STAND_STILL


def every_panel_is_answered(scraped):
    """With all variables at "All", as Grafana fills them in, while a worker with a model is at work."""
    bootstrap = scraped.kafka.internal_bootstrap
    route = new_route(bootstrap)
    with scraped.worker(group_of(bootstrap, route, model=scraped.model)) as worker:
        at = f'{{instance="127.0.0.1:{worker.port}"}}'
        produce(bootstrap, route.topics[0], RECORDS)
        worker.until_committed(len(RECORDS))
        scraped.prometheus.until(f"count(scrubber_lag_records{at})", lambda value: value == 1)
        assert [panel.title for panel in dashboard() if not _answered(scraped.prometheus, panel.expression)] == []


def _answered(prometheus, expression):
    filled_in = expression.replace("$__rate_interval", "20m").replace("$__range", "1h")
    answer = prometheus.query(filled_in.replace("$job", ".+").replace("$instance", ".+"))
    return answer or STAND_STILL & {name for name, _ in series_of(expression)}


def every_rule_is_healthy(scraped):
    told = {rule["name"]: rule["health"] for rule in scraped.prometheus.rules()}
    assert told == dict.fromkeys((alert.title for alert in alerts()), "ok")


@pytest.mark.kafka
@pytest.mark.gliner
def test_every_metric_moves_as_told_and_every_panel_is_answered(scraped):
    the_numbers_are_those_of_the_records(scraped)
    a_model_tells_of_batches_padding_and_its_cache(scraped)
    trouble_with_the_brokers_is_told(scraped)
    an_aborted_transaction_is_told_with_its_code(scraped)
    every_metric_has_moved(scraped)
    every_panel_is_answered(scraped)
    every_rule_is_healthy(scraped)
