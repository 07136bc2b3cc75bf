"""Speed of `translate apply` beside ONNX Runtime and OpenVINO, which run the model that `translate export` writes.

    pip install onnxruntime openvino pillow numpy
    cargo build --release [--features libtorch]
    python benches/compare/exported.py [--threads 2] [--rounds 2] [--devices cpu,libtorch] [--only unet_256,resnet_9blocks,photo]

Each round runs all of them one after the other; the figures are medians over the rounds. `unet_256` and `resnet_9blocks` are folders of
256 x 256 JPEGs, in pictures per second without the start of each program; `photo` is one JPEG of 12 megapixels through a ResNet of 6
blocks and 32 channels, in seconds from the start of the program to its end. Everything is from disk to disk, with Pillow in the peers.
The ratios are to OpenVINO's best in 32 bits: above 1 is faster.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = {
    "unet_256": ("pix2pix", ["--set", "generator.arch=unet_256", "--set", "generator.channels=64"]),
    "resnet_9blocks": ("cycle", ["--set", "generator.arch=resnet_9blocks", "--set", "generator.channels=64"]),
    "photo": ("cycle", ["--set", "generator.arch=resnet_6blocks", "--set", "generator.channels=32"]),
}


def load(arguments):
    """A function from an array `[1, 3, height, width]` to the output."""
    if arguments.peer == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = arguments.threads
        session = onnxruntime.InferenceSession(arguments.model, options, providers=["CPUExecutionProvider"])
        return lambda values: session.run(["output"], {"input": values})[0]
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": arguments.precision, "INFERENCE_NUM_THREADS": arguments.threads}
    model = openvino.Core().compile_model(arguments.model, "CPU", {**settings, "PERFORMANCE_HINT": "LATENCY"})
    return lambda values: model({"input": values})[0]


def peer(arguments):
    """Translates a folder in this process, and prints seconds for each picture but the first, and the most memory in MiB."""
    import numpy
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    network = load(arguments)
    seconds, waited = [], []
    for path in sorted(Path(arguments.input).iterdir()):
        started = time.perf_counter()
        picture = numpy.asarray(Image.open(path).convert("RGB"), dtype=numpy.float32) / 127.5 - 1
        values = numpy.ascontiguousarray(picture.transpose(2, 0, 1)[None])
        before = time.perf_counter()
        output = network(values)[0]
        waited.append(time.perf_counter() - before)
        output = ((output.transpose(1, 2, 0) + 1) * 127.5).round().clip(0, 255).astype(numpy.uint8)
        Image.fromarray(output).save(Path(arguments.output) / path.name, quality=95)
        seconds.append(time.perf_counter() - started)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds[1:] or seconds, "network": waited[1:] or waited, "memory": memory}))


def run(command, **options):
    """Seconds, output and most memory in MiB of a program."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen([str(part) for part in command], stdout=output, stderr=errors, **options)
        _, status, usage = os.wait4(child.pid, 0)
        took = time.perf_counter() - started
        output.seek(0)
        errors.seek(0)
        if status:
            sys.exit(f"{' '.join(map(str, command))}\n{errors.read()}")
        return took, output.read(), usage.ru_maxrss / 1024


def pictures(folder, count, size):
    from PIL import Image

    folder.mkdir()
    source = Image.open(next((ROOT / "datasets/sample").rglob("*.jpg"))).convert("RGB")
    for number in range(count):
        turned = source.rotate(number * 7, resample=Image.BICUBIC).resize(size, Image.BICUBIC)
        turned.save(folder / f"{number:03}.jpg", quality=92)


def prepare(arguments, work, place):
    """A style, its models of fixed and of open size, and folders of one picture and of all."""
    mode, options = WORK[work]
    program = arguments.programs[0]
    command = [program, "train", "--mode", mode, "--name", "style", "--steps", "1", "--device", "cpu", *options]
    run([*command, "--set", "data.load_size=256", "--set", "data.crop_size=256"], cwd=place)
    size = (4000, 3000) if work == "photo" else (256, 256)
    pictures(place / "many", 1 if work == "photo" else arguments.pictures, size)
    pictures(place / "one", 1, size)
    export = [program, "export", place / "checkpoints/style", "--format", "onnx", "--output"]
    run([*export, place / "open.onnx"])
    run([*export, place / "fixed.onnx", "--size", f"{size[0]}x{size[1]}"])


def compare(arguments, work):
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        prepare(arguments, work, place)
        (place / "peer").mkdir()
        figures = {}
        for _ in range(arguments.rounds):
            for own in arguments.programs:
                for device, precision in arguments.targets:
                    took = ours(arguments, place, own, device, precision, work)
                    figures.setdefault(f"{own.name} {device} {precision}", []).append(took)
            for program, precision in arguments.peers:
                for shape in arguments.shapes:
                    took = theirs(arguments, place, program, precision, shape, work)
                    figures.setdefault(f"{program} {precision} {shape}", []).append(took)
    medians = {name: [statistics.median(values) for values in zip(*rounds)] for name, rounds in figures.items()}
    best = [seconds for name, (seconds, *_) in medians.items() if name.startswith("openvino f32")]
    base = min(best) if best else float("nan")
    print(f"\n{work}, {arguments.threads} threads: seconds, pictures per second, times OpenVINO f32, MiB; seconds of the network alone")
    for name, (seconds, memory, network) in medians.items():
        alone = f"{network:8.4f}" if network else ""
        print(f"{name:26} {seconds:8.4f} {1 / seconds:8.2f} {base / seconds:6.2f} {memory:7.0f} {alone}", flush=True)


def ours(arguments, place, own, device, precision, work):
    """Seconds for a picture, memory, and nothing for the network alone."""
    def apply(source):
        command = [own, "apply", "--input", place / source, "--style", place / "checkpoints/style"]
        command += ["--output", place / "ours", "--overwrite", "--device", device, "--threads", arguments.threads]
        return run([*command, *(["--precision", precision] if precision != "f32" else [])])

    if work == "photo":
        took, _, memory = apply("one")
        return took, memory, 0
    start, _, _ = apply("one")
    took, _, memory = apply("many")
    return (took - start) / (arguments.pictures - 1), memory, 0


def theirs(arguments, place, program, precision, shape, work):
    """Seconds for a picture, memory, and seconds of the network alone."""
    command = [sys.executable, __file__, "--peer", program, "--model", place / f"{shape}.onnx", "--precision", precision]
    command += ["--threads", arguments.threads, "--input", place / "many", "--output", place / "peer"]
    took, output, _ = run(command)
    result = json.loads(output.strip().splitlines()[-1])
    seconds = took if work == "photo" else statistics.mean(result["seconds"])
    return seconds, result["memory"], statistics.mean(result["network"])


def has_bf16():
    """Whether OpenVINO computes in 16 bits on this processor."""
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", default=str(ROOT / "target/release/translate"), help="comma-separated, to compare builds")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--devices", default="cpu", help="comma-separated; cpu and libtorch run in bf16 too")
    parser.add_argument("--peers", default="onnxruntime,openvino")
    parser.add_argument("--shapes", default="fixed,open", help="of the exported models")
    parser.add_argument("--only", default=",".join(WORK))
    internal = parser.add_argument_group("one peer, run by the program itself")
    for name in ("peer", "model", "precision", "input", "output"):
        internal.add_argument(f"--{name}")
    arguments = parser.parse_args()
    if arguments.peer:
        peer(arguments)
        return
    arguments.programs = [Path(program).resolve() for program in arguments.programs.split(",")]
    arguments.shapes = arguments.shapes.split(",")
    arguments.targets = [(device, "f32") for device in arguments.devices.split(",")]
    arguments.targets += [(device, "bf16") for device in arguments.devices.split(",") if device.startswith(("cpu", "libtorch"))]
    arguments.peers = [(program, "f32") for program in arguments.peers.split(",")]
    if ("openvino", "f32") in arguments.peers and has_bf16():
        arguments.peers.append(("openvino", "bf16"))
    for work in arguments.only.split(","):
        compare(arguments, work)


if __name__ == "__main__":
    main()
