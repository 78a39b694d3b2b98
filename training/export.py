"""Pack a checkpoint for shipping: `python -m training.export MODEL_FOLDER OUT_FOLDER`.

Matrices are stored as int8 with one float32 scale a row (`NAME` and `NAME.row_scale`), all else as float16. The loader
multiplies them out, so the arithmetic of the model is not touched. Beside them goes the network as an ONNX graph without
weights (`training.graph`). `--expand` writes the same rounded weights in full instead, without a graph, for tools that
know nothing of this and for scoring what the rounding costs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from training import graph, labels
from training.graph import SCALE

BESIDE: Final = ("gliner_config.json", "tokenizer.json", "tokenizer_config.json")
UNUSED: Final = ("pooler.",)  # the backbone's sentence head


def pack(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Matrices to int8 rows with their scales, vectors to float16."""
    packed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if any(part in name for part in UNUSED):
            continue
        if tensor.ndim == 2 and tensor.is_floating_point():
            scale = tensor.float().abs().amax(dim=1).clamp(min=1e-12) / 127
            packed[name] = (tensor.float() / scale[:, None]).round().to(torch.int8)
            packed[name + SCALE] = scale
        else:
            packed[name] = tensor.half() if tensor.is_floating_point() else tensor
    return packed


def expand(packed: dict[str, Tensor]) -> dict[str, Tensor]:
    """Undo `pack`: the tensors in float32, rounded."""
    full = {n: t for n, t in packed.items() if not n.endswith(SCALE)}
    for name, tensor in full.items():
        if name + SCALE in packed:
            full[name] = tensor.float() * packed[name + SCALE][:, None]
        elif tensor.is_floating_point():
            full[name] = tensor.float()
    return full


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a folder that training wrote")
    parser.add_argument("out", type=Path)
    parser.add_argument("--version", default="0", help="what audit events call it")
    parser.add_argument("--expand", action="store_true", help="write the rounded weights in full")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    original = load_file(args.model / "model.safetensors")
    packed = pack(original)
    written = expand(packed) | {n: t for n, t in original.items() if n not in packed} if args.expand else packed
    file = args.out / "model.safetensors"
    save_file({n: t.contiguous() for n, t in written.items()}, file)
    for name in BESIDE:
        shutil.copyfile(args.model / name, args.out / name)
    if (args.model / "thresholds.json").exists():  # written by training.calibrate
        shutil.copyfile(args.model / "thresholds.json", args.out / "thresholds.json")
    (args.out / "labels.json").write_text(json.dumps(labels.WORDING, indent=2) + "\n", encoding="utf-8")
    config = json.loads((args.model / "gliner_config.json").read_text(encoding="utf-8"))
    if not args.expand:
        graph.write(config, args.out / "span_model.onnx")
    (args.out / "version.json").write_text(json.dumps({"version": args.version}) + "\n", encoding="utf-8")
    report = {
        "bytes": file.stat().st_size,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "parameters": sum(t.numel() for n, t in packed.items() if not n.endswith(SCALE)),
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
