#!/bin/bash
# OpenVINO 2026.4.1: AveragePool with `ceil_mode` and `count_include_pad` divides the windows that reach beyond the padded picture by all of
# the kernel, without an error. ONNX Runtime 1.32, onnx's reference 1.23.2 and PyTorch divide by the cells that lie in the padded picture.
# Seen: openvino 2026.4.1, onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, Python 3.11: a kernel of 3 at stride 2 with padding 1 over 5 x 4 ones:
# the last column of the middle row is 0.333 in OpenVINO and 0.5 in ONNX Runtime; other columns agree, and without either attribute all do.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
"$folder/venv/bin/python" - <<'P'
import numpy as np, onnxruntime, openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
def pooled(picture, ceil, included):
    node = helper.make_node(
        "AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
        ceil_mode=ceil, count_include_pad=included,
    )
    tensor = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([node], "g", [tensor("x", picture.shape)], [tensor("y", None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    reference = ReferenceEvaluator(model).run(None, {"x": picture})[0]
    bytes_ = model.SerializeToString()
    runtime = onnxruntime.InferenceSession(bytes_, providers=["CPUExecutionProvider"]).run(None, {"x": picture})[0]
    core = openvino.Core()
    core.set_property({"INFERENCE_PRECISION_HINT": "f32"})
    vino = core.compile_model(core.read_model(bytes_), "CPU")(picture)[0]
    return reference[0, 0], runtime[0, 0], vino[0, 0]
ones = np.ones((1, 1, 5, 4), np.float32)
for ceil, included in ((0, 0), (0, 1), (1, 0), (1, 1)):
    reference, runtime, vino = pooled(ones, ceil, included)
    print(f"ceil_mode {ceil}, count_include_pad {included}:", runtime[1].round(3), vino[1].round(3))
    assert np.allclose(reference, runtime, atol=1e-6)
    if ceil and included:
        assert np.allclose(vino[:, :-1], runtime[:, :-1], atol=1e-6)
        assert np.allclose(vino[:, -1] * 1.5, runtime[:, -1], atol=1e-6)
    else:
        assert np.allclose(vino, runtime, atol=1e-6)
P
