"""Lines and models for the engine's benchmark: made up, random weights, real sizes."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tokenizers
import torch
from tokenizers import models, normalizers, pre_tokenizers, processors, trainers

from scrubber.core.labels import LABELS

_TEMPLATES = (
    "{date} {level} auth: user {user} ({first} {last}) logged in from {ip} port {port} session {hex}",
    "{date} sshd[{port}]: Failed password for invalid user {user} from {ip} port {port} ssh2",
    '{{"ts":"{date}","level":"{level}","service":"{service}","msg":"order {port} of {first} {last} sent"}}',
    "{level} {service}: payment {hex} for customer {first} {last} <{user}@mail.example> declined after {port} ms",
    "{date} {service} GET /v1/users/{user}/orders?limit=20 200 {port} {ip} trace={hex} agent=client/2.1",
    "ticket {port}: Hi, this is {first} {last}, my account {hex} is locked, please call +1 202 555 01{port:.2s}",
    "{date} INFO dfs.DataNode: Received block blk_{port}{port} of size {port}{port} from /{ip}",
)
_FIRST = ("Ada", "Grace", "Hugo", "Jonas", "Keiko", "Lena", "Mateo", "Nadia", "Olu", "Pavel", "Quynh", "Rosa")
_LAST = ("Almeida", "Brandt", "Castillo", "Dubois", "Eriksen", "Fischer", "Gupta", "Haddad", "Ito", "Jansen", "Novak")
_SERVICES = ("billing", "checkout", "gateway", "ledger", "mailer", "search", "profile", "uploads")


def made_up_lines(count: int) -> list[str]:
    """Return `count` log lines of 15 to 45 words."""
    dice = random.Random(3)
    return [
        dice.choice(_TEMPLATES).format(
            date=f"2031-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}T{dice.randint(0, 23):02}:07:09Z",
            level=dice.choice(("INFO", "WARN", "ERROR", "DEBUG")),
            service=dice.choice(_SERVICES),
            user=f"{dice.choice(_FIRST).lower()}.{dice.choice(_LAST).lower()}{dice.randint(1, 99)}",
            first=dice.choice(_FIRST),
            last=dice.choice(_LAST),
            ip=f"192.0.2.{dice.randint(1, 254)}",
            port=str(dice.randint(1024, 65535)),
            hex=f"{dice.getrandbits(64):016x}",
        )
        for _ in range(count)
    ]


def save_large_gliner(folder: Path, layers: int, lines: Sequence[str]) -> Path:
    """Write a span model of DeBERTa-v3-large's width, built as nvidia/gliner-PII is: projection, BiLSTM."""
    from gliner.config import UniEncoderSpanConfig
    from gliner.model import UniEncoderSpanGLiNER

    tokenizer = _tokenizer(lines)
    tokenizer.add_tokens(["<<ENT>>", "<<SEP>>"])
    network = {
        "model_type": "deberta-v2",
        "vocab_size": len(tokenizer),
        "hidden_size": 1024,
        "num_hidden_layers": layers,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
        "relative_attention": True,
        "position_buckets": 256,
        "max_relative_positions": -1,
        "pos_att_type": ["p2c", "c2p"],
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
        "position_biased_input": False,
        "type_vocab_size": 0,
        "pad_token_id": 0,
    }
    config = UniEncoderSpanConfig(
        model_name="random",
        encoder_config=network,
        hidden_size=512,
        num_rnn_layers=1,
        max_width=12,
        vocab_size=len(tokenizer),
        class_token_index=tokenizer.convert_tokens_to_ids("<<ENT>>"),
    )
    torch.manual_seed(1)
    model = UniEncoderSpanGLiNER(config, tokenizer=tokenizer).eval()
    model.model.prompt_rep_layer[3].bias.data.fill_(0)
    model.save_pretrained(folder, safe_serialization=True)
    return folder


def save_unpacked(packed: Path, folder: Path) -> Path:
    """Write the model in `packed`, whose weights are rows of int8, as others can read it."""
    from safetensors.torch import save_file

    from scrubber.detect.files import WEIGHTS, first_of
    from scrubber.detect.runtime.torch.weights import read_weights

    shutil.copytree(packed, folder)
    weights = first_of(folder, WEIGHTS)
    save_file({name: tensor.float().contiguous() for name, tensor in read_weights(weights).items()}, weights)
    return folder


def save_large_tokens(folder: Path, layers: int, lines: Sequence[str]) -> Path:
    """Write a token classifier of DistilBERT's width and 109 tags, as distilbert_finetuned_ai4privacy_v2 is built."""
    from transformers import DistilBertConfig, DistilBertForTokenClassification

    tokenizer = _tokenizer(lines)
    tags = ["O", *(f"{prefix}-CLASS{number}" for number in range(54) for prefix in "BI")]
    config = DistilBertConfig(vocab_size=len(tokenizer), n_layers=layers, id2label=dict(enumerate(tags)))
    torch.manual_seed(1)
    DistilBertForTokenClassification(config).eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(lines: Sequence[str]) -> Any:
    """A WordPiece tokenizer trained on the lines and labels, so that texts and prompts have their usual lengths."""
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
    backend = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=4000, special_tokens=special, show_progress=False)
    backend.train_from_iterator([*lines, *(list(LABELS) * 100)], trainer)
    backend.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    names = dict(zip(("pad_token", "cls_token", "sep_token", "unk_token"), special, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=512, **names)
