"""Promise 7 and the traps: the same answer however texts are batched, and the right one where the library is not."""

import itertools
import random
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubber.core.spans import Span
from scrubber.detect.detector import Plan
from scrubber.detect.gliner import engine as engine_module
from scrubber.detect.gliner.device_thread import DeviceThread
from scrubber.detect.gliner.engine import CPU, CUDA, Tuning
from scrubber.detect.gliner.loader import load_gliner
from scrubber.detect.models import on_device
from scrubber.detect.options import ModelOptions
from scrubber.detect.worker import DeviceWorker
from scrubber.errors import ConfigError, DetectorFailed, DetectorOverloaded
from tests.detect.models import LABELS, LINES, Shape, save_gliner

pytestmark = pytest.mark.gliner
ANSI = "\x1b[32m2031-01-02 INFO\x1b[0m user Hugo Mueller logged in from 192.0.2.23 - ssn 900-12-3456"
PLAN = Plan(LABELS, (0.3,) * len(LABELS))
TEXTS = st.lists(
    st.sampled_from([*LINES, ANSI, "", "🚀♥\ufe0f♥\ufe0f Ada Lovelace", "broken \ud83d", LINES[0] * 12])
    | st.text(st.characters(codec=None), max_size=60),
    max_size=8,
)
ROUND = st.sampled_from([1, 8, 16])
TUNINGS = st.builds(Tuning, st.integers(1, 4000), ROUND, ROUND, st.integers(0, 3))


@pytest.fixture(scope="module", params=["bert", "deberta"])
def engine(request, tmp_path_factory):
    folder = save_gliner(tmp_path_factory.mktemp(request.param), Shape(backbone=request.param, max_len=48))
    engine = load_gliner(folder, ModelOptions())
    engine.warm_up()
    return engine


def places(texts):
    return [[(span.start, span.end, span.label) for span in text] for text in texts]


def scores(texts):
    return pytest.approx([span.score for text in texts for span in text], abs=1e-5)


def assert_same(found, expected):
    assert places(found) == places(expected)
    assert [span.score for text in found for span in text] == scores(expected)


# The score of a span that is right at a threshold, or level with its rival, may fall either way with the rounding of
# another batch shape; random weights and a fixed seed keep these examples clear of both.
QUICK = settings(
    max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUICK
@given(texts=TEXTS, tuning=TUNINGS)
def test_any_batching_gives_the_answer_of_one_text_at_a_time(engine, monkeypatch, texts, tuning):
    expected = [engine.detect([text], PLAN)[0] for text in texts]
    with monkeypatch.context() as patch:
        patch.setattr(engine, "_tuning", tuning)
        assert_same(engine.detect(texts, PLAN), expected)


@QUICK
@given(texts=TEXTS, seed=st.integers(0, 9))
def test_any_order_gives_the_same_answer_for_each_text(engine, texts, seed):
    order = random.Random(seed).sample(range(len(texts)), len(texts))
    expected = engine.detect(texts, PLAN)
    assert_same(engine.detect([texts[at] for at in order], PLAN), [expected[at] for at in order])


def test_the_device_thread_gives_the_same_answer(engine, monkeypatch):
    expected = engine.detect(LINES, PLAN)
    monkeypatch.setattr(engine, "close", lambda: None)
    worker = DeviceWorker(engine)
    futures = [worker.submit(LINES, PLAN) for _ in range(3)]
    assert all(future.result(5) == expected for future in futures)
    worker.close()


@QUICK
@given(texts=TEXTS, seed=st.integers(0, 9), shape=st.tuples(st.integers(2, 4), st.booleans(), st.integers(0, 3)))
def test_threads_that_share_the_device_each_get_the_answer_of_one_alone(engine, monkeypatch, texts, seed, shape):
    threads, queues, queued = shape
    monkeypatch.setattr(engine, "close", lambda: None)
    monkeypatch.setattr(engine, "_model", DeviceThread(engine._model._model, queues=queues))
    monkeypatch.setattr(engine, "_tuning", CPU._replace(queued=queued, max_batch_tokens=400))
    plans = [PLAN, Plan(LABELS[:3], (0.4, 0.3, 0.2))]
    expected = {plan: engine.detect(texts, plan) for plan in plans}
    dice = random.Random(seed)
    jobs = [(dice.choice(plans), dice.sample(range(len(texts)), dice.randint(0, len(texts)))) for _ in range(6)]
    worker = DeviceWorker(engine)
    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(lambda job: worker.detect([texts[at] for at in job[1]], job[0]), jobs))
    worker.close()
    for (plan, places_of_job), found in zip(jobs, answers, strict=True):
        assert_same(found, [expected[plan][at] for at in places_of_job])


@QUICK
@given(texts=TEXTS, cuts=st.lists(st.integers(0, 8), max_size=4), memory=st.sampled_from(["off", "exact"]))
def test_what_a_cache_holds_changes_no_answer(engine, monkeypatch, texts, cuts, memory):
    monkeypatch.setattr(engine, "close", lambda: None)
    detector = on_device(engine, memory=memory, max_bytes=2_000)
    expected = engine.detect(texts, PLAN)
    for cut in cuts:
        detector.detect(texts[cut:], PLAN)
    assert_same(detector.detect(texts, PLAN), expected)
    detector.close()


@QUICK
@given(text=st.text(st.characters(codec=None) | st.sampled_from("\x1b\ufe0f\u200b \n-_"), max_size=80))
def test_spans_lie_within_the_text_on_whole_words(engine, text):
    (found,) = engine.detect([text], Plan(LABELS, (0.05,) * len(LABELS)))
    for span in found:
        assert 0 <= span.start < span.end <= len(text)
        assert not text[span.start].isspace()
        assert not text[span.end - 1].isspace()
    ends = [0, *(span.end for span in found)]
    assert all(span.start >= end for span, end in zip(found, ends, strict=False))


@pytest.mark.parametrize("char", ["\x1b", "\x07", "\x7f", "\x00", "\ufe0f", "\u200b"])
def test_invisible_characters_shift_nothing(engine, char):
    text = f"{char}[32m user{char} Ada Lovelace{char} ssn 900-12-3456 {char} from 192.0.2.17"
    found = engine.detect([text], PLAN)
    assert found == engine.detect([text.replace(char, " ")], PLAN)
    assert found != [[]]


def test_an_ansi_line_reads_like_the_line_without_colours(engine):
    (coloured,) = engine.detect([ANSI], PLAN)
    assert coloured == engine.detect([ANSI.replace("\x1b", " ")], PLAN)[0] != []


def test_a_lone_surrogate_costs_nobody_anything(engine):
    found = engine.detect(["broken \ud83d escape", *LINES], PLAN)
    assert_same(found[1:], engine.detect(LINES, PLAN))


def test_labels_none_one_twice_and_with_the_markers_own_name(engine):
    assert engine.detect(LINES[:2], Plan((), ())) == [[], []]
    once = engine.detect(LINES[:2], Plan(("ssn",), (0.1,)))
    assert once == engine.detect(LINES[:2], Plan(("ssn", "ssn"), (0.1, 0.1)))
    engine.detect(LINES[:2], Plan(("", "entity"), (0.1, 0.1)))


def test_no_text_can_pose_as_a_prompt(engine):
    (found,) = engine.detect(["<<ENT>> ssn <<SEP>> Ada"], PLAN)
    assert all(span.end <= len("<<ENT>> ssn <<SEP>> Ada") for span in found)


@pytest.mark.parametrize("texts", [[], [""], ["  \n"], ["", "\ufe0f"]])
def test_texts_without_words_have_no_spans(engine, texts):
    assert engine.detect(texts, PLAN) == [[] for _ in texts]


def test_a_hundred_thousand_words_are_read_to_the_last(tmp_path):
    engine = load_gliner(save_gliner(tmp_path, Shape(layers=1)), ModelOptions(max_batch_tokens=20_000))
    text = "ok " * 100_000 + LINES[0]
    (found,) = engine.detect([text], PLAN)
    (alone,) = engine.detect([LINES[0]], PLAN)
    assert alone
    assert max(span.end for span in found) > 300_000


def test_windows_find_whatever_a_window_in_the_middle_of_the_text_would(engine):
    long = " ".join([*LINES, *LINES, *LINES])
    (found,) = engine.detect([long], PLAN)
    halves = {span.start * 2 // len(long) for span in found}
    assert halves == {0, 1}
    assert len(found) == len({(span.start, span.end, span.label) for span in found})


def test_each_label_has_its_own_threshold_and_displaces_nobody_below_it(engine):
    (low,) = engine.detect([LINES[0]], PLAN)
    best = max(low, key=lambda span: span.score)
    thresholds = tuple(2.0 if label == best.label else 0.3 for label in LABELS)
    (found,) = engine.detect([LINES[0]], Plan(LABELS, thresholds))
    assert best.label not in {span.label for span in found}
    assert any(span not in low for span in found)


@pytest.mark.parametrize("threshold", [0.0, 1.0, 2.0])
def test_thresholds_at_the_ends_of_the_scale(engine, threshold):
    (found,) = engine.detect([LINES[0]], Plan(LABELS, (threshold,) * len(LABELS)))
    if threshold == 0:
        words = sum(span.end - span.start for span in found)
        assert words > 0.7 * len(LINES[0])
    else:
        assert found == []


def test_more_labels_than_the_model_can_read_are_refused_not_cut(tmp_path):
    engine = load_gliner(save_gliner(tmp_path, Shape(positions=160, layers=1)), ModelOptions())
    labels = tuple(f"label_number_{i}" for i in range(60))
    with pytest.raises(ConfigError, match="fewer labels"):
        engine.detect(["ok"], Plan(labels, (0.5,) * len(labels)))


def test_padding_may_be_longer_than_the_positions_of_the_model(tmp_path):
    engine = load_gliner(save_gliner(tmp_path, Shape(positions=250, layers=1)), ModelOptions())
    text = "ok " * 400 + LINES[0]
    (found,) = engine.detect([text], PLAN)
    assert max(span.end for span in found) > len(text) - len(LINES[0])


def test_a_model_of_few_positions_reads_long_words_in_small_windows(tmp_path):
    engine = load_gliner(save_gliner(tmp_path, Shape(positions=256, layers=1)), ModelOptions())
    text = "-".join(["abcdefghij"] * 60) + " Ada Lovelace"
    (found,) = engine.detect([text], Plan(("first_name", "last_name"), (0.0, 0.0)))
    assert max(span.end for span in found) == len(text)


class OutOfMemory:
    """A model that has room for `capacity` rows."""

    def __init__(self, model, capacity):
        self._model, self._capacity, self.released = model, capacity, 0
        self.question = model.question

    def submit(self, batch, question):
        if len(batch.ids) > self._capacity:
            raise RuntimeError("CUDA out of memory. Tried to allocate 1 GiB")
        return self._model.submit(batch, question)

    def release_memory(self):
        self.released += 1


@pytest.mark.parametrize(("capacity", "queued"), [(1, 0), (3, 2)])
def test_an_overloaded_device_gets_halves_and_gives_the_same_answer(engine, monkeypatch, capacity, queued):
    expected = engine.detect(LINES, PLAN)
    model = OutOfMemory(engine._model, capacity)
    monkeypatch.setattr(engine, "_model", model)
    monkeypatch.setattr(engine, "_tuning", CPU._replace(max_batch_tokens=10_000, queued=queued))
    assert_same(engine.detect(LINES, PLAN), expected)
    assert model.released > 0


def test_a_device_without_room_for_one_window_fails(engine, monkeypatch):
    monkeypatch.setattr(engine, "_model", OutOfMemory(engine._model, 0))
    with pytest.raises(DetectorFailed):
        engine.detect(LINES, PLAN)


@pytest.mark.parametrize("queues", [False, True])
def test_a_batch_that_found_no_memory_leaves_nothing_of_it_taken(engine, monkeypatch, queues):
    expected = engine.detect(LINES, PLAN)
    model, taken, kept = engine._model._model, [], []
    submit = model.submit

    class Memory:
        pass

    def take_memory(batch, question):
        memory = Memory()
        taken.append(weakref.ref(memory))
        if len(batch.ids) > 2:
            raise RuntimeError("CUDA out of memory")
        return submit(batch, question)

    monkeypatch.setattr(model, "submit", take_memory)
    monkeypatch.setattr(model, "release_memory", lambda: kept.extend(memory() is not None for memory in taken))
    monkeypatch.setattr(engine, "_model", DeviceThread(model, queues=queues))
    monkeypatch.setattr(engine, "_tuning", CPU._replace(max_batch_tokens=10_000))
    assert_same(engine.detect(LINES, PLAN), expected)
    assert kept
    assert not any(kept)


def test_memory_may_also_run_out_while_the_answer_is_read(engine, monkeypatch):
    expected = engine.detect(LINES, PLAN)
    model = engine._model._model
    submit, failures = model.submit, [1, 1]

    def submit_and_fail(batch, question):
        pending = submit(batch, question)
        if failures:
            failures.pop()
            monkeypatch.setattr(pending, "result", lambda: (_ for _ in ()).throw(DetectorOverloaded()))
        return pending

    monkeypatch.setattr(model, "submit", submit_and_fail)
    assert_same(engine.detect(LINES, PLAN), expected)


def test_scores_that_are_not_numbers_never_read_as_nothing_found(engine, monkeypatch):
    model = engine._model._model
    submit = model.submit

    def broken(batch, question):
        pending = submit(batch, question)
        pending._logits = pending._logits * float("nan")
        return pending

    monkeypatch.setattr(model, "submit", broken)
    with pytest.raises(DetectorFailed, match="not numbers"):
        engine.detect(LINES, PLAN)


@pytest.mark.parametrize("broken", [[0], [1, 3], range(len(LINES))])
def test_rows_without_scores_in_half_precision_are_computed_again_in_float32(tmp_path, monkeypatch, broken):
    folder = save_gliner(tmp_path, Shape(backbone="deberta"))
    exact, half = (load_gliner(folder, ModelOptions(dtype=dtype)) for dtype in ("float32", "bfloat16"))
    monkeypatch.setattr(half, "_tuning", CPU._replace(max_batch_tokens=100_000))
    expected, again = half.detect(LINES, PLAN), exact.detect(LINES, PLAN)
    assert expected != again
    model = half._model._model
    head = model._head

    def overflowing(labels, words, counts):
        scores = head(labels, words, counts)
        scores[list(broken), 0] = float("inf")
        return scores

    monkeypatch.setattr(model, "_head", overflowing)
    sizes = [sum(map(len, words.ids)) for words in half._reader.read(LINES)]
    longest_first = sorted(range(len(LINES)), key=lambda text: -sizes[text])
    for row in broken:
        expected[longest_first[row]] = again[longest_first[row]]
    assert_same(half.detect(LINES, PLAN), expected)


def test_a_fault_never_quotes_the_text(engine, monkeypatch):
    def broken(batch, question):
        raise ValueError(f"cannot read {LINES[0]}")

    monkeypatch.setattr(engine._model, "submit", broken)
    with pytest.raises(DetectorFailed) as caught:
        engine.detect(LINES, PLAN)
    assert "Ada" not in str(caught.value)
    assert caught.value.__context__ is None


def test_every_call_reports_its_work_and_its_time(engine, monkeypatch):
    seen = []
    monkeypatch.setattr(engine, "_observe", seen.append)
    engine.detect(LINES, PLAN)
    *batches, run = seen
    assert len(batches) == run.batches
    assert sum(batch.windows for batch in batches) == run.windows
    assert (run.texts, run.windows) == (len(LINES), len(LINES))
    assert 0 < run.tokens <= run.padded_tokens
    assert min(run.stages().values()) > 0


def on_one_slice_at_a_time(monkeypatch, engine, *, queues, queued):
    """Let the engine read two texts at a time, which are one batch; return the model behind its device thread."""
    model = engine._model._model
    monkeypatch.setattr(engine_module, "_TEXTS_READ_AT_ONCE", 2)
    monkeypatch.setattr(engine, "_model", DeviceThread(model, queues=queues))
    monkeypatch.setattr(engine, "_tuning", CPU._replace(max_batch_tokens=100_000, queued=queued))
    return model


def test_the_host_reads_and_lays_out_the_next_texts_while_the_device_computes(engine, monkeypatch):
    expected = engine.detect(LINES[:4], PLAN)
    model = on_one_slice_at_a_time(monkeypatch, engine, queues=False, queued=1)
    submit, read, computing, read_on = model.submit, engine._reader.read, threading.Event(), threading.Event()

    def compute(batch, question):
        computing.set()
        assert read_on.wait(5)
        return submit(batch, question)

    def read_some(texts):
        if len(texts) == 2 and texts[0] == LINES[2]:
            assert computing.wait(5)
            read_on.set()
        return read(texts)

    monkeypatch.setattr(model, "submit", compute)
    monkeypatch.setattr(engine._reader, "read", read_some)
    assert_same(engine.detect(LINES[:4], PLAN), expected)


@pytest.mark.parametrize("queued", [1, 2])
def test_a_device_that_queues_has_its_next_batches_before_an_answer_is_awaited(engine, monkeypatch, queued):
    expected = engine.detect(LINES[:8], PLAN)
    model = on_one_slice_at_a_time(monkeypatch, engine, queues=True, queued=queued)
    submit, answered, arrived = model.submit, itertools.count(), [threading.Event() for _ in range(4)]

    def submit_and_check(batch, question):
        pending = submit(batch, question)
        next(event for event in arrived if not event.is_set()).set()
        result = pending.result

        def wait():
            assert arrived[min(next(answered) + queued, 3)].wait(5)
            return result()

        monkeypatch.setattr(pending, "result", wait)
        return pending

    monkeypatch.setattr(model, "submit", submit_and_check)
    assert_same(engine.detect(LINES[:8], PLAN), expected)


def test_nobody_but_the_device_thread_touches_the_model(engine, monkeypatch):
    model, threads = engine._model._model, set()

    class Watched:
        def __getattr__(self, name):
            def call(*args):
                threads.add(threading.current_thread().name)
                return getattr(model, name)(*args)

            return call

    thread = DeviceThread(Watched(), queues=False)
    monkeypatch.setattr(engine, "_model", thread)
    engine.detect(LINES, Plan(("ssn",), (0.123,)))
    thread.release_memory()
    assert {name.rpartition("_")[0] for name in threads} == {"device"}


def test_the_thread_ends_with_the_engine(tmp_path):
    engine = load_gliner(save_gliner(tmp_path, Shape(layers=1)), ModelOptions())
    before = set(threading.enumerate())
    engine.detect(LINES[:1], PLAN)
    (thread,) = set(threading.enumerate()) - before
    engine.close()
    thread.join(5)
    assert not thread.is_alive()


def test_a_device_that_wants_it_is_warmed_with_every_length(engine, monkeypatch):
    submit, shapes = engine._model.submit, set()

    def remember(batch, question):
        shapes.add(batch.ids.shape[1])
        return submit(batch, question)

    monkeypatch.setattr(engine._model, "submit", remember)
    monkeypatch.setattr(engine, "_tuning", CUDA._replace(max_batch_tokens=256))
    engine.warm_up()
    assert shapes == set(range(min(shapes), max(shapes) + 1, CUDA.pad_tokens_to))
    longest = engine._ask(Plan(("first_name",), (0.5,))).limits.max_tokens
    assert longest <= max(shapes) <= longest + 2 * CUDA.pad_tokens_to


def test_nothing_in_a_forward_pass_waits_for_the_device(tmp_path, monkeypatch):
    """A tensor without numbers cannot be waited for: whatever asks for a number fails."""
    from torch._subclasses.fake_tensor import DynamicOutputShapeException, FakeTensorMode

    from scrubber.detect.runtime.torch.layouts import padded

    for backbone in ("bert", "deberta"):
        folder = save_gliner(tmp_path / backbone, Shape(backbone=backbone, hidden=48))
        engine = load_gliner(folder, ModelOptions(dtype="float16"))
        model = engine._model._model
        monkeypatch.setattr(model, "_lay_out", padded)  # as on a GPU
        submit, batches = model.submit, []

        def remember(batch, question, submit=submit, batches=batches):
            batches.append((batch, question))
            return submit(batch, question)

        monkeypatch.setattr(model, "submit", remember)
        engine.detect(LINES, PLAN)
        assert any(len(set(batch.lengths.tolist())) > 1 for batch, _ in batches)
        with FakeTensorMode(allow_non_fake_inputs=True):
            for batch, question in batches:
                pending = submit(batch, question)
            with pytest.raises(DynamicOutputShapeException):
                pending.result()


def test_prompts_are_kept_for_few_plans_only(engine, monkeypatch):
    monkeypatch.setattr(engine_module, "_MAX_PLANS", 2)
    for threshold in (0.1, 0.2, 0.3, 0.4):
        engine.detect(["ok"], Plan(("ssn",), (threshold,)))
    assert len(engine._asked) <= 2


def test_spans_name_the_detector(engine):
    (found,) = engine.detect([LINES[0]], PLAN)
    assert {type(span) for span in found} == {Span}
    assert {span.detector for span in found} == {engine.describe().name}
