"""Train the embedded model: `python -m training.train RUN_FOLDER`. Killed or paused at any time, it goes on from its last checkpoint.

Samples are drawn as they are needed, each from (seed, number), so a run is reproduced by its seed alone and never
sees the same text twice.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import torch
from safetensors.torch import load_file

from training import network
from training.export import expand
from training.network import Encoder, Network, Row
from training.sample import MAX_WIDTH, draw

CHUNK: Final = 3072  # samples that are sorted by length together
BATCH_TOKENS: Final = 2400
MEAN_ROWS: Final = 22  # keeps the weight of a sample independent of its batch's size
WARM_UP: Final = 300
EMA: Final = 0.998
ENCODER_RATE: Final = 2e-4
HEAD_RATE: Final = 8e-4
VALIDATION: Final = 500
SHORT: Final = 5  # span widths up to this are learnt in every step
LONG_DRAWN: Final = 2  # of the longer ones that a batch does not have, so many


def batches(encoder: Encoder, seed: int, chunk: int) -> list[list[Row]]:
    """The batches of chunk number `chunk`: rows of like length together, in random order."""
    rows = [encoder.row(draw(seed, chunk * CHUNK + i)) for i in range(CHUNK)]
    rows = sorted((r for r in rows if r.words), key=lambda r: (len(r.ids) // 12, len(r.words)))
    done: list[list[Row]] = []
    current: list[Row] = []
    longest = 0
    for row in rows:
        if current and max(len(row.ids), longest) * (len(current) + 1) > BATCH_TOKENS:
            done.append(current)
            current, longest = [], 0
        current.append(row)
        longest = max(longest, len(row.ids))
    done.append(current)
    Random(f"order/{seed}/{chunk}").shuffle(done)
    return done


def some_widths(target: torch.Tensor, rng: Random) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The span widths to learn from in this step, with the weights that keep the loss unbiased.

    Short ones and those that something in the batch has, always; of the others a few, standing for all.
    """
    held = target.sum(dim=(0, 1, 3)) > 0
    always = [w for w in range(MAX_WIDTH) if w < SHORT or held[w]]
    others = [w for w in range(MAX_WIDTH) if w not in always]
    drawn = sorted(rng.sample(others, min(LONG_DRAWN, len(others))))
    return (*always, *drawn), (1.0,) * len(always) + (len(others) / max(len(drawn), 1),) * len(drawn)


def rate(step: int, cooldown: tuple[int, int] | None, left: float = 1.0) -> float:
    """Learning-rate factor: warm-up, constant, and once asked for, linear to zero over (first step, steps).

    `left` is the share of a cooldown by the clock that is still to come.
    """
    factor = min(1.0, (step + 1) / WARM_UP) * min(1.0, max(0.0, left))
    if cooldown and step >= cooldown[0]:
        factor *= max(0.0, 1 - (step - cooldown[0]) / cooldown[1])
    return factor


class Run:
    """A training run in a folder: network, optimiser, averaged weights and where in the stream it is."""

    def __init__(self, folder: Path, seed: int, begin_with: Path | None = None) -> None:
        """`begin_with`: a folder with the weights to begin with, packed or not; without one the head is random."""
        torch.manual_seed(seed)
        self.folder, self.seed = folder, seed
        self.gliner = network.new_gliner()
        if begin_with is not None:
            network.load_weights(self.gliner, expand(load_file(begin_with / "model.safetensors")))
        self.encoder = Encoder(self.gliner)
        self.net = Network(self.gliner)
        self.net.eval()  # no dropout: the stream never repeats
        self.trained = self.net.trained()
        encoder = [p for n, p in self.trained.items() if n.startswith("bert.")]
        head = [p for n, p in self.trained.items() if not n.startswith("bert.")]
        groups = [{"params": encoder, "base": ENCODER_RATE}, {"params": head, "base": HEAD_RATE}]
        self.optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.01, betas=(0.9, 0.98), fused=True)
        self.average = {n: p.detach().clone() for n, p in self.trained.items()}
        self.step = self.chunk = self.batch = self.seen = 0
        self.cpu_s = 0.0

    @property
    def _state_file(self) -> Path:
        return self.folder / "state.pt"

    def resume(self) -> bool:
        """Take up the last checkpoint, if there is one."""
        if not self._state_file.exists():
            return False
        state = torch.load(self._state_file, weights_only=True)
        with torch.no_grad():
            for name, value in state["weights"].items():
                self.trained[name].copy_(value)
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.seed, self.step, self.chunk, self.batch, self.seen, self.cpu_s = state["place"]
        return True

    def checkpoint(self, *, validate: bool = True) -> dict[str, float]:
        """Write the state, then the averaged model beside it, and measure that on held-out templates."""
        place = [self.seed, self.step, self.chunk, self.batch, self.seen, self.cpu_s]
        weights = {n: p.detach().clone() for n, p in self.trained.items()}
        state = {"weights": weights, "average": self.average, "optimiser": self.optimiser.state_dict(), "place": place}
        torch.save(state, self.folder / "state.new")
        os.replace(self.folder / "state.new", self._state_file)  # noqa: PTH105  atomic
        self._load(self.average)
        self.net.write_back()
        network.save(self.gliner, self.folder / "model")
        scores = self.validate() if validate else {}
        self._load(weights)
        return scores

    def _load(self, values: dict[str, torch.Tensor]) -> None:
        with torch.no_grad():
            for name, value in values.items():
                self.trained[name].copy_(value)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Loss, and span precision and recall at 0.4, on texts of the held-out templates."""
        rows = [self.encoder.row(draw(1, i, held_out=True)) for i in range(VALIDATION)]
        rows = sorted((r for r in rows if r.words), key=lambda r: len(r.ids))
        total = hit = said = right = 0.0
        for start in range(0, len(rows), 32):
            batch = network.collate(rows[start : start + 32])
            logits = self.net(batch)
            total += network.loss(logits, batch).item()
            guess = (logits.float().sigmoid() > 0.4) & (batch["weight"] > 0)
            hit += (guess & (batch["target"] > 0)).sum().item()
            said += guess.sum().item()
            right += batch["target"].sum().item()
        return {"val_loss": total / len(rows), "val_p": hit / max(said, 1), "val_r": hit / max(right, 1)}

    def learn(self, rows: list[Row], factor: float) -> float:
        """One step on one batch, with `factor` of the full learning rate; returns the loss a sample."""
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * factor
        batch = network.collate(rows)
        widths, weights = some_widths(batch["target"], Random(f"widths/{self.seed}/{self.step}"))
        logits = self.net(batch, widths)
        value = network.loss(logits, batch, widths, weights)
        (value / MEAN_ROWS).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(list(self.trained.values()), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        decay = min(EMA, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(list(self.average.values()), [p.detach() for p in self.trained.values()], 1 - decay)
        self.step += 1
        self.seen += len(rows)
        return value.item() / len(rows)

    def stream(self) -> Iterator[list[Row]]:
        """Batches from where the run is, without end."""
        while True:
            todo = batches(self.encoder, self.seed, self.chunk)
            while self.batch < len(todo):
                self.batch += 1
                yield todo[self.batch - 1]
            self.chunk, self.batch = self.chunk + 1, 0


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where checkpoints, log and model go; outside the checkout")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument(
        "--begin-with", type=Path, help="a new run begins with the weights of this model folder (a shipped one will do)"
    )
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="stop after this much wall time, with a checkpoint"
    )
    parser.add_argument("--checkpoint-minutes", type=float, default=10)
    parser.add_argument(
        "--cooldown-steps", type=int, default=0, help="from here on, bring the learning rate to zero and stop"
    )
    parser.add_argument("--cooldown-from", type=int, help="the step where an interrupted cooldown began")
    parser.add_argument(
        "--cooldown-minutes",
        type=float,
        default=0,
        help="bring the learning rate to zero over the last so many of --minutes (a busy machine: nobody knows how many steps that is)",
    )
    args = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    args.folder.mkdir(parents=True, exist_ok=True)
    run = Run(args.folder, args.seed, args.begin_with)
    resumed = run.resume()
    began = run.step if args.cooldown_from is None else args.cooldown_from
    cooldown = (began, args.cooldown_steps) if args.cooldown_steps else None
    asked_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked_to_stop.append(number))
    with (args.folder / "log.jsonl").open("a", buffering=1, encoding="utf-8") as log:

        def say(**what: Any) -> None:
            log.write(json.dumps({"at": time.strftime("%H:%M:%S"), "step": run.step, "seen": run.seen, **what}) + "\n")

        say(resumed=resumed)
        started = saved = time.monotonic()
        cpu = time.process_time()
        measured_s = run.cpu_s
        mean = 0.0
        for rows in run.stream():
            left = (args.minutes * 60 - (time.monotonic() - started)) / (args.cooldown_minutes * 60 or 1)
            value = run.learn(rows, rate(run.step, cooldown, left))
            mean = value if not mean else 0.98 * mean + 0.02 * value
            run.cpu_s += time.process_time() - cpu
            cpu = time.process_time()
            if run.step % 25 == 0:
                say(loss=round(mean, 4), cpu_s=round(run.cpu_s), per_cpu_s=round(run.seen / run.cpu_s, 1))
            now = time.monotonic()
            finished = (
                bool(asked_to_stop)
                or now - started > args.minutes * 60
                or (cooldown is not None and run.step >= sum(cooldown))
            )
            if finished or now - saved > args.checkpoint_minutes * 60:
                # A paused run saves often but measures seldom: measuring costs as much as many steps.
                due = finished or run.cpu_s - measured_s > args.checkpoint_minutes * 30
                say(**run.checkpoint(validate=due and not asked_to_stop))
                saved, measured_s = now, run.cpu_s if due else measured_s
            if finished:
                return


if __name__ == "__main__":
    main()
