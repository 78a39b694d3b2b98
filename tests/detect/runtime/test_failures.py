import pytest

from scrubber.detect.runtime.extras import require
from scrubber.detect.runtime.failures import halving, shielded
from scrubber.errors import ConfigError, DetectorFailed, DetectorOverloaded

SECRET = "ssn 900-12-3456"


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ValueError(SECRET), DetectorFailed),
        (RuntimeError(f"CUDA error {SECRET}"), DetectorFailed),
        (RuntimeError(f"DefaultCPUAllocator: can't allocate memory: {SECRET}"), DetectorOverloaded),
        (RuntimeError(f"CUDA out of memory. {SECRET}"), DetectorOverloaded),
        (MemoryError(SECRET), DetectorOverloaded),
    ],
)
def test_foreign_exceptions_become_ours_without_their_text_or_context(raised, expected):
    def run():
        raise raised

    with pytest.raises(expected) as caught:
        shielded(run)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_torchs_own_memory_error_means_overloaded():
    torch = pytest.importorskip("torch")

    def run():
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(DetectorOverloaded):
        shielded(run)


def test_our_own_errors_pass():
    error = DetectorFailed("ours")

    def run():
        raise error

    with pytest.raises(DetectorFailed) as caught:
        shielded(run)
    assert caught.value is error


@pytest.mark.parametrize("capacity", [1, 2, 3, 7, 20])
def test_an_overloaded_device_gets_halves_until_they_fit_and_answers_stay_in_order(capacity):
    def run(part):
        if len(part) > capacity:
            raise DetectorOverloaded
        return [item * item for item in part]

    assert halving(run, range(20)) == [item * item for item in range(20)]


def test_one_item_that_is_too_much_fails():
    def run(part):
        raise DetectorOverloaded

    with pytest.raises(DetectorFailed):
        halving(run, [1, 2, 3])


def test_a_missing_package_is_named_with_the_extra_that_brings_it():
    with pytest.raises(ConfigError, match=r"pip install 'scrubber\[gliner\]'"):
        require("no_such_package_here", "gliner")
