"""Four octets with points between them, found by their points: numpy reads a batch for them at a tenth of what an
engine takes, and IPv4 addresses are more than half of all values in logs.

A pattern that begins as `pattern.QUADS` does need not be looked for: where a plain boundary follows the octets, its
value is known. What may follow otherwise, only the pattern says.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scrubber.detect.rules.batch import Batch, Offsets

_POINT, _ZERO = b".0"
_BYTES = np.arange(256)
_DIGIT = (_BYTES >= _ZERO) & (_BYTES < _ZERO + 10)
_BOUNDARY = np.array([not (byte in b"_.-~" or (byte < 0x80 and chr(byte).isalnum())) for byte in range(256)])


class Quads(NamedTuple):
    """`values`: (buffer, start, end) of each that is sure. `unsure`: buffers that the pattern itself must read."""

    values: list[tuple[int, int, int]]
    unsure: list[int]


def find(batch: Batch) -> Quads:
    """Return what is sure in the buffers of `batch` that need no pattern, and which do need it."""
    text = np.frombuffer(batch.text, np.uint8)
    points = np.flatnonzero(text == _POINT)
    near = np.diff(points) <= 4  # three digits at most
    first = np.flatnonzero(near[:-1] & near[1:])
    one, two, three = points[first], points[first + 1], points[first + 2]
    starts, ends = one - _digits(text, one, -1), three + 1 + _digits(text, three, 1)
    # Before the first byte lies the last one, of the canary, which is a boundary.
    found = _BOUNDARY[text[starts - 1]]
    for start, end in ((starts, one), (one + 1, two), (two + 1, three), (three + 1, ends)):
        found &= _is_octet(text, start, end)
    starts, ends = starts[found], ends[found]
    sure = _BOUNDARY[text[ends]]
    buffers = batch.buffers_of(starts)
    unsure = set(buffers[~sure].tolist())
    shifts = batch.starts[buffers]
    values = zip(buffers.tolist(), (starts - shifts).tolist(), (ends - shifts).tolist(), strict=True)
    return Quads([value for value in values if value[0] not in unsure], sorted(unsure))


def _digits(text: npt.NDArray[np.uint8], points: Offsets, step: int) -> Offsets:
    """Return how many digits, three at most, stand beside each point."""
    first, second, third = (_DIGIT[text[points + step * place]] for place in (1, 2, 3))
    return first * (1 + second * (1 + third.astype(np.int64)))


def _is_octet(text: npt.NDArray[np.uint8], starts: Offsets, ends: Offsets) -> npt.NDArray[np.bool_]:
    """Tell which `[starts, ends)`, three bytes at most, are digits for 0 to 255, without zeros before 100."""
    width = ends - starts
    hundreds, tens = text[starts].astype(np.int64) - _ZERO, text[starts + 1].astype(np.int64) - _ZERO
    number = hundreds * 100 + tens * 10 + text[ends - 1] - _ZERO
    digits = _DIGIT[text[starts]] & _DIGIT[text[(starts + ends) // 2]] & _DIGIT[text[ends - 1]]
    fits: npt.NDArray[np.bool_] = (width < 3) | ((number >= 100) & (number <= 255))
    fits &= (width > 0) & digits
    return fits
