"""Two processes that train together beside one, and beside PyTorch's DistributedDataParallel with Gloo.

    pip install torch==2.9.1 numpy pillow
    cargo build --release --features libtorch
    python benches/compare/processes.py [--steps 6] [--rounds 2] [--device libtorch]

All of it on this machine with two threads: one process with two of them and a batch of two, or two processes with one thread and one
picture each. The work is that of `cycle` with resnet_9blocks at 128 px. Figures are medians of seconds per step over all steps but the
first, and over the rounds.
"""

import argparse
import json
import os
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


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def together(size, command):
    """Runs `size` processes of the command, and returns the standard output of the first."""
    common = {"WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    started = []
    for rank in range(size):
        variables = {**common, "RANK": rank, "LOCAL_RANK": rank, "OMP_NUM_THREADS": 2 // size}
        environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
        parts = [str(part) for part in command]
        started.append(subprocess.Popen(parts, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    outputs = [process.communicate() for process in started]
    for process, (_, errors) in zip(started, outputs):
        if process.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{errors}")
    return outputs[0][0]


def translate(size, arguments, folder):
    """Median seconds per step of the program in `size` processes."""
    command = [PROGRAM, "--device", arguments.device, "--threads", 2 // size, "--checkpoints", folder / "styles", "-q"]
    command += ["train", "--config", "cycle", "--data", folder / "data", "--name", f"of{size}", "--overwrite"]
    settings = {
        "data.load_size": SIDE, "data.crop_size": SIDE, "data.batch_size": 2 // size, "data.workers": 1,
        "train.log_every": 1, "train.preview_every": 1000, "train.checkpoint_every": 1000,
    }
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    together(size, command + ["--steps", arguments.steps + 2])
    lines = (folder / "styles" / f"of{size}" / "metrics.jsonl").read_text().splitlines()
    # The first step allocates, the last one writes a checkpoint.
    return statistics.median(json.loads(line)["seconds"] for line in lines[1:-1])


def pytorch(size, arguments):
    """Median seconds per step of PyTorch in `size` processes."""
    return float(together(size, [sys.executable, __file__, "--as-peer", "--steps", arguments.steps]).strip().splitlines()[-1])


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
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="libtorch")
    parser.add_argument("--as-peer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_peer:
        return peer(arguments)
    names = ["one process", "two processes", "PyTorch, one process", "PyTorch, two processes"]
    figures = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        pictures(folder / "data")
        for _ in range(arguments.rounds):
            for name, value in zip(names, (
                lambda: translate(1, arguments, folder),
                lambda: translate(2, arguments, folder),
                lambda: pytorch(1, arguments),
                lambda: pytorch(2, arguments),
            )):
                figures[name].append(value())
    medians = {name: statistics.median(values) for name, values in figures.items()}
    for name, value in medians.items():
        print(f"{name:24} {value:8.3f} s per step of two pictures")
    print(f"two processes are {medians['two processes'] / medians['one process']:.2f} of one, and "
          f"{medians['two processes'] / medians['PyTorch, two processes']:.2f} of two of PyTorch's")


if __name__ == "__main__":
    main()
