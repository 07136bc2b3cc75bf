#!/bin/bash
# onnx 1.23.2: where the size times the scale is no whole number, the reference evaluator computes Resize in the modes `align_corners` and
# `half_pixel_symmetric` from the size before it was rounded down, so that corners are not aligned and nothing is symmetric. ONNX Runtime
# 1.32 takes the size of the result, as the operator's text and PyTorch do, OpenVINO 2026.4.1 too (it refuses `half_pixel_symmetric`).
# Seen: onnx 1.23.2, onnxruntime 1.32.0, openvino 2026.4.1, numpy 2.4.6, Python 3.11: 7 x 9 pixels times 0.5 and 0.6, values from 0 to 1:
# the reference is 0.57 and 0.78 off, ONNX Runtime below 1e-5; times 2 and 3, where nothing is rounded, all agree.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
"$folder/venv/bin/python" - <<'P'
import numpy as np, onnxruntime, openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
x = np.random.default_rng(0).random((1, 2, 7, 9)).astype(np.float32)
def place(mode, index, length, result, scale):
    if mode == "align_corners":
        return index * (length - 1) / (result - 1)
    adjustment = result / (length * scale)
    return length / 2 * (1 - adjustment) + (index + 0.5) / scale - 0.5
def along(mode, length, scale):
    result = int(np.floor(length * np.float32(scale) + 1e-6))
    matrix = np.zeros((result, length))
    for index in range(result):
        at = place(mode, index, length, result, scale)
        first = int(np.floor(at))
        matrix[index, min(max(first, 0), length - 1)] += 1 - (at - first)
        matrix[index, min(max(first + 1, 0), length - 1)] += at - first
    return matrix
def off(mode, scales):
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear", coordinate_transformation_mode=mode)
    tensor = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    weights = [numpy_helper.from_array(np.float32([1, 1, *scales]), "s")]
    graph = helper.make_graph([node], "g", [tensor("x", x.shape)], [tensor("y", None)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    bytes_ = model.SerializeToString()
    defined = np.einsum("ih,bchw,jw->bcij", along(mode, 7, scales[0]), x, along(mode, 9, scales[1]))
    session = onnxruntime.InferenceSession(bytes_, providers=["CPUExecutionProvider"])
    outputs = [session.run(None, {"x": x})[0], ReferenceEvaluator(model).run(None, {"x": x})[0]]
    if mode == "align_corners":
        core = openvino.Core()
        core.set_property({"INFERENCE_PRECISION_HINT": "f32"})
        outputs.append(core.compile_model(core.read_model(bytes_), "CPU")(x)[0])
    found = [float(np.abs(output - defined).max()) for output in outputs]
    print(mode, scales, "off:", [round(each, 5) for each in found])
    return found
for mode in ("align_corners", "half_pixel_symmetric"):
    runtime, reference, *vino = off(mode, (0.5, 0.6))
    assert runtime < 1e-5 and reference > 0.1 and all(each < 1e-5 for each in vino)
    assert all(each < 1e-5 for each in off(mode, (2, 3)))
P
