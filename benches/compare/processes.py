"""Two processes that train together beside one, and beside PyTorch's DistributedDataParallel with Gloo.

    pip install torch==2.9.1 numpy pillow
    cargo build --release --features libtorch
    python benches/compare/processes.py [--steps 3] [--rounds 2] [--device libtorch] [--without-pytorch]

All of it on this machine with two threads: one process with two of them and a batch of two, or two processes with one thread and one
picture each. The work is that of `cycle` with resnet_9blocks at 128 px. Figures are medians of seconds per step over all steps but the
first, and over the rounds. Then the sum over two processes of the gradients of unet_256, the shortest of some: the others include that
one process waits for the other.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "target" / "release" / "translate"
SIDE = 128
# Seconds after which something is wrong.
LIMIT = 300


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def together(size, command, **more):
    """Runs `size` processes of the command, and returns standard output and standard error of the first."""
    common = {"WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), **more}
    parts = [str(part) for part in command]
    started = []
    with tempfile.TemporaryDirectory() as folder:
        for rank in range(size):
            variables = {**common, "RANK": rank, "LOCAL_RANK": rank, "OMP_NUM_THREADS": max(2 // size, 1)}
            environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
            files = [open(Path(folder) / f"{rank}.{stream}", "w+") for stream in ("out", "err")]
            process = subprocess.Popen(parts, env=environment, stdout=files[0], stderr=files[1], start_new_session=True)
            started.append((process, files))
        deadline = time.monotonic() + LIMIT
        try:
            for process, _ in started:
                process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            pass
        for process, _ in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        texts = []
        for _, files in started:
            for file in files:
                file.seek(0)
            texts.append([file.read() for file in files])
    for (process, _), (_, errors) in zip(started, texts):
        if process.returncode:
            sys.exit(f"{' '.join(parts)}\nended with {process.returncode}\n{errors}")
    return texts[0]


def train(size, arguments, folder, settings, steps):
    """Lines of the metrics of a training in `size` processes, and what the first said of averaged gradients."""
    name = f"of{size}"
    command = [arguments.program, "--device", arguments.device, "--threads", max(2 // size, 1), "--checkpoints", folder / "styles"]
    command += ["--log-format", "json", "--progress", "none", "train", *settings, "--name", name, "--overwrite", "--steps", steps]
    for setting in ("data.workers=1", "train.log_every=1", "train.preview_every=1000", "train.checkpoint_every=1000"):
        command += ["--set", setting]
    _, errors = together(size, command, RUST_LOG="warn,translate=info,translate::nn=debug")
    lines = (folder / "styles" / name / "metrics.jsonl").read_text().splitlines()
    said = [json.loads(line)["fields"] for line in errors.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines], [fields for fields in said if fields.get("message") == "averaged gradients"]


def translate(size, arguments, folder):
    """Median seconds per step of the program in `size` processes, and those that go into copying and exchanging gradients."""
    settings = ["--config", "cycle", "--data", folder / "data", "--set", f"data.load_size={SIDE}", "--set", f"data.crop_size={SIDE}"]
    settings += ["--set", f"data.batch_size={2 // size}"]
    lines, averages = train(size, arguments, folder, settings, arguments.steps + 2)
    # The first step allocates, the last one writes a checkpoint.
    seconds = statistics.median(line["seconds"] for line in lines[1:-1])
    updates = len(averages) // len(lines)
    of_steps = [sum(fields["seconds"] for fields in averages[first : first + updates]) for first in range(0, len(averages), updates or 1)]
    return seconds, statistics.median(of_steps[1:-1]) if updates else 0.0


def reduction(arguments, folder):
    """How many gradients unet_256 has, and seconds of their fastest sum over two processes."""
    settings = ["--mode", "pix2pix", "--data", folder / "data", "--set", "data.load_size=256", "--set", "data.crop_size=256"]
    _, averages = train(2, arguments, folder, settings, 4)
    most = max(fields["weights"] for fields in averages)
    return most, min(fields["exchanging"] for fields in averages if fields["weights"] == most)


def pytorch(size, arguments):
    """Median seconds per step of PyTorch in `size` processes."""
    output, _ = together(size, [sys.executable, __file__, "--as-peer", "--steps", arguments.steps])
    return float(output.strip().splitlines()[-1])


def peer(arguments):
    """One process of PyTorch's side."""
    import torch
    from peer import Cycle

    size = int(os.environ["WORLD_SIZE"])
    torch.set_num_threads(2 // size)
    torch.manual_seed(0)
    if size > 1:
        torch.distributed.init_process_group("gloo")

    class Averaged(torch.nn.Module):
        """A network whose gradients are averaged, in the passes that train it."""

        def __init__(self, network):
            super().__init__()
            self.network = network
            self.averaged = torch.nn.parallel.DistributedDataParallel(network, broadcast_buffers=False)

        def forward(self, picture):
            is_trained = next(self.network.parameters()).requires_grad
            return (self.averaged if is_trained else self.network)(picture)

    def adam(*networks):
        parameters = {id(it): it for network in networks for it in network.parameters()}
        return torch.optim.Adam(list(parameters.values()), lr=2e-4, betas=(0.5, 0.999))

    method = Cycle(adam, Averaged if size > 1 else lambda network: network)
    pictures = [torch.rand(2 // size, 3, SIDE, SIDE) * 2 - 1 for _ in range(2)]
    seconds = []
    for _ in range(arguments.steps + 1):
        started = time.perf_counter()
        for loss in method.step(*pictures):
            loss.item()
        seconds.append(time.perf_counter() - started)
    print(statistics.median(seconds[1:]))
    if size > 1:
        torch.distributed.destroy_process_group()


def pictures(folder):
    import numpy
    from PIL import Image

    random = numpy.random.default_rng(0)
    for side in ("trainA", "trainB"):
        (folder / side).mkdir(parents=True)
        for index in range(8):
            values = random.integers(0, 256, (SIDE, SIDE, 3), dtype=numpy.uint8)
            Image.fromarray(values).save(folder / side / f"{index}.png")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="libtorch")
    parser.add_argument("--program", type=Path, default=PROGRAM)
    parser.add_argument("--without-pytorch", action="store_true")
    parser.add_argument("--as-peer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_peer:
        return peer(arguments)
    figures, exchanges = {}, []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        pictures(folder / "data")
        for _ in range(arguments.rounds):
            for size, name in ((1, "one process"), (2, "two processes")):
                seconds, exchange = translate(size, arguments, folder)
                figures.setdefault(name, []).append(seconds)
                if size > 1:
                    exchanges.append(exchange / seconds)
                if not arguments.without_pytorch:
                    figures.setdefault(f"PyTorch, {name}", []).append(pytorch(size, arguments))
                print(name, {name: f"{values[-1]:.3f}" for name, values in figures.items()}, file=sys.stderr, flush=True)
        weights, reduced = reduction(arguments, folder)
    medians = {name: statistics.median(values) for name, values in figures.items()}
    for name, value in medians.items():
        print(f"{name:24} {value:8.3f} s per step of two pictures")
    print(f"two processes take {medians['two processes'] / medians['one process']:.2f} of the time of one")
    if not arguments.without_pytorch:
        print(f"and {medians['two processes'] / medians['PyTorch, two processes']:.2f} of that of two of PyTorch's")
    print(f"copying and exchanging gradients: {100 * statistics.median(exchanges):.1f} % of a step, with the wait for the other process")
    print(f"sum of the {weights} gradients of unet_256 over two processes: {reduced:.3f} s")


if __name__ == "__main__":
    main()
