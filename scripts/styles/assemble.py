"""Makes the styles of `checkpoints/` from finished runs (development only).

    python assemble.py monet PAINTING_RUN PHOTO_RUN OUTPUT [options]
    python assemble.py fill RUN OUTPUT [options]

A RUN is the folder of a style, or of one of its kept states. PAINTING_RUN translates photos to paintings (AtoB), PHOTO_RUN back (BtoA,
the same networks). OUTPUT, such as checkpoints/monet, gets the generators in 16 bits, `style.toml` with licence and author, and the
model card of cards/, with the numbers of the runs and of --scores: a file of what score.py prints, one line for each run.
"""

import argparse
import json
import platform
import subprocess
import sys
import tomllib
from pathlib import Path

AUTHOR = "the translate project"
LICENCE = "CC0-1.0"
DEVICES = {"cpu": "the CPU", "libtorch": "LibTorch on the CPU"}


def run(arguments, *words):
    done = subprocess.run([arguments.translate, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr}")


def manifest(folder):
    return tomllib.loads((folder / "style.toml").read_text())


def processor():
    """The name of this machine's processor, and its number of threads."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({len(names)} threads)" if names else name


def training(style):
    """Steps, pictures, hours and device of a run, in words."""
    told = style["training"]
    hours = told["seconds"] / 3600
    steps, device = told["steps"], DEVICES.get(told["device"], told["device"])
    return f"{steps:,} steps in {hours:.1f} hours".replace(",", " ") + f" with {device}"


def write_head(folder, shorter_side):
    """Writes author and licence into `style.toml`, and the size at which pictures are translated."""
    path = folder / "style.toml"
    text = path.read_text()
    head = f'author = "{AUTHOR}"\nlicence = "{LICENCE}"\n'
    section = f"[apply]\nshorter_side = {shorter_side}\n\n" if shorter_side else ""
    mark = "\n[training]"
    assert text.count(mark) == 1 and "\nauthor" not in text and "[apply]" not in text, text
    first, rest = text.split(mark)
    # Keys of the file stand before its sections.
    first = first.replace("\nweights", f"\n{head.rstrip()}\nweights")
    assert head in first, text
    path.write_text(f"{first}\n{section}[training]{rest}")


def write_card(arguments, styles, scores):
    template = (Path(__file__).parent / f"cards/{arguments.kind}.md").read_text()
    values = {
        "machine": arguments.machine or processor(),
        "samples": styles[0]["training"]["samples"],
        "shorter_side": arguments.shorter_side,
        **{name: training(style) for name, style in zip(["training", "training_back"], styles)},
    }
    for index, line in enumerate(scores):
        values |= {f"{name}_{index}": f"{value:.2f}" for name, value in line.items()}
    (arguments.output / "README.md").write_text(template.format(**values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["monet", "fill"])
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--shorter-side", type=int, help="for monet: at which larger photos are translated")
    parser.add_argument("--machine", help="what the runs were made with [default: this processor]")
    parser.add_argument("--translate", default="translate", help="the program")
    arguments = parser.parse_args()
    first = arguments.runs[0]
    run(arguments, "export", first, "--format", "style", "--precision", "f16", "--output", arguments.output, "--overwrite")
    styles = [manifest(folder) for folder in arguments.runs]
    if arguments.kind == "monet":
        there, back = styles
        directions = [style["recipe"]["data"]["direction"] for style in styles]
        if directions != ["AtoB", "BtoA"] or there["recipe"]["generator"] != back["recipe"]["generator"]:
            sys.exit("the runs must have one network each, of the same kind: first AtoB, then BtoA")
        weights = arguments.output / "generator_b2a.safetensors"
        words = ["--format", "safetensors", "--precision", "f16", "--output", weights]
        run(arguments, "export", arguments.runs[1], *words)
    write_head(arguments.output, arguments.shorter_side)
    lines = arguments.scores.read_text().splitlines()
    write_card(arguments, styles, [json.loads(line) for line in lines if line.startswith("{")])


main()
