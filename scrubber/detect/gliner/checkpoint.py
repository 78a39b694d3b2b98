"""A GLiNER checkpoint in the hub's layout, as far as it can be known without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scrubber.detect.files import WEIGHTS, first_of, read_json

GRAPH = "span_model.onnx"
"""The network as a graph without its weights, for onnxruntime."""

_COMPUTED: dict[str, tuple[Any, ...]] = {
    "span_mode": ("markerV0",),
    "subtoken_pooling": ("first",),
    "words_splitter_type": ("whitespace",),
    "labels_encoder": (None,),
    "labels_decoder": (None,),
    "relations_layer": (None,),
    "span_encoder_config": (None,),
    "post_fusion_schema": ("", None),
    "fuse_layers": (False, None),
    "precomputed_prompts_mode": (None, False),
}
"""Settings that change what a model computes, with the values for which our engine computes the same."""

_DEBERTA_V3: dict[str, Any] = {
    "model_type": "deberta-v2",
    "position_buckets": 256,
    "max_relative_positions": -1,
    "max_position_embeddings": 512,
    "pos_att_type": ["p2c", "c2p"],
    "share_att_key": True,
    "relative_attention": True,
    "norm_rel_ebd": "layer_norm",
    "position_biased_input": False,
    "type_vocab_size": 0,
    "layer_norm_eps": 1e-7,
    "pad_token_id": 0,
}
_KNOWN_BACKBONES = {
    f"microsoft/deberta-v3-{size}": {
        **_DEBERTA_V3,
        "hidden_size": hidden,
        "num_attention_heads": hidden // 64,
        "num_hidden_layers": layers,
    }
    for size, hidden, layers in (("xsmall", 384, 12), ("small", 768, 6), ("base", 768, 12), ("large", 1024, 24))
}
"""Checkpoints of older library versions name their backbone and leave its configuration to the hub."""


class Checkpoint:
    """The folder of a checkpoint: its configuration, its weights file, and what the model can read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = read_json(folder / "gliner_config.json")
        known = _KNOWN_BACKBONES.get(self.config.get("model_name", ""), {})
        self.encoder_config: Mapping[str, Any] = self.config.get("encoder_config") or known

    @property
    def weights(self) -> Path:
        """The file with the tensors."""
        return first_of(self.folder, WEIGHTS)

    @property
    def has_graph(self) -> bool:
        """Whether onnxruntime can run the model."""
        return (self.folder / GRAPH).is_file()

    def unsupported(self) -> str | None:
        """Why our engine cannot run the model, as far as gliner_config.json and the files tell; None where it can."""
        for key, values in _COMPUTED.items():
            if self.config.get(key, values[0]) not in values:
                return f"{key} is {self.config[key]!r}"
        if not self.encoder_config:
            return "gliner_config.json holds no encoder_config"
        if self.config.get("class_token_index", -1) < 0:
            return "gliner_config.json holds no class_token_index"
        if not (self.folder / "tokenizer.json").is_file():
            return "there is no tokenizer.json"
        return None
