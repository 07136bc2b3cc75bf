#!/usr/bin/env bash
# MNN 3.6.1 converts two operations of ONNX without a word into others, each right for what is tried first:
#
# - Resize, cubic: the pixels at the left and upper edge that lie before the centre of the first one get the value of the third
#   pixel of the result, as if their place were cut towards zero and not rounded down; inside and at the other edges the numbers are right. And
#   `cubic_coeff_a` is left out: -0.5, that of Pillow, gives what -0.75 gives.
# - GridSample, by which networks warp pictures: `padding_mode = "reflection"` becomes "border", and `mode = "bicubic"` becomes bilinear.
#   "zeros", "border" and bilinear are right.
#
# Seen beside onnxruntime 1.32.0: 0 1 2 3 4 5 becomes twelve pixels that begin -0.105 0.191 0.668, and in MNN 0.668 0.191 0.668, the other
# eleven the same; with -0.5 they begin -0.070 0.180 0.727, and in MNN as before. Of the row 1 2 3 4 5 6 at -1.6 to 1.6 the first and last
# places are 2.3 and 4.7 with reflection, and 1 and 6 in MNN; a place between two pixels is 2.342 bicubic, and 2.3 in MNN. Exits with 1 if
# any of this is otherwise.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 MNN==3.6.1
cd "$place"
PATH="$place/venv/bin:$PATH" "$place/venv/bin/python" - <<'PYTHON'
import subprocess
import sys

import MNN
import MNN.expr
import MNN.nn
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def compare(name, picture, operation, inputs, constants, **attributes):
    """What onnxruntime and MNN make of a picture by one operation."""
    node = helper.make_node(operation, ["x", *inputs], ["y"], **attributes)
    values = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, picture.shape),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4),
    ]
    tensors = [numpy_helper.from_array(value, key) for key, value in constants.items()]
    graph = helper.make_graph([node], "graph", values[:1], values[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    right = session.run(None, {"x": picture})[0]
    onnx.save(model, "model.onnx")
    convert = ["mnnconvert", "-f", "ONNX", "--modelFile", "model.onnx", "--MNNModel", "model.mnn", "--bizCode", "biz"]
    subprocess.run(convert, check=True, capture_output=True)
    network = MNN.nn.load_module_from_file("model.mnn", ["x"], ["y"])
    given = MNN.expr.placeholder(list(picture.shape), MNN.expr.NCHW)
    given.write(picture.ravel().tolist())
    made = MNN.expr.convert(network.forward([given])[0], MNN.expr.NCHW)
    found = numpy.array(made.read(), numpy.float32).reshape(right.shape)
    for program, result in (("onnxruntime", right), ("MNN", found)):
        print(f"{name}, {program}:", result[0, 0].astype(float).round(3).tolist())
    return right[0, 0], found[0, 0]


def row(*values):
    return numpy.array(values, numpy.float32).reshape(1, 1, 1, -1)


def enlarges():
    scales = {"scales": numpy.array([1, 1, 1, 2], numpy.float32)}
    ramp = row(0, 1, 2, 3, 4, 5)
    right, found = compare("-0.75", ramp, "Resize", ["", "scales"], scales, mode="cubic")
    half_right, half_found = compare("-0.5", ramp, "Resize", ["", "scales"], scales, mode="cubic", cubic_coeff_a=-0.5)
    begins = numpy.allclose(right[0, :3], [-0.105, 0.191, 0.668], atol=1e-3)
    is_third = numpy.isclose(found[0, 0], found[0, 2])
    others = numpy.allclose(right[0, 1:], found[0, 1:], atol=1e-4)
    same = numpy.array_equal(found, half_found) and numpy.abs(half_right - half_found)[0, 1:].max() > 0.05
    return begins and is_third and others and same


def warps():
    across = numpy.linspace(-1.6, 1.6, 9, dtype=numpy.float32)
    grid = {"grid": numpy.stack([across, numpy.zeros_like(across)], axis=-1)[None, None]}
    picture = numpy.repeat(row(1, 2, 3, 4, 5, 6), 3, axis=2)

    def warped(mode, padding):
        attributes = {"mode": mode, "padding_mode": padding}
        return compare(f"{mode}, {padding}", picture, "GridSample", ["grid"], grid, **attributes)

    plain = [warped("bilinear", padding) for padding in ("zeros", "border")]
    right, found = warped("bilinear", "reflection")
    cubic_right, cubic_found = warped("bicubic", "border")
    agree = all(numpy.allclose(*both, atol=1e-4) for both in plain)
    reflects = numpy.allclose(right[0, [0, -1]], [2.3, 4.7], atol=1e-3)
    is_border = numpy.array_equal(found, plain[1][1])
    is_cubic = numpy.isclose(cubic_right[0, 3], 2.342, atol=1e-3)
    is_linear = numpy.array_equal(cubic_found, plain[1][1])
    return agree and reflects and is_border and is_cubic and is_linear


print("onnxruntime", onnxruntime.__version__, "MNN", MNN.version())
if not (enlarges() and warps()):
    sys.exit("this is not what was seen before")
PYTHON
