"""The programs of the check in CI. Each loads a model once and runs it on pictures by input name."""

import importlib.metadata

import numpy


class OnnxRuntime:
    """onnxruntime on the processor."""

    name = "onnxruntime"
    version = importlib.metadata.version("onnxruntime")
    advice = "nothing"
    is_fixed = False

    def __init__(self, path, _style, _shape):
        import onnxruntime

        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def run(self, inputs):
        """The output."""
        return self.session.run(["output"], inputs)[0]


class OpenVino:
    """OpenVINO on the processor, in 32 bits."""

    name = "OpenVINO"
    version = importlib.metadata.version("openvino")
    advice = '`{"INFERENCE_PRECISION_HINT": "f32"}`'
    is_fixed = False
    hint = {"INFERENCE_PRECISION_HINT": "f32"}

    def __init__(self, path, _style, _shape):
        import openvino

        self.model = openvino.Core().compile_model(str(path), "CPU", self.hint)

    def run(self, inputs):
        """The output."""
        return self.model(inputs)[0].copy()


class OpenCv:
    """OpenCV's module dnn."""

    name = "OpenCV"
    # 50 levels away on a ResNet of 16 bits.
    takes_half = False
    version = importlib.metadata.version("opencv-python-headless")
    advice = "nothing"
    is_fixed = False

    def __init__(self, path, _style, _shape):
        import cv2

        self.network = cv2.dnn.readNetFromONNX(str(path))

    def run(self, inputs):
        """The output."""
        for name, value in inputs.items():
            self.network.setInput(numpy.ascontiguousarray(value), name)
        return self.network.forward("output").copy()


class Tract:
    """tract, in Rust, through its Python package."""

    name = "tract"
    # It sums in 16 bits, slowly: 13 levels away on a U-Net.
    takes_half = False
    version = importlib.metadata.version("tract")
    advice = "nothing"
    is_fixed = False

    def __init__(self, path, _style, _shape):
        import tract

        self.model = tract.onnx().load(path).into_model().into_runnable()

    def run(self, inputs):
        """The output."""
        import tract

        tensors = [tract.Tensor.from_numpy(value) for value in inputs.values()]
        return self.model.run(tensors)[0].to_numpy().copy()


PROGRAMS = [OnnxRuntime, OpenVino, OpenCv, Tract]
