"""Hypothesis strategies: Unicode text, JSON and log lines with planted secrets."""

from __future__ import annotations

import json
import re

from hypothesis import strategies as st

SECRET = re.compile(r"(?<![\w-])S-[0-9]{4}(?![\w-])")
"""What the rules of `tests/detect/simple_rules.py` find by its shape."""

secrets = st.integers(0, 9999).map(lambda number: f"S-{number:04}")

awkward = st.sampled_from(
    ['"', "\\", "\n", "\t", "\0", "é", "€", "\U0001f600", "%", "<", ">", "{", "}", ",", ":", "/", " "]
)
text = st.text(st.one_of(st.characters(codec="utf-8"), awkward), max_size=30)


@st.composite
def texts_with_secrets(draw):
    """Text with secrets between blanks."""
    pieces = draw(st.lists(st.one_of(text, secrets), max_size=8))
    return " ".join(pieces)


texts = st.one_of(text, texts_with_secrets())

json_keys = st.one_of(st.sampled_from(["id", "code", "message", "user", "a.b"]), texts)
json_values = st.recursive(
    st.one_of(texts, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(), st.integers(7000, 7999)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(json_keys, inner, max_size=4),
        inner.map(json.dumps),  # JSON inside a string
    ),
    max_leaves=10,
)


@st.composite
def json_documents(draw):
    """JSON as bytes, in different spellings."""
    value = draw(st.one_of(st.dictionaries(json_keys, json_values, max_size=5), st.lists(json_values, max_size=4)))
    spaced = draw(st.booleans())
    return json.dumps(
        value,
        ensure_ascii=draw(st.booleans()),
        separators=(", ", ": ") if spaced else (",", ":"),
        indent=draw(st.sampled_from([None, None, 1])),
    ).encode()


@st.composite
def log_lines(draw):
    """Lines as applications write them."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(["user", "code", "ip", "msg"]), texts), max_size=4))
    line = " ".join(f'{key}="{value}"' if " " in value else f"{key}={value}" for key, value in pairs)
    return f"2026-03-01T12:00:00Z INFO {draw(texts)} {line}".encode()


records = st.one_of(json_documents(), log_lines(), texts.map(str.encode))
