#!/bin/bash
# onnx 1.23.2: the reference evaluator normalises with LRN as many channels as the batch has pictures, and passes the others through. Of one
# picture that is the first channel alone. ONNX Runtime and OpenVINO normalise all, as the operator's text says, so that importers of
# AlexNet or GoogLeNet that are checked against the reference look wrong.
# Seen: onnx 1.23.2, onnxruntime 1.32.0, openvino 2026.4.1, numpy 2.4.6, Python 3.11: batches of 1, 2 and 4 with 6 channels: 1, 2 and 4
# channels are right, the others are the input.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
"$folder/venv/bin/python" - <<'P'
import numpy as np, onnxruntime, openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
channels, size, alpha, beta = 6, 3, 1.0, 0.75
for batch in (1, 2, 4, 6):
    picture = np.random.default_rng(0).random((batch, channels, 3, 3)).astype(np.float32)
    node = helper.make_node("LRN", ["x"], ["y"], size=size, alpha=alpha, beta=beta, bias=1.0)
    tensor = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph([node], "g", [tensor("x", picture.shape)], [tensor("y", None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    reference = ReferenceEvaluator(model).run(None, {"x": picture})[0]
    bytes_ = model.SerializeToString()
    session = onnxruntime.InferenceSession(bytes_, providers=["CPUExecutionProvider"])
    runtime = session.run(None, {"x": picture})[0]
    core = openvino.Core()
    core.set_property({"INFERENCE_PRECISION_HINT": "f32"})
    vino = core.compile_model(core.read_model(bytes_), "CPU")(picture)[0]
    around = [slice(max(0, c - 1), c + 2) for c in range(channels)]
    squares = np.stack([(picture[:, each] ** 2).sum(1) for each in around], 1)
    defined = picture / (1 + alpha / size * squares) ** beta
    assert np.allclose(runtime, defined, atol=1e-5) and np.allclose(vino, defined, atol=1e-5)
    right = [c for c in range(channels) if np.allclose(reference[:, c], defined[:, c], atol=1e-5)]
    print(f"batch of {batch}: the reference has channels {right} right")
    assert right == list(range(batch))
    assert np.array_equal(reference[:, batch:], picture[:, batch:])
P
