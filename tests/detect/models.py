"""Tiny checkpoints with random weights, in the hub's own layout: real tokenizers, nothing downloaded."""

from __future__ import annotations

import string
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

WORDS = (
    "user login from host error failed session accepted password for invalid port connection closed by root admin "
    "Ada Lovelace Grace Hopper Hugo Mueller first last name mail email phone ssn number credit card address city "
    "street account customer id token key value request response status service order payment 192 0 2 198 51 100"
)
LABELS = ("first_name", "last_name", "email", "ssn", "user_name", "street_address", "ipv4", "password")
LINES = (
    "user Ada Lovelace logged in from 192.0.2.17 port 51234",
    "Failed password for invalid user hugo from 198.51.100.7 port 22 ssh2",
    '{"email": "grace.hopper@mail.example", "phone": "+1 202 555 0143", "card": "4111 1111 1111 1111"}',
    "ok",
    "customer Grace Hopper, 12 Long-Street_Name, Springfield; account=AC-0042-77 token=deadbeefcafe",
    "2031-01-02T03:04:05Z ERROR payment service: order 7781 failed for hugo.mueller@shop.example (ssn 900-12-3456)",
    "naïve café 東京 user_name=müller",
)


@dataclass(frozen=True)
class Shape:
    """What varies between the checkpoints that the tests build."""

    backbone: str = "bert"  # or "deberta"
    hidden: int = 32  # of the head; another number than the backbone's 32 asks for a projection
    lstm_layers: int = 1
    max_width: int = 12
    max_len: int = 384
    layers: int = 2
    positions: int = 512
    embed_ent_token: bool = True
    extra: tuple[tuple[str, Any], ...] = ()


def save_gliner(folder: Path, shape: Shape = Shape(), *, seed: int = 7, safetensors: bool = True) -> Path:
    """Write a span model of `shape` into `folder`, its scores spread over 0 to 0.98."""
    import torch
    from gliner.config import UniEncoderSpanConfig
    from gliner.model import UniEncoderSpanGLiNER

    torch.set_num_threads(1)
    tokenizer = _fast_tokenizer(wordpiece() if shape.backbone == "bert" else unigram(), shape)
    tokenizer.add_tokens(["<<ENT>>", "<<SEP>>"])
    config = UniEncoderSpanConfig(
        model_name="tiny",
        encoder_config=backbone_config(shape, len(tokenizer)),
        hidden_size=shape.hidden,
        num_rnn_layers=shape.lstm_layers,
        max_width=shape.max_width,
        max_len=shape.max_len,
        embed_ent_token=shape.embed_ent_token,
        vocab_size=len(tokenizer),
        class_token_index=tokenizer.convert_tokens_to_ids("<<ENT>>"),
        **dict(shape.extra),
    )
    torch.manual_seed(seed)
    model = UniEncoderSpanGLiNER(config, tokenizer=tokenizer).eval()
    with torch.no_grad():
        for name, weight in model.model.named_parameters():
            if "LayerNorm" not in name and weight.dim() > 1:
                torch.nn.init.normal_(weight, std=1.4 * weight.shape[-1] ** -0.5)
            elif not name.endswith("LayerNorm.weight"):
                torch.nn.init.normal_(weight, std=0.1)
    _spread(model)
    model.save_pretrained(folder, safe_serialization=safetensors)
    return folder


def _spread(model: Any) -> None:
    """Scale the logits (linear in the last prompt layer) to a largest of 4: near 1.0 scores would be equal."""
    import torch

    inputs = [{"tokenized_text": line.split(), "ner": None} for line in LINES]
    largest = model.run_batch(model.collate_batch(inputs, list(LABELS)))[0].max()
    with torch.no_grad():
        for weight in model.model.prompt_rep_layer[3].parameters():
            weight.mul_(4 / largest)


def backbone_config(shape: Shape, vocab: int) -> dict[str, Any]:
    """A transformers configuration of 32 dimensions and 4 heads."""
    common = {
        "vocab_size": vocab,
        "hidden_size": 32,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": shape.positions,
        "pad_token_id": 0,
    }
    if shape.backbone == "bert":
        return {"model_type": "bert", **common}
    return {
        "model_type": "deberta-v2",
        **common,
        "relative_attention": True,
        "position_buckets": 16,
        "max_relative_positions": -1,
        "pos_att_type": ["p2c", "c2p"],
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
        "position_biased_input": False,
        "type_vocab_size": 0,
        "layer_norm_eps": 1e-7,
    }


TAGS = ("O", "B-FIRSTNAME", "I-FIRSTNAME", "B-SSN", "I-SSN", "B-EMAIL", "I-EMAIL", "B-AMOUNT", "B-BADGE")


def save_tokens(
    folder: Path, *, backbone: str = "distilbert", tags: tuple[str, ...] = TAGS, positions: int = 512, seed: int = 11
) -> Path:
    """Write a token classifier with random weights into `folder`, its tags of like frequency."""
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification

    torch.set_num_threads(1)
    shape = Shape(backbone="deberta" if backbone == "deberta-v2" else "bert", positions=positions)
    tokenizer = _fast_tokenizer(wordpiece() if shape.backbone == "bert" else unigram(), shape)
    config = AutoConfig.for_model(**{**backbone_config(shape, len(tokenizer)), "model_type": backbone})
    if backbone == "distilbert":
        config.dim, config.hidden_dim, config.n_layers, config.n_heads = 32, 64, 2, 4
    config.id2label = dict(enumerate(tags))
    torch.manual_seed(seed)
    model = AutoModelForTokenClassification.from_config(config).eval()
    for name, weight in model.named_parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=1.5 * weight.shape[-1] ** -0.5)
        elif "norm" not in name.lower():
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def export_onnx(folder: Path, name: str = "onnx/model.onnx") -> Path:
    """Write the token classifier in `folder` as an ONNX graph beside its weights, as exporters on the hub do."""
    import torch
    from transformers import AutoModelForTokenClassification

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModelForTokenClassification.from_pretrained(folder, attn_implementation="eager")

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    ids = torch.randint(5, 50, (2, 9))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    names = ("input_ids", "attention_mask", "logits")
    (folder / name).parent.mkdir(exist_ok=True)
    warnings.simplefilter("ignore")  # the tracer's, about transformers' code; pytest puts the filters back
    torch.onnx.export(
        Logits().eval(),
        (ids, mask),
        str(folder / name),
        input_names=names[:2],
        output_names=names[2:],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in names},
        dynamo=False,
    )
    return folder / name


def wordpiece() -> tokenizers.Tokenizer:
    """A cased BERT tokenizer: VS16, controls and zero-width characters give no token, long words give [UNK]."""
    alphabet = string.ascii_letters + string.digits + string.punctuation
    pieces = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *alphabet, *("##" + char for char in alphabet), *WORDS.split()]
    vocab = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = tokenizers.Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return tokenizer


def unigram() -> tokenizers.Tokenizer:
    """A SentencePiece-like tokenizer as DeBERTa-v3's: controls are dropped by the normaliser, words begin with ▁."""
    alphabet = string.ascii_letters + string.digits + string.punctuation
    pieces = [
        "[PAD]",
        "[CLS]",
        "[SEP]",
        "[UNK]",
        "▁",
        *alphabet,
        *("▁" + word for word in WORDS.split()),
        *WORDS.split(),
    ]
    vocab = [(piece, -2.0 if len(piece) > 1 else -6.0) for piece in dict.fromkeys(pieces)]
    tokenizer = tokenizers.Tokenizer(models.Unigram(vocab, unk_id=3))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(tokenizers.Regex(r"[\x00-\x08\x0b\x0e-\x1f\x7f]"), "")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return tokenizer


def _fast_tokenizer(backend: tokenizers.Tokenizer, shape: Shape) -> Any:
    from transformers import PreTrainedTokenizerFast

    limit = {"model_max_length": shape.positions} if shape.backbone == "bert" else {}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
        **limit,
    )
