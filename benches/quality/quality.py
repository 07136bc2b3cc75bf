"""Minutes of training until a style reaches a score on pictures kept apart: the reference's recipe and ours, on this machine.

    pip install pillow
    cargo build --release
    python benches/quality/quality.py DATA [--size 128] [--share 0.6] [--minutes 240] [--threads 2] [--output DIR]

DATA has `trainA/` and `trainB/`. Every `--apart`-th picture of each is kept apart, cut square and brought to `--size`; the others
are trained on. After every `--every` steps of a recipe the photos kept apart are translated, and two scores are taken with
`translate evaluate`: the sliced Wasserstein distance (swd) between translations and paintings, and SSIM between photos and
translations, which says how much of the photos is left. A recipe has arrived when swd is at most `--share` of that between
untranslated photos and paintings, and SSIM at least `--structure`. Time is that of the training alone, as the style
records it. The runs can be stopped and go on where they were.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from pathlib import Path

from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXTENSIONS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def run(command):
    """Runs a command to its end; what went wrong ends this program too."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")


def pictures(folder):
    """The pictures below a folder, by name."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS)


def prepare(data, place, apart, size):
    """Links the pictures to train on into `place/data`, and writes those kept apart to `place/photos` and `place/paintings`."""
    for side, judged in (("trainA", "photos"), ("trainB", "paintings")):
        (place / "data" / side).mkdir(parents=True, exist_ok=True)
        (place / judged).mkdir(exist_ok=True)
        found = pictures(data / side)
        if len(found) < 2 * apart:
            sys.exit(f"{data / side} has {len(found)} pictures: keep fewer apart, with a larger --apart")
        for index, path in enumerate(found):
            if index % apart == 0:
                with Image.open(path) as picture:
                    picture = ImageOps.exif_transpose(picture).convert("RGB")
                    square = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
                square.save(place / judged / f"{index:05}.png")
            else:
                link = place / "data" / side / f"{index:05}{path.suffix.lower()}"
                if not link.exists():
                    link.symlink_to(path.resolve())


def scores(program, real, fake, metrics, report):
    """The named metrics of two folders."""
    run([program, "evaluate", "--real", real, "--fake", fake, "--metrics", ",".join(metrics), "--report", report])
    found = json.loads(report.read_text())["metrics"]
    return [found[metric] for metric in metrics]


class Recipe:
    """One recipe and how far it has come."""

    def __init__(self, name, file, arguments, place):
        self.name, self.file, self.arguments, self.place = name, file, arguments, place
        self.style = place / "checkpoints" / name
        self.curve = []

    def seconds(self):
        """Time of the training so far, and its steps."""
        training = tomllib.loads((self.style / "style.toml").read_text())["training"]
        return training["seconds"], training["steps"]

    def advance(self, steps):
        """Trains up to so many steps, translates, and takes the scores."""
        program, place = self.arguments.program, self.place
        command = [program, "--threads", self.arguments.threads, "--checkpoints", place / "checkpoints", "train"]
        command += ["--config", self.file, "--data", place / "data", "--name", self.name, "--resume"]
        run([*command, "--steps", steps, "--set", f"train.checkpoint_every={self.arguments.every}"])
        output = place / f"translated-{self.name}"
        command = [program, "--threads", self.arguments.threads, "apply", "--input", place / "photos", "--style", self.style]
        run([*command, "--output", output, "--format", "png", "--overwrite"])
        report = place / "scores.json"
        (distance,) = scores(program, place / "paintings", output, ["swd"], report)
        (structure,) = scores(program, place / "photos", output, ["ssim"], report)
        seconds, done = self.seconds()
        self.curve.append({"minutes": seconds / 60, "steps": done, "swd": distance, "ssim": structure})
        print(f"{self.name:<10} {seconds / 60:7.1f} min {done:7} steps  swd {distance:7.1f}  ssim {structure:.3f}", flush=True)
        return done

    def reach(self, target):
        """Trains until the target is reached or time is up; the minutes, if it was reached."""
        steps = 0
        while not self.curve or self.curve[-1]["minutes"] < self.arguments.minutes:
            before, steps = steps, self.advance(steps + self.arguments.every)
            point = self.curve[-1]
            if point["swd"] <= target and point["ssim"] >= self.arguments.structure:
                return point["minutes"]
            if steps <= before:
                return None
        return None


def main():
    """Trains both recipes and compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--program", type=Path, default=ROOT / "target" / "release" / "translate")
    parser.add_argument("--reference", type=Path, default=HERE / "reference.toml")
    parser.add_argument("--recipe", type=Path, default=HERE / "best.toml")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--apart", type=int, default=5)
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--share", type=float, default=0.6)
    parser.add_argument("--structure", type=float, default=0.5)
    parser.add_argument("--minutes", type=float, default=240.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=ROOT / "target" / "quality")
    arguments = parser.parse_args()
    place = arguments.output.resolve()
    prepare(arguments.data, place, arguments.apart, arguments.size)
    (untranslated,) = scores(arguments.program, place / "paintings", place / "photos", ["swd"], place / "scores.json")
    target = arguments.share * untranslated
    print(f"untranslated: swd {untranslated:.1f}; to reach: {target:.1f}, with ssim {arguments.structure}")
    recipes = [Recipe("ours", arguments.recipe, arguments, place), Recipe("reference", arguments.reference, arguments, place)]
    reached = {recipe.name: recipe.reach(target) for recipe in recipes}
    curves = {recipe.name: recipe.curve for recipe in recipes}
    result = {"untranslated": untranslated, "target": target, "minutes": reached, "curves": curves}
    (place / "quality.json").write_text(json.dumps(result, indent=1) + "\n")
    ours, reference = reached["ours"], reached["reference"]
    if ours is None:
        print(f"ours: not reached in {arguments.minutes:.0f} minutes")
    elif reference is None:
        last = curves["reference"][-1]["minutes"]
        print(f"ours: {ours:.1f} min; reference: not in {last:.1f} min; at most {ours / last:.2f} of the time")
    else:
        print(f"ours: {ours:.1f} min; reference: {reference:.1f} min; {ours / reference:.2f} of the time")


if __name__ == "__main__":
    main()
