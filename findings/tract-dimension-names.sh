#!/usr/bin/env bash
# tract 0.23.9: the name of an open dimension in an ONNX file decides whether the file can be used.
#
# To ONNX a `dim_param` is a label. tract reads it as arithmetic. A graph that halves a picture, doubles it and
# concatenates both (every U-Net) is refused with dimensions called `height` and `width`, since an odd height would not
# come back; called `2*height` and `2*width`, with nothing else changed, it runs. Then `height` is half the height: odd sides
# are refused when they come, and with `4*height` so is a side of 6, which the graph itself could take. onnxruntime
# 1.32.0 runs all three files on a side of 6. So a writer of files can tell tract a rule in a field that other programs
# ignore, and a harmless rename of dimensions can break a file.
#
# Seen: refused; runs 4, 6 and not 5; runs 4 and neither 5 nor 6. Exits with 1 if any of this is otherwise.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check onnx==1.23.2 numpy==2.4.6 tract==0.23.9 onnxruntime==1.32.0
cd "$place"
"$place/venv/bin/python" - <<'PYTHON'
import sys

import numpy
import onnx
import onnxruntime
import tract
from onnx import TensorProto, helper, numpy_helper

kernel = numpy_helper.from_array(numpy.full((1, 1, 4, 4), 0.1, numpy.float32), "kernel")
shape = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1] * 4}


def write(height, width):
    nodes = [
        helper.make_node("Conv", ["input", "kernel"], ["half"], **shape),
        helper.make_node("ConvTranspose", ["half", "kernel"], ["whole"], **shape),
        helper.make_node("Concat", ["input", "whole"], ["output"], axis=1),
    ]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, height, width])
        for name, channels in (("input", 1), ("output", 2))
    ]
    graph = helper.make_graph(nodes, "graph", values[:1], values[1:], [kernel])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "model.onnx")


def sides():
    """The sides that tract takes; None if it refuses the file."""
    try:
        model = tract.onnx().load("model.onnx").into_model().into_runnable()
    except tract.TractError as error:
        print("  refused:", str(error).splitlines()[0][:160])
        return None
    taken = []
    for side in (4, 5, 6):
        try:
            model.run([numpy.ones((1, 1, side, side), numpy.float32)])
            taken.append(side)
        except tract.TractError:
            pass
    return taken


print("tract", tract.version())
for names, wanted in (
    (("height", "width"), None),
    (("2*height", "2*width"), [4, 6]),
    (("4*height", "4*width"), [4]),
):
    write(*names)
    found = sides()
    print(f"{names}: {'refused' if found is None else f'runs sides {found}'}")
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    assert session.run(None, {"input": numpy.ones((1, 1, 6, 6), numpy.float32)})[0].shape == (1, 2, 6, 6)
    if found != wanted:
        sys.exit("this is not what was seen before")
PYTHON
