#!/usr/bin/env bash
# OpenVINO 2026.4.1 leaves out three attributes of ONNX's Resize without a word: `antialias`, `keep_aspect_ratio_policy` and
# `exclude_outside`. A network that makes its pictures smaller by itself gets other pictures there than in onnxruntime, and with a policy
# for the proportions even pictures of another size.
#
# A `coordinate_transformation_mode` that OpenVINO lacks is refused with an error when the file is read, so one would take what it reads
# for what it can do.
#
# Seen, with onnxruntime 1.32.0 and onnx 1.23.2's own evaluator agreeing: lines of one pixel, four apart, are 0.16 to 0.38 in a picture
# of a quarter of the size with `antialias`, linear, and 0 in OpenVINO, that is, gone, as without the attribute; 8 x 12 into 4 x 4 is
# 3 x 4 with `not_larger` and 4 x 6 with `not_smaller`, and 4 x 4 in OpenVINO. Exits with 1 if any of this is otherwise.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
"$place/venv/bin/python" - <<'PYTHON'
import sys

import numpy
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

lines = numpy.zeros((1, 1, 16, 16), numpy.float32)
lines[..., ::4] = 1
wide = numpy.ascontiguousarray(numpy.broadcast_to(numpy.arange(12, dtype=numpy.float32), (1, 1, 8, 12)))
core = openvino.Core()


def build(picture, side, attributes):
    sizes = numpy_helper.from_array(numpy.array([side, side], numpy.int64), "sizes")
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], axes=[2, 3], **attributes)
    values = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, picture.shape),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, None, None]),
    ]
    graph = helper.make_graph([node], "graph", values[:1], values[1:], [sizes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return model


def by_openvino(model, picture):
    network = core.compile_model(core.read_model(model.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return network([picture])[network.output(0)]


def differs(name, picture, side, **attributes):
    """Whether OpenVINO's picture is another one than onnxruntime's."""
    model = build(picture, side, attributes)
    providers = ["CPUExecutionProvider"]
    right = onnxruntime.InferenceSession(model.SerializeToString(), providers=providers).run(None, {"x": picture})[0]
    assert numpy.allclose(right, ReferenceEvaluator(model).run(None, {"x": picture})[0], atol=1e-5)
    found = by_openvino(model, picture)
    for program, made in (("onnxruntime", right), ("OpenVINO", found)):
        print(f"{name}, {program}: {made.shape[2]} x {made.shape[3]}, a row is {made[0, 0, 0].astype(float).round(3).tolist()}")
    plain = {key: value for key, value in attributes.items() if key in ("mode", "cubic_coeff_a")}
    assert numpy.array_equal(found, by_openvino(build(picture, side, plain), picture))
    return right.shape != found.shape or not numpy.allclose(right, found, atol=1e-3)


print("onnxruntime", onnxruntime.__version__, "OpenVINO", openvino.__version__)
seen = [
    differs("linear", lines, 4, mode="linear"),
    differs("linear, antialias", lines, 4, mode="linear", antialias=1),
    differs("cubic", lines, 4, mode="cubic"),
    differs("cubic, antialias", lines, 4, mode="cubic", antialias=1),
    differs("cubic, exclude_outside", wide, 7, mode="cubic", exclude_outside=1),
    differs("not_larger", wide, 4, mode="linear", keep_aspect_ratio_policy="not_larger"),
    differs("not_smaller", wide, 4, mode="linear", keep_aspect_ratio_policy="not_smaller"),
]
try:
    by_openvino(build(lines, 4, {"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"}), lines)
    refused = False
except RuntimeError as error:
    refused = True
    print("half_pixel_symmetric is refused:", "half_pixel_symmetric" in str(error))
if seen != [False, True, False, True, True, True, True] or not refused:
    sys.exit("this is not what was seen before")
PYTHON
