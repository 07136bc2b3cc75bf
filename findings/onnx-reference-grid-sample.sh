#!/bin/bash
# onnx 1.23.2: its reference computes GridSample in mode `cubic` with padding_mode `border` otherwise than ONNX Runtime, OpenVINO and PyTorch:
# where samples lie near the border or beyond. These clamp each of the 16 neighbours, as is written out here; the reference does not.
# What a tool compares with the reference looks wrong, or is.
# Seen: onnx 1.23.2, onnxruntime 1.32.0, openvino 2026.4.1, numpy 2.4.6, Python 3.11: up to 0.06 of values from 0 to 1; the modes `linear` and
# `nearest`, and the other paddings, agree.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
"$folder/venv/bin/python" - <<'P'
import numpy as np, onnxruntime, openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
draw = np.random.default_rng(0)
picture = draw.random((1, 1, 7, 9)).astype(np.float32)
inside = draw.uniform(-0.5, 0.5, (1, 20, 1, 2)).astype(np.float32)
grid = draw.uniform(-1.6, 1.6, (1, 20, 1, 2)).astype(np.float32)
def sampled(grid, mode, padding):
    node = helper.make_node("GridSample", ["x", "g"], ["y"], mode=mode, padding_mode=padding, align_corners=1)
    tensor = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    inputs = [tensor("x", picture.shape), tensor("g", grid.shape)]
    graph = helper.make_graph([node], "g", inputs, [tensor("y", None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    reference = ReferenceEvaluator(model).run(None, {"x": picture, "g": grid})[0]
    bytes_ = model.SerializeToString()
    session = onnxruntime.InferenceSession(bytes_, providers=["CPUExecutionProvider"])
    runtime = session.run(None, {"x": picture, "g": grid})[0]
    core = openvino.Core()
    core.set_property({"INFERENCE_PRECISION_HINT": "f32"})
    vino = core.compile_model(core.read_model(bytes_), "CPU")([picture, grid])[0]
    assert np.allclose(runtime, vino, atol=1e-5)
    return reference, runtime
# By the definition: cubic convolution with -0.75 over neighbours that are clamped.
def cubic(t):
    t = abs(t)
    if t <= 1:
        return (1.25 * t - 2.25) * t * t + 1
    return ((-0.75 * t + 3.75) * t - 6) * t + 3
def defined(x, y):
    x, y = (x + 1) / 2 * 8, (y + 1) / 2 * 6
    left, top = int(np.floor(x)), int(np.floor(y))
    return sum(
        cubic(x - column) * cubic(y - row) * picture[0, 0, min(max(row, 0), 6), min(max(column, 0), 8)]
        for row in range(top - 1, top + 3) for column in range(left - 1, left + 3)
    )
expected = np.array([defined(x, y) for x, y in grid[0, :, 0].astype(np.float64)])
reference, runtime = sampled(grid, "cubic", "border")
difference = np.abs(reference - runtime).max()
print(f"cubic, border: the reference departs by {difference:.3f}, ONNX Runtime by {np.abs(runtime.ravel() - expected).max():.6f}")
assert difference > 0.01 and np.allclose(runtime.ravel(), expected, atol=1e-4)
assert np.allclose(*sampled(inside, "cubic", "border"), atol=1e-5)
for mode, padding in (("cubic", "zeros"), ("cubic", "reflection"), ("linear", "border"), ("nearest", "border")):
    assert np.allclose(*sampled(grid, mode, padding), atol=1e-5)
P
