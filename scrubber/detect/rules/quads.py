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

_POINT = ord(".")
_ZERO = np.uint8(ord("0"))  # what is below it wraps round, and is no digit either
_NEXT = np.array([[1], [2], [3]])
_DIGIT = np.arange(256, dtype=np.uint8) - _ZERO < 10
_BOUNDARY = np.array([not (byte in b"_.-~" or (byte < 0x80 and chr(byte).isalnum())) for byte in range(256)])


class Quads(NamedTuple):
    """`values`: (buffer, start, end) of each that is sure. `unsure`: buffers that the pattern itself must read."""

    values: list[tuple[int, int, int]]
    unsure: list[int]


def find(batch: Batch) -> Quads:
    """Return what is sure in the buffers of `batch` that need no pattern, and which do need it."""
    text = np.frombuffer(batch.text, np.uint8)
    points = (text == _POINT).nonzero()[0]
    near = points[1:] - points[:-1] <= 4  # three digits at most
    (first,) = (near[:-1] & near[1:]).nonzero()
    if not len(first):
        return Quads([], [])
    one, two, three = points[first], points[first + 1], points[first + 2]
    starts = np.array([one - _digits(text, one, -1), one + 1, two + 1, three + 1])
    ends = np.array([one, two, three, three + 1 + _digits(text, three, 1)])
    # Before the first byte lies the last one, of the canary, which is a boundary.
    found = _are_octets(text, starts, ends) & _BOUNDARY[text[starts[0] - 1]]
    first, last = starts[0, found], ends[3, found]
    sure = _BOUNDARY[text[last]]
    buffers = batch.buffers_of(first)
    unsure = set(buffers[~sure].tolist())
    shifts = batch.starts[buffers]
    values = zip(buffers.tolist(), (first - shifts).tolist(), (last - shifts).tolist(), strict=True)
    return Quads([value for value in values if value[0] not in unsure], sorted(unsure))


def _digits(text: npt.NDArray[np.uint8], points: Offsets, step: int) -> Offsets:
    """Return how many digits, three at most, stand beside each point."""
    first, second, third = _DIGIT[text[points + step * _NEXT]]
    count: Offsets = first * (1 + second * (1 + third.astype(np.int64)))
    return count


def _are_octets(text: npt.NDArray[np.uint8], starts: Offsets, ends: Offsets) -> npt.NDArray[np.bool_]:
    """Tell which columns of `[starts, ends)`, three bytes at most, are four times digits for 0 to 255, without zeros
    before 100.
    """
    width = ends - starts
    hundreds, tens, ones = text[starts] - _ZERO, text[(starts + ends) // 2] - _ZERO, text[ends - 1] - _ZERO
    digits = (np.maximum(np.maximum(hundreds, tens), ones) < 10) & (width > 0)
    number = hundreds.astype(np.int64) * 100 + tens.astype(np.int64) * 10 + ones
    octets: npt.NDArray[np.bool_] = (digits & ((width < 3) | ((number >= 100) & (number <= 255)))).all(axis=0)
    return octets
