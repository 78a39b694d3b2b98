"""Is the cost linear in the length of a text? Hostile texts of 10 kB to 5 MB, as a plot and as numbers.

    python -m tests.bench.linear --plot docs/linear.svg

First whole texts through everything (rules, redaction, verification), then every rule on the texts that are worst for
it, and those that cost most again at 5 MB. CPU seconds, the least of two runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from math import log10
from pathlib import Path

from scrubber.core.quarantine import Quarantine
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.texts import TextPipeline
from scrubber.policies import load_policy
from tests.detect.rules.test_linear import GENERAL, repeated, shapes

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 5_000_000)
SMALL, LARGE, HUGE = 10_000, 500_000, 5_000_000
MEASURABLE_SECS, WORST = 0.002, 20

TEXTS = GENERAL | {
    "hits": b"mail bob@mail.example from 192.0.2.7 card 4111 1111 1111 1111\n",
    "hits in JSON": b'{"a":"bob@mail.example","password":"h7Gk2pQx","n":[1,2]},',
    "hits in JSON in JSON": rb"{\"a\":\"{\\\"mail\\\":\\\"bob@mail.example\\\"}\"},",
    "rows of SQL": b"INSERT INTO t (a, password) VALUES ('x', 'h7Gk2pQx'), ('y', 'h7Gk2pQx'); ",
    "labels of CEF": b"cs1Label=password cs1=h7Gk2pQx ",
    "objects under a key": b'{"password":{"password":{"a":"h7Gk2pQx"},',
}


def main() -> None:
    """Measure, plot, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", type=Path, required=True, help="SVG to write")
    parser.add_argument("--skip-rules", action="store_true", help="whole texts only")
    options = parser.parse_args()
    policy = load_policy("logs")
    tier = ready_tier(builtin_rules())
    scrubber = Scrubber(TextPipeline(tier), lambda _topic: policy, quarantine=Quarantine())
    lines: dict[str, list[tuple[int, float]]] = {}
    for name, unit in TEXTS.items():
        lines[name] = [(size, _cost(lambda text: scrubber.scrub_texts([text]), repeated(unit, size))) for size in SIZES]
    options.plot.write_text("".join(_plot(lines)))
    print("| text | 10 kB, ms | 1 MB, ms | 5 MB, s | 5 MB to 1 MB |\n|---|---:|---:|---:|---:|")
    for name, line in lines.items():
        small, million, huge = (dict(line)[size] for size in (10_000, 1_000_000, 5_000_000))
        print(f"| {name} | {small * 1e3:.2f} | {million * 1e3:.1f} | {huge:.2f} | {huge / million:.1f} |")
    if not options.skip_rules:
        _rules(lambda text: tier.find([text]))


def _rules(find: Callable[[bytes], object]) -> None:
    made = [(f"{rule.id}, {name}", make) for rule in builtin_rules() for name, make in shapes(rule)]
    costs = [(_cost(find, make(LARGE)), _cost(find, make(SMALL)), name, make) for name, make in made]
    growth = max(large / max(small, MEASURABLE_SECS) for large, small, _, _ in costs)
    print(
        f"\n{len(made):,} texts made for {len(builtin_rules())} rules: "
        f"{LARGE // SMALL}x the length costs at most {growth:.1f}x"
    )
    costs.sort(key=lambda cost: -cost[0])
    print("\n| text | 500 kB, s | 5 MB, s | ratio |\n|---|---:|---:|---:|")
    for large, _, name, make in costs[:WORST]:
        huge = _cost(find, make(HUGE))
        print(f"| {name} | {large:.2f} | {huge:.2f} | {huge / large:.1f} |", flush=True)


def _cost(run: Callable[[bytes], object], text: bytes) -> float:
    spent = []
    for _ in range(2):
        started = time.process_time()
        run(text)
        spent.append(time.process_time() - started)
        if spent[0] > 1:
            break
    return min(spent)


def _plot(lines: dict[str, Sequence[tuple[int, float]]]) -> Iterator[str]:
    """Yield an SVG: both axes logarithmic, one line for each text, a dashed one for what is linear."""
    left, top, width, height = 60, 16, 560, 400

    def place(size: float, seconds: float) -> str:
        x = left + (log10(size) - 4) / (log10(HUGE) - 4) * width
        y = top + (1.5 - log10(max(seconds, 1e-5))) / 6.5 * height
        return f"{x:.1f} {y:.1f}"

    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 190} {top + height + 46}" '
    yield 'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>\n'
    for size, name in ((1e4, "10 kB"), (1e5, "100 kB"), (1e6, "1 MB"), (5e6, "5 MB")):
        x = place(size, 1).split()[0]
        yield f'<path d="M{x} {top}V{top + height}" stroke="#ddd"/>'
        yield f'<text x="{x}" y="{top + height + 16}" text-anchor="middle">{name}</text>\n'
    for exponent, name in ((-4, "0.1 ms"), (-3, "1 ms"), (-2, "10 ms"), (-1, "0.1 s"), (0, "1 s"), (1, "10 s")):
        y = place(1e4, 10.0**exponent).split()[1]
        yield f'<path d="M{left} {y}H{left + width}" stroke="#ddd"/>'
        yield f'<text x="{left - 6}" y="{y}" text-anchor="end" dominant-baseline="middle">{name}</text>\n'
    yield f'<path d="M{place(1e4, 1e-3)}L{place(HUGE, HUGE / 1e4 * 1e-3)}" stroke="#000" stroke-dasharray="5 4"/>\n'
    for index, (name, line) in enumerate(lines.items()):
        colour = f"hsl({index * 360 // len(lines)} 65% 42%)"
        path = "L".join(place(size, seconds) for size, seconds in line)
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        yield f'<text x="{left + width + 12}" y="{top + 12 + index * 18}" fill="{colour}">{name}</text>\n'
    caption = "CPU time of scrubbing one text by its length; dashed: linear"
    yield f'<text x="{left}" y="{top + height + 38}">{caption}</text></svg>\n'


if __name__ == "__main__":
    main()
