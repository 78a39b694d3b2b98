"""Write labelled texts as JSON lines: `python -m training.generate --count 1000 --seed 7 > texts.jsonl`."""

from __future__ import annotations

import argparse
import json
import sys

from training.sample import draw_text


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many texts")
    parser.add_argument("--seed", type=int, default=7, help="which stream; the same seed gives the same texts")
    parser.add_argument("--held-out", action="store_true", help="from the validation templates only")
    args = parser.parse_args()
    for index in range(args.count):
        drawn = draw_text(args.seed, index, held_out=args.held_out)
        spans = [
            {"start": s.start, "end": s.end, "label": s.label, "text": drawn.text[s.start : s.end]} for s in drawn.spans
        ]
        row = {
            "id": index,
            "source": f"generated/{drawn.domain}",
            "text": drawn.text,
            "spans": spans,
            "partial": False,
            "meta": {},
        }
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
