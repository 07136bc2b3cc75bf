"""Speed of `translate` beside PyTorch on this machine: alternating runs with the same number of threads, and the ratios.

    pip install torch==2.9.1 numpy pillow
    cargo build --release [--features libtorch]
    python benches/compare/compare.py [--threads 2] [--rounds 2] [--devices cpu,libtorch] [--only pix2pix,unet_256]
    python benches/compare/compare.py --peer-device cuda [--compile] --devices libtorch-cuda,wgpu

Each round runs PyTorch and the program one after the other; the figures are medians over the rounds. Below 1 the program is faster
(for pictures per second, above 1).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = {
    "pix2pix": ("pix2pix", "256x256", []),
    "penalty": ("pix2pix", "256x256", ["--set", "loss.gan=wgan-gp", "--set", "discriminator.norm=instance"]),
    "cycle": ("cycle", "128x128", []),
    "pix2pixhd": ("pix2pixhd", "512x256", ["--set", "generator.channels=32"]),
}
LOOP = """
import sys, time, numpy, torch
from pathlib import Path
from PIL import Image
sys.path.insert(0, sys.argv[1])
from safetensors.torch import load_file
from resnet import Resnet
from unet import Unet
torch.set_num_threads(int(sys.argv[2]))
device = sys.argv[7]
network = Resnet(3, 3, 9, 64, "instance") if sys.argv[3] == "resnet_9blocks" else Unet(3, 3, 8, 64, "batch")
network.load_state_dict(load_file(sys.argv[4]), strict=False)
network.to(device)
with torch.no_grad():
    for path in sorted(Path(sys.argv[5]).iterdir()):
        picture = numpy.asarray(Image.open(path).convert("RGB"), dtype=numpy.float32) / 127.5 - 1
        output = network(torch.from_numpy(picture).to(device).permute(2, 0, 1)[None])[0].permute(1, 2, 0)
        output = ((output.cpu().numpy() + 1) * 127.5).round().clip(0, 255).astype(numpy.uint8)
        Image.fromarray(output).save(Path(sys.argv[6]) / path.name)
"""


def run(command, **options):
    started = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return time.perf_counter() - started, done.stdout


def bench(command):
    result = json.loads(run(command)[1].strip().splitlines()[-1])
    return [result["seconds_per_step"]["median"], result["images_per_second"], result["peak_rss_mib"]]


def medians(rounds):
    return [statistics.median(values) for values in zip(*rounds)]


def training(arguments, name):
    mode, size, options = WORK[name]
    peers = {settings: [] for settings in arguments.settings}
    # The gradient of a gradient has too small numbers for 16 bits, which the program refuses.
    targets = [target for target in arguments.targets if name != "penalty" or target[1] == "f32"]
    ours = {target: [] for target in targets}
    for _ in range(arguments.rounds):
        for settings, rounds in peers.items():
            command = [sys.executable, HERE / "peer.py", name, "--size", size, "--settings", settings]
            command += ["--device", arguments.peer_device, *(["--compile"] if arguments.compile else [])]
            rounds.append(bench([*command, "--threads", arguments.threads, "--steps", arguments.steps]))
        for (device, precision), rounds in ours.items():
            command = [arguments.program, "bench", "--mode", mode, "--size", size, "--json", *options]
            command += ["--device", device, "--precision", precision]
            rounds.append(bench([*command, "--threads", arguments.threads, "--steps", arguments.steps]))
    base = medians(next(iter(peers.values())))
    print(f"\n{name} {size}: seconds per step, pictures per second, MiB; ratios to PyTorch's first settings")
    for settings, rounds in peers.items():
        line(f"PyTorch {settings}", medians(rounds), base)
    for (device, precision), rounds in ours.items():
        line(f"translate {device} {precision}", medians(rounds), base)


def line(name, values, base):
    seconds, pictures, memory = values
    print(
        f"{name:28} {seconds:7.3f} ({seconds / base[0]:.2f})  {pictures:7.2f} ({pictures / base[1]:.2f})"
        f"  {memory:6.0f} ({memory / base[2]:.2f})",
        flush=True,
    )


def apply(arguments, arch):
    """Folders of 256 x 256 pictures from disk to disk, and one picture from a cold start."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        program, threads = arguments.program.resolve(), arguments.threads
        mode = "cycle" if arch == "resnet_9blocks" else "pix2pix"
        command = [program, "train", "--mode", mode, "--name", "style", "--steps", "1", "--device", "cpu"]
        command += ["--set", f"generator.arch={arch}", "--set", "generator.channels=64"]
        run([*command, "--set", "data.load_size=256", "--set", "data.crop_size=256"], cwd=place)
        style = place / "checkpoints" / "style"
        weights = style / ("generator_a2b.safetensors" if mode == "cycle" else "generator.safetensors")
        many, one = place / "many", place / "one"
        many.mkdir()
        one.mkdir()
        pictures(many, arguments.pictures)
        pictures(one, 1)
        results = {}
        for _ in range(arguments.rounds):
            for name, where in (("folder", many), ("one picture", one)):
                output = place / "peer"
                output.mkdir(exist_ok=True)
                script = [sys.executable, "-c", LOOP, ROOT / "scripts/parity", threads, arch, weights, where, output]
                script.append(arguments.peer_device)
                results.setdefault((name, "PyTorch"), []).append(run(script)[0])
                for device, precision in arguments.targets:
                    command = [program, "apply", "--input", where, "--style", style, "--output", place / "ours"]
                    command += ["--overwrite", "--device", device, "--threads", threads]
                    command += ["--precision", precision] if precision != "f32" else []
                    results.setdefault((name, f"{device} {precision}"), []).append(run(command)[0])
    print(f"\napply {arch}, 256x256: wall seconds; ratio to a PyTorch loop with Pillow")
    for (name, who), seconds in results.items():
        base = statistics.median(results[(name, "PyTorch")])
        took = statistics.median(seconds)
        count = arguments.pictures if name == "folder" else 1
        print(f"{name:12} {who:16} {took:7.2f} ({took / base:.2f})  {count / took:7.2f} per second", flush=True)


def pictures(folder, count):
    from PIL import Image

    source = Image.open(next((ROOT / "datasets/sample").rglob("*.jpg"))).convert("RGB")
    for number in range(count):
        angle = source.rotate(number * 7, resample=Image.BICUBIC).resize((256, 256), Image.BICUBIC)
        angle.save(folder / f"{number:03}.jpg", quality=92)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=ROOT / "target/release/translate")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--devices", default="cpu", help="comma-separated; cpu and libtorch run in bf16 too")
    parser.add_argument("--peer-device", choices=["cpu", "cuda"], default="cpu", help="where PyTorch computes")
    parser.add_argument("--compile", action="store_true", help="compile PyTorch's networks")
    parser.add_argument("--settings", default="default,best", help="of PyTorch: default,best,bf16")
    parser.add_argument("--only", default="pix2pix,penalty,cycle,pix2pixhd,resnet_9blocks,unet_256")
    arguments = parser.parse_args()
    arguments.settings = arguments.settings.split(",")
    arguments.targets = []
    for device in arguments.devices.split(","):
        arguments.targets.append((device, "f32"))
        if device.startswith(("cpu", "libtorch")):
            arguments.targets.append((device, "bf16"))
    for work in arguments.only.split(","):
        training(arguments, work) if work in WORK else apply(arguments, work)


if __name__ == "__main__":
    main()
