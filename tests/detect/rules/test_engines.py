import threading

import pytest

from scrubber.detect.rules import RuleTier, builtin_rules, load_rules
from scrubber.detect.rules import engine as engines
from scrubber.errors import DetectorFailed
from tests.detect.rules.corpus import texts


class Brute:
    """Every rule may hit everywhere."""

    name = "brute"

    def candidates(self, buffers):
        rules = range(len(builtin_rules()))
        return [(index, rule, 0, len(buffer) + 1) for index, buffer in enumerate(buffers) for rule in rules]


def test_vectorscan_the_re2_set_and_brute_force_give_the_same_hits(vectorscan, re2_set):
    brute = vectorscan.clone()
    brute._engine = Brute()
    batch = texts(600, seed=1)
    expected = brute.find(batch)
    assert sum(map(len, expected)) > 300
    assert vectorscan.find(batch) == expected
    assert re2_set.find(batch) == expected


def test_a_batch_gives_what_its_buffers_give_one_by_one(vectorscan, re2_set):
    batch = [*texts(300, seed=2), b"", b"\n", b"\n\n", b""]
    for tier in (vectorscan, re2_set):
        assert tier.find(batch) == [tier.find([text])[0] for text in batch]


def test_nothing_is_found_in_nothing(vectorscan, re2_set):
    for tier in (vectorscan, re2_set):
        assert tier.find([]) == []
        assert tier.find([b""]) == [[]]


@pytest.mark.parametrize("engine", ["vectorscan", "re2"])
def test_an_engine_that_misses_its_canary_stops_the_worker(engine, monkeypatch):
    rules = load_rules("rules: [{id: a, label: pin, pattern: 'key(\\d+)', examples: ['key«1»']}]")
    tier = RuleTier(rules, engine=engine)
    monkeypatch.setattr(engines, "CANARY", b"\x00no canary\x00")
    with pytest.raises(DetectorFailed):
        tier.find([b"key1"])


def test_a_buffer_that_holds_the_canary_cannot_stand_in_for_it(monkeypatch):
    rules = load_rules("rules: [{id: a, label: pin, pattern: 'key(\\d+)', examples: ['key«1»']}]")
    tier = RuleTier(rules, engine="vectorscan")
    buffer = engines.CANARY + b" key1"
    assert [len(hits) for hits in tier.find([buffer])] == [1]
    monkeypatch.setattr(engines, "CANARY", b"\x00no canary\x00")
    with pytest.raises(DetectorFailed):
        tier.find([buffer])


def test_two_threads_scan_at_once_with_a_clone_each(vectorscan):
    batch = texts(300, seed=3)
    expected, found = vectorscan.find(batch), {}

    def scan(name, tier):
        found[name] = [tier.find(batch) for _ in range(5)]

    threads = [threading.Thread(target=scan, args=(name, vectorscan.clone())) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers == [expected] * 5 for answers in found.values())
    assert len(found) == 3


@pytest.mark.parametrize("head", ["(?:^|[^a-z])(?:{})", "(?:(?:^|[^a-z])(?:{})|[A-Z](?:{}))"])
def test_a_list_of_keys_that_is_too_long_for_one_expression_loses_none_of_them(head):
    keys = [f"k{number:04}" for number in range(700)]
    pattern = f"{head.replace('{}', '|'.join(keys))}=[0-9]"
    assert len(pattern) > engines.LARGE_EXPRESSION
    engine = engines.Vectorscan([pattern.encode(), b"other"])
    buffers = [f" {key}=1".encode() for key in keys]
    assert [(buffer, rule) for buffer, rule, _, _ in engine.candidates(buffers)] == [(i, 0) for i in range(len(keys))]
