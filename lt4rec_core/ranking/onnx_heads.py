"""The folded heads as an ONNX graph, for servers that don't run Python.

It takes the fields' embeddings and gives each task's prediction, as `Heads.predict` does,
of which it takes over what it has folded: dead neurons and inputs are gone, and the first
layers of all heads are one product. Looking up embeddings and encoding raw values stay with
the server: `model.safetensors`, `vocabulary/` and `ranking.json` say how.

Shapes: B = rows, F = fields, D = embedding size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lt4rec_core.errors import ConfigError
from lt4rec_core.ranking.first_layer import FirstLayer
from lt4rec_core.ranking.heads import Heads
from lt4rec_core.ranking.layout import RankingLayout

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

EMBEDDINGS_INPUT = "embeddings"
_OPSET, _IR = 17, 8  # ONNX 1.12; ONNX Runtime reads it since 1.12


def onnx_heads(layout: RankingLayout, heads: Heads) -> bytes:
    """Returns a serialized ONNX model: `embeddings` [B, F, D] to `p<task>` [B] for each task.

    Raises:
        ConfigError: the package onnx isn't installed.
    """
    try:
        from onnx import TensorProto, checker, helper
    except ImportError:
        raise ConfigError(
            "writing ONNX needs the package onnx, which isn't installed; expected it beside this "
            "project: pip install 'lt4rec[onnx]'"
        ) from None
    first, graph = heads.first, _Graph()
    graph.inputs(first)
    hidden = graph.dense("first", "inputs", first.weight_IO, first.bias_O)
    widths = np.diff([0, *heads.ends, len(first.bias_O)])
    pieces = [f"{task}.0" for task in layout.tasks]
    graph.add("Split", [hidden, graph.tensor("widths", widths.astype(np.int64))], pieces, axis=1)
    for task, piece in zip(layout.tasks, pieces, strict=True):
        graph.head(task, piece, heads)
    shape = ["B", first.fields, first.dim]
    taken = helper.make_tensor_value_info(EMBEDDINGS_INPUT, TensorProto.FLOAT, shape)
    given = [
        helper.make_tensor_value_info(f"p{task}", TensorProto.FLOAT, ["B"]) for task in layout.tasks
    ]
    made = helper.make_graph(graph.nodes, "lt4rec", [taken], given, graph.tensors)
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(made, opset_imports=opsets, producer_name="lt4rec", ir_version=_IR)
    about = {"fields": ",".join(f.name for f in layout.fields), "schema": layout.schema_digest}
    helper.set_model_props(model, about)
    checker.check_model(model, full_check=True)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


class _Graph:
    """Nodes and constants, in the order in which they are computed."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.tensors: list[TensorProto] = []

    def add(self, kind: str, taken: list[str], given: list[str], **attributes: Any) -> str:
        """Adds a node; returns the name of its first output."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, taken, given, name=given[0], **attributes))
        return given[0]

    def tensor(self, name: str, values: np.ndarray) -> str:
        """Adds a constant; returns its name."""
        from onnx import numpy_helper

        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def inputs(self, first: FirstLayer) -> None:
        """Computes what the first layer reads, as "inputs"; see `FirstLayer.inputs`."""
        across = self.add("Transpose", [EMBEDDINGS_INPUT], ["across"], perm=[0, 2, 1])
        products = self.add("MatMul", [EMBEDDINGS_INPUT, across], ["products"])
        crossed = self._flattened(products, "crossings", first.fields**2, first.products)
        flat = self._flattened(EMBEDDINGS_INPUT, "flat", first.fields * first.dim, first.flat_E)
        self.add("Concat", [crossed, flat], ["inputs"], axis=1)

    def dense(self, name: str, value: str, weight_IO: np.ndarray, bias_O: np.ndarray) -> str:
        """Computes value @ weight + bias."""
        weight, bias = (
            self.tensor(f"{name}.{part}", values)
            for part, values in (("weight", weight_IO), ("bias", bias_O))
        )
        return self.add("Gemm", [value, weight, bias], [name])

    def head(self, task: str, value: str, heads: Heads) -> None:
        """Computes the layers of `task` after the first, and its prediction."""
        for layer, (weight_IO, bias_O) in enumerate(heads.rest[task], start=1):
            active = self.add("Relu", [value], [f"{task}.{layer}.active"])
            value = self.dense(f"{task}.{layer}", active, weight_IO, bias_O)
        last = self.tensor(f"{task}.axis", np.array([1], dtype=np.int64))
        logit = self.add("Squeeze", [value, last], [f"{task}.logit"])
        self.add("Sigmoid", [logit], [f"p{task}"])

    def _flattened(self, value: str, name: str, size: int, kept: np.ndarray) -> str:
        """Makes rows of `size` values of it, and keeps some of them."""
        shape = self.tensor(f"{name}.shape", np.array([0, size], dtype=np.int64))  # 0: as it is
        whole = self.add("Reshape", [value, shape], [f"{name}.all"])
        if np.array_equal(kept, np.arange(size)):
            return whole
        some = self.tensor(f"{name}.kept", kept.astype(np.int64))
        return self.add("Gather", [whole, some], [name], axis=1)
