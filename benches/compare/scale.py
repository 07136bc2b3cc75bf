"""How long a training step takes on many machines: a model, and its check on a network of this machine's own.

    python benches/compare/scale.py                                   the table in docs/many-machines.md
    python benches/compare/scale.py --check [--program PATH]          against 2 and 4 processes; needs root, ip and tc

The model: a step takes as long as in one process with its share of the pictures, and for each update of an optimiser the copies of its
gradients and their sum over all processes. The engine's sum goes around in a ring: of n processes each sends and receives 2 (n - 1) / n
of the bytes, in 2 (n - 1) turns of which each waits once for the network.

The check puts each process into a network namespace with a link of its own, which `tc` holds to a bandwidth. What one step takes there
is compared with what it takes without a limit, plus what the model says of the network.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "target" / "release" / "translate"
COUNTS = (2, 4, 8, 16, 32, 64)
# Bits per second, as in names of networks.
NETWORKS = (1e9, 10e9, 100e9)
# What TCP/IP leaves of them for the data.
GOODPUT = 0.94
# Seconds of one turn without data: a switch and two network stacks.
LATENCY = 50e-6
# Bytes per second at which gradients are copied into a buffer and out of it: some 0.05 s for the 218 MB of unet_256 on two cores.
COPYING = 4.4e9
# Numbers of the weights that each update averages.
WORKS = {
    "unet_256 (pix2pix)": (54_414_595, 2_768_705),
    "resnet_9blocks (cycle)": (11_378_179, 11_378_179, 2_764_737, 2_764_737),
}


def network_seconds(weights, count, bits, latency=LATENCY):
    """Seconds that the sums of one step take on the network."""
    if count == 1:
        return 0.0
    transfer = sum(2 * (count - 1) / count * 4 * number / (bits / 8 * GOODPUT) for number in weights)
    return transfer + len(weights) * 2 * (count - 1) * latency


def step_seconds(compute, weights, count, bits):
    """Seconds of a step of `count` processes whose own work takes `compute`."""
    copies = sum(4 * number / COPYING for number in weights) if count > 1 else 0.0
    return compute + copies + network_seconds(weights, count, bits)


def table(computes):
    """Markdown: samples per second in multiples of one process, by network and number of processes."""
    print("| networks, own work of a step | network | " + " | ".join(map(str, COUNTS)) + " |")
    print("|---|---|" + "---|" * len(COUNTS))
    for name, weights in WORKS.items():
        for compute in computes:
            for bits in NETWORKS:
                gains = (count * compute / step_seconds(compute, weights, count, bits) for count in COUNTS)
                row = " | ".join(f"{gain:.1f}" for gain in gains)
                print(f"| {name}, {compute:g} s | {bits / 1e9:g} Gbit/s | {row} |")


def run(*command):
    subprocess.run([str(part) for part in command], check=True)


class Machines:
    """Network namespaces in the role of machines, around one switch."""

    def __init__(self, count, bits):
        self.switch, self.names = "translate-switch", [f"translate-{index}" for index in range(count)]
        self.remove()
        run("ip", "netns", "add", self.switch)
        run("ip", "-n", self.switch, "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", self.switch, "link", "set", "bridge", "up")
        for index, name in enumerate(self.names):
            run("ip", "netns", "add", name)
            run("ip", "-n", self.switch, "link", "add", f"port{index}", "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "-n", self.switch, "link", "set", f"port{index}", "master", "bridge", "up")
            run("ip", "-n", name, "addr", "add", f"10.77.0.{index + 1}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "link", "set", "eth0", "up")
            if bits:
                # Out of the machine, and out of the switch to it.
                for place, port in ((name, "eth0"), (self.switch, f"port{index}")):
                    run("tc", "-n", place, "qdisc", "add", "dev", port, "root", "tbf", "rate", f"{int(bits)}bit", "burst", "128kb",
                        "latency", "50ms")

    def remove(self):
        known = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.split()
        for name in [self.switch, *self.names]:
            if name in known:
                run("ip", "netns", "del", name)


def measured(arguments, count, bits, folder):
    """Median seconds of a step of `count` processes, and the numbers of weights of its updates."""
    machines = Machines(count, bits)
    name = f"of{count}-{bits}"
    command = [arguments.program, "--device", "cpu", "--threads", 1, "--checkpoints", folder, "--log-format", "json", "--progress", "none"]
    # A U-Net with all its weights on small pictures: much to send, little to compute.
    command += ["train", "--mode", "pix2pix", "--name", name, "--overwrite", "--steps", arguments.steps + 2]
    for setting in ("generator.arch=unet_64", "generator.channels=64", "discriminator.channels=16", "data.load_size=72", "data.crop_size=64",
                    "data.workers=1", "train.log_every=1", "train.preview_every=1000", "train.checkpoint_every=1000"):
        command += ["--set", setting]
    processes = []
    try:
        for rank, machine in enumerate(machines.names):
            variables = {"RANK": rank, "WORLD_SIZE": count, "MASTER_ADDR": "10.77.0.1", "MASTER_PORT": 29500, "OMP_NUM_THREADS": 1,
                         "RUST_LOG": "warn,translate::nn=debug"}
            environment = {**os.environ, **{key: str(value) for key, value in variables.items()}}
            parts = ["ip", "netns", "exec", machine, *map(str, command)]
            errors = open(Path(folder) / f"{name}.{rank}", "w+")
            processes.append((subprocess.Popen(parts, env=environment, stdout=subprocess.DEVNULL, stderr=errors), errors))
        for process, errors in processes:
            if process.wait(300):
                errors.seek(0)
                sys.exit(errors.read())
    finally:
        for process, _ in processes:
            process.kill()
        machines.remove()
    lines = (Path(folder) / name / "metrics.jsonl").read_text().splitlines()
    seconds = statistics.median(json.loads(line)["seconds"] for line in lines[1:-1])
    processes[0][1].seek(0)
    said = [json.loads(line)["fields"] for line in processes[0][1] if line.startswith("{")]
    weights = [fields["weights"] for fields in said if fields.get("message") == "averaged gradients"]
    return seconds, weights[: len(weights) // len(lines)]


def check(arguments):
    """Prints a row for each number of processes and bandwidth."""
    print("| processes | network | without a limit | measured | model | difference |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for count in (2, 4):
            free, weights = measured(arguments, count, 0, folder)
            for bits in arguments.rates:
                seconds, _ = measured(arguments, count, bits, folder)
                model = free + network_seconds(weights, count, bits)
                print(f"| {count} | {bits / 1e6:g} Mbit/s | {free:.2f} s | {seconds:.2f} s | {model:.2f} s | {model / seconds - 1:+.0%} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--program", type=Path, default=PROGRAM)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rates", type=float, nargs="+", default=[500e6, 1e9], help="bits per second")
    parser.add_argument("--compute", type=float, nargs="+", default=[2.0, 0.1], help="seconds of a process's own work")
    arguments = parser.parse_args()
    if arguments.check:
        check(arguments)
    else:
        table(arguments.compute)


if __name__ == "__main__":
    main()
