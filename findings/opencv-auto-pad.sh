#!/usr/bin/env bash
# OpenCV 5.0.0.93 and 4.13.0.92 put the padding of an ONNX convolution with `auto_pad` at opposite sides, and each is wrong in one of the
# two modes: a kernel of 3 x 3 that halves a picture of an even side looks at the neighbours of the pixels it should look at, without a
# word.
#
# By the operator's text a pixel of padding too many for both sides goes to the end with SAME_UPPER, and to the beginning with
# SAME_LOWER. SAME_UPPER is TensorFlow's "same", and so stands in files of networks from there. Here 4.13 pads at the end in both modes
# and 5.0 at the beginning in both, so that what such a network makes moves by a pixel at each halving from one version to the other. A
# side of 7, which needs a pixel at either side, and padding that is written out (`pads`) are right in both. A transposed convolution
# with `auto_pad` gives a side of 7 from 4 in both, where the text says 8.
#
# Seen, of a row 0 to 7 by a kernel that keeps its middle: onnxruntime 1.32.0 gives 1 3 5 7 with SAME_UPPER and 0 2 4 6 with
# SAME_LOWER; OpenCV 4.13 gives 1 3 5 7 with both, OpenCV 5.0 gives 0 2 4 6 with both. Exits with 1 if any of this is otherwise.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
for version in 4.13.0.92 5.0.0.93; do
  python3 -m venv "$version"
  "$version/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 "opencv-python-headless==$version"
done
5.0.0.93/bin/pip install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0
cat >write.py <<'PYTHON'
import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

middle = numpy.zeros((1, 1, 3, 3), numpy.float32)
middle[0, 0, 1, 1] = 1


def write(name, operator, side, **how):
    node = helper.make_node(operator, ["x", "kernel"], ["y"], strides=[2, 2], **how)
    values = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, side, side]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, None, None]),
    ]
    graph = helper.make_graph([node], "graph", values[:1], values[1:], [numpy_helper.from_array(middle, "kernel")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, name + ".onnx")
    row = numpy.arange(side, dtype=numpy.float32)
    picture = numpy.ascontiguousarray(numpy.broadcast_to(row, (1, 1, side, side)))
    numpy.save(name + ".npy", picture)
    session = onnxruntime.InferenceSession(name + ".onnx", providers=["CPUExecutionProvider"])
    print("onnxruntime", name, session.run(None, {"x": picture})[0][0, 0].max(axis=0).astype(int).tolist())


write("upper", "Conv", 8, auto_pad="SAME_UPPER")
write("lower", "Conv", 8, auto_pad="SAME_LOWER")
write("written", "Conv", 8, pads=[0, 0, 1, 1])
write("odd", "Conv", 7, auto_pad="SAME_UPPER")
write("doubled", "ConvTranspose", 4, auto_pad="SAME_UPPER")
PYTHON
cat >read.py <<'PYTHON'
import cv2
import numpy

for name in ("upper", "lower", "written", "odd", "doubled"):
    network = cv2.dnn.readNetFromONNX(name + ".onnx")
    network.setInput(numpy.load(name + ".npy"))
    print(f"OpenCV {cv2.__version__}", name, network.forward()[0, 0].max(axis=0).astype(int).tolist())
PYTHON
export OPENCV_LOG_LEVEL=ERROR
{ 5.0.0.93/bin/python write.py; 4.13.0.92/bin/python read.py; 5.0.0.93/bin/python read.py; } | tee seen
diff - seen <<'SEEN'
onnxruntime upper [1, 3, 5, 7]
onnxruntime lower [0, 2, 4, 6]
onnxruntime written [1, 3, 5, 7]
onnxruntime odd [0, 2, 4, 6]
onnxruntime doubled [0, 0, 0, 1, 0, 2, 0, 3]
OpenCV 4.13.0 upper [1, 3, 5, 7]
OpenCV 4.13.0 lower [1, 3, 5, 7]
OpenCV 4.13.0 written [1, 3, 5, 7]
OpenCV 4.13.0 odd [0, 2, 4, 6]
OpenCV 4.13.0 doubled [0, 0, 1, 0, 2, 0, 3]
OpenCV 5.0.0 upper [0, 2, 4, 6]
OpenCV 5.0.0 lower [0, 2, 4, 6]
OpenCV 5.0.0 written [1, 3, 5, 7]
OpenCV 5.0.0 odd [0, 2, 4, 6]
OpenCV 5.0.0 doubled [0, 0, 1, 0, 2, 0, 3]
SEEN
