#!/bin/bash
# OpenVINO 2026.4.1 on a processor: Relu and Clip make 0 (or the lower bound) of what is not a number. A network whose weights have become
# NaN, as after a training that diverged, gives an even picture there, and every check of its output for NaN passes; ONNX Runtime 1.32 and
# the reference evaluator of onnx 1.23.2 hand NaN on. So do LeakyRelu, Tanh, Sigmoid, Elu and Gelu in OpenVINO itself.
# Seen: openvino 2026.4.1, onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, Python 3.11.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
"$folder/venv/bin/python" - <<'P'
import numpy as np, onnxruntime, openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
x = np.random.default_rng(0).random((1, 3, 8, 8)).astype(np.float32)
constants = {"w": np.full((4, 3, 3, 3), np.nan, np.float32), "low": np.float32(0), "high": np.float32(6)}
def numbers_that_are_none(operator, more=()):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node(operator, ["c", *more], ["y"]),
    ]
    tensor = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    weights = [numpy_helper.from_array(np.asarray(constants[name]), name) for name in ("w", *more)]
    graph = helper.make_graph(nodes, "g", [tensor("x", x.shape)], [tensor("y", [1, 4, 8, 8])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    bytes_ = model.SerializeToString()
    session = onnxruntime.InferenceSession(bytes_, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    core.set_property({"INFERENCE_PRECISION_HINT": "f32"})
    outputs = [
        session.run(None, {"x": x})[0],
        ReferenceEvaluator(model).run(None, {"x": x})[0],
        core.compile_model(core.read_model(bytes_), "CPU")(x)[0],
    ]
    found = [int(np.isnan(output).sum()) for output in outputs]
    print(f"{operator}: NaN in ONNX Runtime {found[0]}, in the reference {found[1]}, in OpenVINO {found[2]} of 256")
    return found
assert numbers_that_are_none("Relu") == [256, 256, 0]
assert numbers_that_are_none("Clip", ("low", "high")) == [256, 256, 0]
for operator in ("LeakyRelu", "Tanh", "Sigmoid"):
    assert numbers_that_are_none(operator) == [256, 256, 256]
P
