#!/bin/bash
# OpenVINO 2026.4.1 computes Softmax of the operator sets 11 and 12 along its axis alone, as sets from 13 on mean it. Until 12 the operator
# takes all axes from there on together, of 2 x 4 x 7 x 9 with axis 1 so 252 numbers, not 4, and OpenVINO does so in sets 1 to 10, and in
# set 11 for LogSoftmax and Hardmax. Nothing is said. ONNX Runtime 1.32 keeps to the text in all sets; the reference evaluator of onnx
# 1.23.2 never takes axes together.
# Seen: openvino 2026.4.1, onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, Python 3.11.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
"$folder/venv/bin/python" - <<'P'
import numpy as np, onnxruntime, openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
x = np.random.default_rng(0).random((2, 4, 7, 9)).astype(np.float32)
powers = np.exp(x)
together = powers / powers.sum((1, 2, 3), keepdims=True)
alone = powers / powers.sum(1, keepdims=True)
def kind(y, change):
    return "together" if np.allclose(y, change(together), atol=1e-5) else "alone" if np.allclose(y, change(alone), atol=1e-5) else "?"
def computed(operator, opset, change=lambda y: y):
    node = helper.make_node(operator, ["x"], ["y"], axis=1)
    tensor = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([node], "g", [tensor("x", x.shape)], [tensor("y", x.shape)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    bytes_ = model.SerializeToString()
    session = onnxruntime.InferenceSession(bytes_, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    core.set_property({"INFERENCE_PRECISION_HINT": "f32"})
    vino = core.compile_model(core.read_model(bytes_), "CPU")(x)[0]
    reference = ReferenceEvaluator(model).run(None, {"x": x})[0]
    found = [kind(y, change) for y in (session.run(None, {"x": x})[0], vino, reference)]
    print(f"{operator} of set {opset}: ONNX Runtime {found[0]}, OpenVINO {found[1]}, reference {found[2]}")
    return found
for opset in (7, 10):
    assert computed("Softmax", opset) == ["together", "together", "alone"]
for opset in (11, 12):
    assert computed("Softmax", opset) == ["together", "alone", "alone"]
assert computed("LogSoftmax", 11, np.log)[:2] == ["together", "together"]
assert computed("Softmax", 13) == ["alone"] * 3
P
