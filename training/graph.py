"""The network of the embedded model as an ONNX graph without its weights: `write(config, file)`.

Initialisers carry the tensor names and types of the packed checkpoint (`training.export`) and no data: whoever runs the
graph hands them over, so the weights are stored once for both runtimes. The graph multiplies them out itself, once when a
session is built; of the word embeddings, the largest matrix, only the rows that are read.

The arithmetic is that of scrubber's torch engine: the last layer only for the positions that are read, the span head's
first layer by word, labels folded into its last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET: Final = 20
SCALE: Final = ".row_scale"  # behind the name of a matrix: what its rows of int8 are to be multiplied with
CONTRIB: Final = "com.microsoft"  # onnxruntime's own operators: one node for attention
BERT: Final = "token_rep_layer.bert_layer.model"
HEAD: Final = "span_rep_layer.span_rep_layer"


class Graph:
    """Nodes and initialisers as they come; a node's name is its only output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: dict[str, onnx.TensorProto] = {}

    def add(self, operator: str, *inputs: str, output: str = "", domain: str = "", **attributes: Any) -> str:
        """Add a node; returns the name of what it computes."""
        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], domain=domain, **attributes))
        return output

    def stored(self, name: str, kind: int, *shape: int) -> str:
        """A tensor of the checkpoint as it is stored, whose data come later."""
        tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
        size = helper.tensor_dtype_to_np_dtype(kind).itemsize * int(np.prod(shape))
        for key, value in (("location", "weights"), ("offset", "0"), ("length", str(size))):
            tensor.external_data.add(key=key, value=value)
        self.initialisers[name] = tensor
        return name

    def vector(self, name: str, size: int) -> str:
        """A vector of the checkpoint in float32."""
        return self.add("Cast", self.stored(name, TensorProto.FLOAT16, size), to=TensorProto.FLOAT)

    def packed(self, name: str, rows: int, columns: int) -> tuple[str, str]:
        """A matrix of the checkpoint as int8, and the scales of its rows."""
        steps = self.stored(name, TensorProto.INT8, rows, columns)
        return steps, self.stored(f"{name}{SCALE}", TensorProto.FLOAT, rows)

    def matrix(self, name: str, rows: int, columns: int) -> str:
        """A matrix of the checkpoint in float32."""
        return self.add("DequantizeLinear", *self.packed(name, rows, columns), axis=0)

    def turned(self, steps: str, scales: str) -> str:
        """The transpose of a packed matrix in float32; turned while it is small, as a session that is built holds each step."""
        return self.add("DequantizeLinear", self.add("Transpose", steps, perm=[1, 0]), scales, axis=1)

    def constant(self, *values: int) -> str:
        """A vector of int64."""
        name = f"i{'_'.join(map(str, values))}"
        self.initialisers[name] = numpy_helper.from_array(np.array(values, np.int64), name)
        return name

    def linear(self, x: str, name: str, wide: int, out: int) -> str:
        """`x @ weight.T + bias`."""
        product = self.add("MatMul", x, self.turned(*self.packed(f"{name}.weight", out, wide)))
        return self.add("Add", product, self.vector(f"{name}.bias", out))

    def norm(self, x: str, name: str, size: int, epsilon: float) -> str:
        """Layer norm over the last axis."""
        return self.add(
            "LayerNormalization",
            x,
            self.vector(f"{name}.weight", size),
            self.vector(f"{name}.bias", size),
            axis=-1,
            epsilon=epsilon,
        )

    def mlp(self, x: str, name: str, wide: int, inner: int, out: int) -> str:
        """Two layers of gliner's with a ReLU between them."""
        return self.linear(self.add("Relu", self.linear(x, f"{name}.0", wide, inner)), f"{name}.3", inner, out)

    def rows(self, x: str, places: str) -> str:
        """`x[b, places[b, n]]` as `[B, N, D]`."""
        return self.add("GatherND", x, self.add("Unsqueeze", places, self.constant(2)), batch_dims=1)

    def size_of(self, x: str, axis: int) -> str:
        """One axis of the shape of `x`, as a vector of one."""
        return self.add("Gather", self.add("Shape", x), self.constant(axis))

    def count(self, size: str) -> str:
        """`0, 1, ... size - 1`."""
        return self.add("Range", self.scalar(0), self.add("Squeeze", size), self.scalar(1))

    def scalar(self, value: int) -> str:
        """An int64 without axes."""
        name = f"scalar{value}"
        self.initialisers[name] = numpy_helper.from_array(np.array(value, np.int64), name)
        return name


def _encode(graph: Graph, config: Mapping[str, Any], keep: str) -> str:
    size, heads, epsilon = config["hidden_size"], config["num_attention_heads"], config["layer_norm_eps"]
    parts = f"{BERT}.embeddings"
    steps, scales = (
        graph.add("Gather", table, "ids")
        for table in graph.packed(f"{parts}.word_embeddings.weight", config["vocab_size"], size)
    )
    steps = graph.add("Cast", steps, to=TensorProto.FLOAT)
    words = graph.add("Mul", steps, graph.add("Unsqueeze", scales, graph.constant(2)))
    length = graph.size_of("ids", 1)
    table = graph.matrix(f"{parts}.position_embeddings.weight", config["max_position_embeddings"], size)
    positions = graph.add("Slice", table, graph.constant(0), length, graph.constant(0))
    kinds = graph.matrix(f"{parts}.token_type_embeddings.weight", config["type_vocab_size"], size)
    kind = graph.add("Gather", kinds, graph.scalar(0))
    x = graph.norm(graph.add("Add", graph.add("Add", words, positions), kind), f"{parts}.LayerNorm", size, epsilon)
    inside = graph.add("Less", graph.count(length), graph.add("Unsqueeze", "lengths", graph.constant(1)))
    mask = graph.add("Cast", inside, to=TensorProto.INT32)
    last = config["num_hidden_layers"] - 1
    for number in range(last + 1):
        layer = f"{BERT}.encoder.layer.{number}"
        own = f"{layer}.attention.self"
        kept = graph.rows(x, keep) if number == last else x
        query, key, value = (
            graph.linear(source, f"{own}.{name}", size, size)
            for source, name in ((kept, "query"), (x, "key"), (x, "value"))
        )
        attended = graph.add("MultiHeadAttention", query, key, value, "", mask, domain=CONTRIB, num_heads=heads)
        attended = graph.linear(attended, f"{layer}.attention.output.dense", size, size)
        x = graph.norm(graph.add("Add", kept, attended), f"{layer}.attention.output.LayerNorm", size, epsilon)
        inner = graph.add("Gelu", graph.linear(x, f"{layer}.intermediate.dense", size, config["intermediate_size"]))
        inner = graph.linear(inner, f"{layer}.output.dense", config["intermediate_size"], size)
        x = graph.norm(graph.add("Add", x, inner), f"{layer}.output.LayerNorm", size, epsilon)
    return x


def _score(graph: Graph, labels: str, words: str, size: int, max_width: int) -> None:
    inner = 4 * size
    starts = graph.add("Relu", graph.mlp(words, f"{HEAD}.project_start", size, inner, size))
    ends = graph.add("Relu", graph.mlp(words, f"{HEAD}.project_end", size, inner, size))
    pair, scales = graph.packed(f"{HEAD}.out_project.0.weight", inner, 2 * size)
    for_starts = graph.add("Slice", pair, graph.constant(0), graph.constant(size), graph.constant(1))
    for_ends = graph.add("Slice", pair, graph.constant(size), graph.constant(2 * size), graph.constant(1))
    starts = graph.add("MatMul", starts, graph.turned(for_starts, scales))
    starts = graph.add("Add", starts, graph.vector(f"{HEAD}.out_project.0.bias", inner))
    ends = graph.add("MatMul", ends, graph.turned(for_ends, scales))
    count = graph.size_of(words, 1)
    ends = graph.add("Pad", ends, graph.constant(0, 0, 0, 0, max_width - 1, 0))
    window = graph.add("Unsqueeze", graph.count(graph.constant(max_width)), graph.constant(0))
    window = graph.add("Add", graph.add("Unsqueeze", graph.count(count), graph.constant(1)), window)
    spans = graph.add(
        "Add", graph.add("Unsqueeze", starts, graph.constant(2)), graph.add("Gather", ends, window, axis=1)
    )
    spans = graph.add("Reshape", graph.add("Relu", spans), graph.constant(0, -1, inner))
    label = graph.mlp(labels, "prompt_rep_layer", size, inner, size)
    folded = graph.add("MatMul", label, graph.matrix(f"{HEAD}.out_project.3.weight", size, inner))
    bias = graph.add("Unsqueeze", graph.vector(f"{HEAD}.out_project.3.bias", size), graph.constant(1))
    shift = graph.add("Transpose", graph.add("MatMul", label, bias), perm=[0, 2, 1])
    scores = graph.add("Add", graph.add("MatMul", spans, graph.add("Transpose", folded, perm=[0, 2, 1])), shift)
    shape = graph.add(
        "Concat", graph.size_of(words, 0), count, graph.constant(max_width), graph.size_of(labels, 1), axis=0
    )
    graph.add("Reshape", scores, shape, output="logits")


def build(config: Mapping[str, Any]) -> onnx.ModelProto:
    """The graph of a model with this gliner_config.json: a BERT encoder without LSTM or projection, markerV0.

    Inputs `ids` [B, S], `lengths` [B], `markers` [C] and `first` [B, W], all int64; output `logits` [B, W, width, C].
    """
    graph = Graph()
    expanded = graph.add("Concat", graph.size_of("ids", 0), graph.size_of("markers", 0), axis=0)
    keep = graph.add("Concat", graph.add("Expand", "markers", expanded), "first", axis=1)
    hidden = _encode(graph, config["encoder_config"], keep)
    count = graph.size_of("markers", 0)
    labels = graph.add("Slice", hidden, graph.constant(0), count, graph.constant(1))
    words = graph.add("Slice", hidden, count, graph.size_of(keep, 1), graph.constant(1))
    _score(graph, labels, words, config["hidden_size"], config["max_width"])
    shapes = {"ids": ("B", "S"), "lengths": ("B",), "markers": ("C",), "first": ("B", "W")}
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name, shape in shapes.items()]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ("B", "W", config["max_width"], "C"))
    made = helper.make_graph(graph.nodes, "span model", inputs, [output], list(graph.initialisers.values()))
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=9, producer_name="scrubber")


def write(config: Mapping[str, Any], file: Path) -> None:
    """Write the graph for `config`."""
    file.write_bytes(build(config).SerializeToString())
