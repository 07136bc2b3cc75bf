"""Time and quality of a pix2pix training whose pictures grow, beside one at full size throughout, on this machine.

    pip install pillow
    cargo build --release
    python benches/quality/growth.py DATA [--sizes 64,128] [--grow-epochs 5] [--epochs 30] [--channels 32] [--seeds 1,2] [--direction BtoA]
        [--threads 1] [--output DIR] [--set KEY=VALUE]...

DATA has `train/` and, kept apart, `val/` or `test/`, with files that hold both pictures of a pair side by side. Both runs have
the same networks, epochs and learning rates; settings (`--set section.key=value`) are for both. Afterwards the inputs kept
apart, brought to the last size, are translated and compared with their targets. Time is that of the training alone, as the
style records it. The runs can be stopped and go on where they were.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
METRICS = ["psnr", "ssim", "l1", "swd", "diversity"]


def run(command):
    """Runs a command to its end; what went wrong ends this program too."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")


def worked():
    """Seconds that the processor has worked for the programs run so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def prepare(data, place, size, direction, most):
    """Writes inputs and targets of the pairs kept apart."""
    folder = next((data / name for name in ("val", "test") if (data / name).is_dir()), None)
    if folder is None:
        sys.exit(f"{data} has neither val/ nor test/")
    for side in ("inputs", "targets"):
        (place / side).mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir())[:most]:
        with Image.open(path) as picture:
            picture = picture.convert("RGB")
        middle = picture.width // 2
        halves = [picture.crop((left, 0, left + middle, picture.height)) for left in (0, middle)]
        halves = [half.resize((size, size), Image.Resampling.BICUBIC) for half in halves]
        if direction == "BtoA":
            halves.reverse()
        for side, half in zip(("inputs", "targets"), halves):
            half.save(place / side / f"{path.stem}.png")


def train(name, further, arguments, place):
    """Trains a style; returns its seconds, steps and scores."""
    size = arguments.sizes[-1]
    settings = [
        f"data.crop_size={size}",
        f"data.load_size={size * 286 // 256}",
        f"data.direction={arguments.direction}",
        "generator.arch=resnet_6blocks",
        f"generator.channels={arguments.channels}",
        f"discriminator.channels={arguments.channels}",
        "discriminator.layers=2",
        f"optim.epochs={arguments.epochs - arguments.epochs // 2}",
        f"optim.decay_epochs={arguments.epochs // 2}",
        "train.preview_every=100000",
        *arguments.settings,
        *further,
    ]
    program = [arguments.program, "--device", "cpu", "--threads", arguments.threads, "--checkpoints", place / "checkpoints"]
    command = [*program, "train", "--mode", "pix2pix", "--data", arguments.data, "--name", name, "--resume"]
    before = worked()
    run(command + [part for setting in settings for part in ("--set", setting)])
    seconds = worked() - before
    style, output, report = place / "checkpoints" / name, place / f"translated-{name}", place / f"{name}.json"
    run([*program, "apply", "--input", place / "inputs", "--style", style, "--output", output, "--overwrite"])
    run([*program, "evaluate", "--real", place / "targets", "--fake", output, "--metrics", ",".join(METRICS), "--report", report])
    training = tomllib.loads((style / "style.toml").read_text())["training"]
    found = json.loads(report.read_text())["metrics"]
    result = {"seconds": seconds, "steps": training["steps"]} | {key: found[key] for key in METRICS}
    show(name, result)
    return result


def show(name, result):
    """Prints a line."""
    scores = "  ".join(f"{key} {result[key]:.4f}" for key in METRICS)
    print(f"{name:<14} {result['seconds']:7.0f} s {result['steps']:7.0f} steps  {scores}", flush=True)


def main():
    """Trains both with each seed, and compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--program", type=Path, default=ROOT / "target" / "release" / "translate")
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[64, 128])
    parser.add_argument("--grow-epochs", help="epochs of all sizes but the last, instead of the default")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--seeds", type=lambda text: text.split(","), default=["1"])
    parser.add_argument("--direction", choices=["AtoB", "BtoA"], default="BtoA")
    parser.add_argument("--most", type=int, default=100, help="pairs kept apart that are translated")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=ROOT / "target" / "growth")
    arguments = parser.parse_args()
    place = arguments.output.resolve()
    prepare(arguments.data, place, arguments.sizes[-1], arguments.direction, arguments.most)
    grow = [f"train.grow={','.join(map(str, arguments.sizes))}"]
    if arguments.grow_epochs:
        grow.append(f"train.grow_epochs=[{arguments.grow_epochs}]")
    runs = {"grown": [], "whole": []}
    for seed in arguments.seeds:
        for kind, further in [("grown", grow), ("whole", [])]:
            runs[kind].append(train(f"{kind}-{seed}", [f"train.seed={seed}", *further], arguments, place))
    (place / "growth.json").write_text(json.dumps(runs, indent=1) + "\n")
    means = {kind: {key: statistics.mean(run[key] for run in some) for key in some[0]} for kind, some in runs.items()}
    for kind, result in means.items():
        show(f"{kind}, mean", result)
    print(f"{means['grown']['seconds'] / means['whole']['seconds']:.2f} of the time")


if __name__ == "__main__":
    main()
