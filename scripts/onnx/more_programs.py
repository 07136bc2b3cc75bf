"""The programs of the full check, for which `requirements-all.txt` brings what is needed."""

import importlib.metadata
import pathlib
import subprocess
import sys

import numpy

HERE = pathlib.Path(__file__).parent


def converted(command):
    """Runs a converter, quietly unless it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-300:]}")


class Mnn:
    """MNN: converted, then run on the processor."""

    name = "MNN"
    version = importlib.metadata.version("MNN")
    advice = "`setSessionHint(3, 0)`"
    is_fixed = False
    hints = [(3, 0)]

    def __init__(self, path, style, _shape):
        import MNN
        from MNN import expr

        target = path.with_suffix(".mnn")
        tool = pathlib.Path(sys.executable).with_name("mnnconvert")
        converted([str(tool), "-f", "ONNX", "--modelFile", str(path), "--MNNModel", str(target)])
        config = {"backend": "CPU", "precision": "high", "numThread": 2}
        self.manager = MNN.nn.create_runtime_manager((config,))
        for hint, value in self.hints:
            self.manager.set_hint(hint, value)
        self.names = ["picture", "mask"] if style.has_mask else ["input"]
        self.module = MNN.nn.load_module_from_file(
            str(target), self.names, ["output"], runtime_manager=self.manager
        )
        self.expr = expr

    def run(self, inputs):
        """The output."""
        expr = self.expr
        tensors = []
        for name in self.names:
            value = inputs[name]
            tensor = expr.placeholder(list(value.shape), expr.NCHW)
            tensor.write(value.ravel().tolist())
            tensors.append(tensor)
        output = expr.convert(self.module.onForward(tensors)[0], expr.NCHW)
        return numpy.array(output.read(), dtype=numpy.float32).reshape(output.shape)


class Ncnn:
    """ncnn, by way of pnnx: one picture of a fixed size."""

    name = "ncnn"
    # pnnx leaves the casts between 32 and 16 bits in the graph, and ncnn has none.
    takes_half = False
    version = importlib.metadata.version("ncnn")
    advice = "pnnx with `fp16=0`; a network has one size, and takes pictures one by one"
    is_fixed = True
    # It has no batches: pictures go through a network of one.
    takes_one = True

    def __init__(self, path, style, _shape):
        import ncnn

        tool = pathlib.Path(sys.executable).with_name("pnnx")
        place = path.with_suffix("")
        place.mkdir(exist_ok=True)
        model = place / "model.onnx"
        model.write_bytes(path.read_bytes())
        converted([str(tool), str(model), "fp16=0"])
        self.network = ncnn.Net()
        self.network.opt.use_fp16_packed = False
        self.network.opt.use_fp16_storage = False
        self.network.opt.use_fp16_arithmetic = False
        self.network.opt.use_bf16_storage = False
        assert self.network.load_param(str(place / "model.ncnn.param")) == 0, "the graph is refused"
        assert self.network.load_model(str(place / "model.ncnn.bin")) == 0, "the weights are refused"
        self.names = ["picture", "mask"] if style.has_mask else ["input"]

    def run(self, inputs):
        """The output."""
        import ncnn

        outputs = []
        for number in range(len(next(iter(inputs.values())))):
            extractor = self.network.create_extractor()
            for place, name in enumerate(self.names):
                extractor.input(f"in{place}", ncnn.Mat(inputs[name][number]).clone())
            state, output = extractor.extract("out0")
            assert state == 0, "the network did not run"
            outputs.append(numpy.array(output))
        return numpy.stack(outputs)


class Torch:
    """PyTorch, by way of onnx2torch."""

    name = "PyTorch (onnx2torch)"
    # Its sums in 16 bits are slow, and 89 levels away on pale pictures of 8 x 8, whose norms enlarge rounding.
    takes_half = False
    advice = "nothing"
    is_fixed = False
    version = f'{importlib.metadata.version("torch")} ({importlib.metadata.version("onnx2torch")})'

    def __init__(self, path, style, _shape):
        import onnx2torch

        self.network = onnx2torch.convert(str(path)).eval()
        self.names = ["picture", "mask"] if style.has_mask else ["input"]

    def run(self, inputs):
        """The output."""
        import torch

        with torch.no_grad():
            return self.network(*(torch.from_numpy(inputs[name]) for name in self.names)).numpy()


class Node:
    """A package of npm, run by `node.mjs`, which stays open for a session."""

    is_fixed = False
    advice = "nothing"
    package = None

    def __init__(self, path, _style, _shape):
        self.process = subprocess.Popen(
            ["node", str(HERE / "node.mjs"), self.package, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, inputs):
        """The output."""
        import json

        header = {name: list(value.shape) for name, value in inputs.items()}
        self.process.stdin.write(json.dumps(header).encode() + b"\n")
        for value in inputs.values():
            self.process.stdin.write(value.tobytes())
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.stderr.read().decode()[-300:])
        shape = json.loads(line)
        count = int(numpy.prod(shape))
        return numpy.frombuffer(self.process.stdout.read(4 * count), numpy.float32).reshape(shape)

    def __del__(self):
        self.process.kill()
        self.process.wait()


class OnnxRuntimeNode(Node):
    """onnxruntime in Node."""

    name = package = "onnxruntime-node"
    version = "1.30.0"


class OnnxRuntimeWeb(Node):
    """onnxruntime in WebAssembly."""

    name = package = "onnxruntime-web"
    version = "1.30.0"


MORE_PROGRAMS = [Mnn, Ncnn, Torch, OnnxRuntimeNode, OnnxRuntimeWeb]
