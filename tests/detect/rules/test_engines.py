import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.detect.rules import databases, vectorscan
from scrubber.detect.rules import engine as engines
from scrubber.detect.rules.batch import Batch
from scrubber.detect.rules.load import load_rules
from scrubber.detect.rules.pattern import compile_exact
from scrubber.detect.rules.syntax import parse
from scrubber.detect.rules.tier import RuleTier
from scrubber.detect.rules.words import has_word
from scrubber.errors import DetectorFailed
from tests.detect.rules.corpus import texts


class Brute:
    """Every rule may hit everywhere."""

    name = "brute"

    def __init__(self, rules):
        self._rules = range(rules)

    def candidates(self, batch):
        buffers = enumerate(batch.buffers)
        return [(index, rule, 0, len(buffer) + 1) for index, buffer in buffers for rule in self._rules]


def test_vectorscan_the_re2_set_and_brute_force_give_the_same_hits(vectorscan, re2_set):
    brute = vectorscan.clone()
    brute._matchers, brute._quads = [*brute._matchers, *brute._quads], []
    brute._engine = Brute(len(brute._matchers))
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
    assert len(pattern) > databases.LARGE_EXPRESSION
    assert all(len(part) < databases.LARGE_EXPRESSION for part in databases._parts(pattern.encode()))
    engine = vectorscan.Vectorscan([pattern.encode(), b"other"])
    buffers = [f" {key}=1".encode() for key in keys]
    found = engine.candidates(Batch(buffers))
    assert [(buffer, rule) for buffer, rule, _, _ in found] == [(i, 0) for i in range(len(keys))]


SHAPES = (
    rb"(?:^|[^0-9])[0-9]{2}-[0-9](?:[^0-9]|$)",
    rb"[0-9]{3}",
    rb"[^a]1[^a]",
    rb"\n[0-9]",
    rb"(?:^|[^0-9])(?:1\n?)+-[^a]--",
)
judges = [compile_exact(b"(?m:" + shape + b")") for shape in SHAPES]
shaped = vectorscan.Vectorscan([*SHAPES, b"a1"], shapes=range(len(SHAPES)))


@given(st.lists(st.text("01-a\n\0", max_size=12).map(str.encode), max_size=12))
def test_no_rule_without_a_word_is_lost_between_the_two_passes(buffers):
    found = {(buffer, rule) for buffer, rule, _, _ in shaped.candidates(Batch(buffers))}
    must = {(i, rule) for i, text in enumerate(buffers) for rule, judge in enumerate(judges) if judge.search(text)}
    assert must <= found


def test_each_of_the_two_passes_must_read_to_the_end(monkeypatch):
    monkeypatch.setattr(engines, "CANARY", b"\x00no canary\x00")
    with pytest.raises(DetectorFailed, match="RE2"):
        shaped._any_shape.buffers(Batch([b"x"]))
    with pytest.raises(DetectorFailed, match="Vectorscan"):
        shaped._shapes.candidates(Batch([b"x"]))


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("user=[a-z]+", True),
        ("(?i:pw)\\d", True),
        ("[a-z]@[a-z]", True),
        ("[a-z]{1,64}@[a-z]", True),
        ("<[^<>@]{1,64}@[a-z]", False),
        ("(?:key|id)=\\d", True),
        ("(?:key)?\\d{3}", False),
        ("\\d{3}-\\d{2}", False),
        ("(?:key|\\d)=", False),
        ("a(?:^)b", True),
        ("\\d{6}(?:19|20)\\d{2}", False),
        ("\\d42-", True),
        ("\\d{15}\\|[a-z]", True),
    ],
)
def test_has_word(pattern, told):
    assert has_word(parse(pattern)) is told
