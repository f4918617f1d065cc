"""A tagger with the signature of WD taggers that sees nothing but colors.

Each score is a sigmoid of the mean color: a red picture is `1girl` with red hair, a blue one a cat.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 16
# (name, category, weights of blue, green and red from 0 to 255, bias)
TAGS = (
    ("general", 9, (0, 0, 0), 2.0),
    ("sensitive", 9, (0, 0, 0), -2.0),
    ("1girl", 0, (-0.2, -0.2, 0.1), -5.0),
    ("red_hair", 0, (-0.2, -0.2, 0.2), -10.0),
    ("cat", 0, (0.2, -0.2, -0.2), -10.0),
    ("night", 0, (0, 0, 0), 3.0),
    ("no_humans", 0, (-0.05, -0.05, -0.05), 5.0),
    ("upper_body", 0, (-0.2, -0.2, 0.2), -10.0),
    ("rose_(flower)", 4, (-0.2, -0.2, 0.2), -10.0),
)
ROWS = tuple((name, category) for name, category, _, _ in TAGS)


def write_labels(file: Path, rows=ROWS) -> None:
    lines = [f"{i},{name},{category},{100 - i}" for i, (name, category) in enumerate(rows)]
    file.write_text("\n".join(["tag_id,name,category,count", *lines]) + "\n", encoding="utf-8")


def write_tagger(folder: Path, rows=ROWS, batch="batch_size", shape=None, sigmoid=True) -> Path:
    """A folder with model.onnx and selected_tags.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = np.array([tag[2] for tag in TAGS], dtype=np.float32).T
    bias = np.array([tag[3] for tag in TAGS], dtype=np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["input", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node("Sigmoid" if sigmoid else "Identity", ["sum"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(
            "input", TensorProto.FLOAT, shape or [batch, SIDE, SIDE, 3]
        )],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [batch, len(TAGS)])],
        [
            numpy_helper.from_array(np.array([1, 2], dtype=np.int64), "axes"),
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(bias, "bias"),
        ],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(folder / "model.onnx"))
    write_labels(folder / "selected_tags.csv", rows)
    return folder


def expected(color: tuple[float, float, float]) -> dict[str, float]:
    """The scores of a picture of one color (red, green, blue from 0 to 1), without the graph."""
    bgr = 255 * np.array(color[::-1])
    return {
        name: float(1 / (1 + np.exp(-(np.dot(weights, bgr) + bias))))
        for name, _, weights, bias in TAGS
    }
