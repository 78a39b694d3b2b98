"""Line plots as inline SVG: shares against shares, both axes 0 to 100 %."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

_WIDTH, _HEIGHT = 460, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 14, 44
_COLOURS: Final = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e")

Line = Sequence[tuple[float, float, str]]
"""Points: x and y, 0 to 1, and what to say of the point."""


def plot(title: str, x_name: str, y_name: str, lines: Mapping[str, Line]) -> str:
    """Return a figure with a line for each entry of `lines` that has points, and a legend.

    An entry without points keeps its colour, so that the same lines look the same in several plots.
    """
    drawn = [(name, line, _colour(index)) for index, (name, line) in enumerate(lines.items()) if line]
    legend = "".join(f'<span><i style="background:{colour}"></i>{escape(name)}</span>' for name, _, colour in drawn)
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{''.join(_axes(x_name, y_name))}{''.join(_line(line, colour) for _, line, colour in drawn)}</svg>"
        f"<figcaption><strong>{escape(title)}</strong> {legend}</figcaption></figure>\n"
    )


def _axes(x_name: str, y_name: str) -> Iterator[str]:
    for percent in range(0, 101, 20):
        x, y = _x(percent / 100), _y(percent / 100)
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{_y(0):.1f}M{_LEFT} {y:.1f}H{_x(1):.1f}"/>'
        yield f'<text x="{x:.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">{percent}</text>'
        yield f'<text x="{_LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{percent}</text>'
    middle = (_TOP + _y(0)) / 2
    yield f'<text x="{(_LEFT + _x(1)) / 2:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x_name)}</text>'
    yield f'<text transform="translate(13 {middle:.1f}) rotate(-90)" text-anchor="middle">{escape(y_name)}</text>'


def _line(line: Line, colour: str) -> str:
    places = [(_x(x), _y(y), told) for x, y, told in line]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in places)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"><title>{escape(told)}</title></circle>'
        for x, y, told in places
    )
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>{dots}'


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]
