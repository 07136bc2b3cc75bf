"""Makes the styles of `checkpoints/` from finished runs (development only).

    python assemble.py monet|fill RUN OUTPUT [options]

RUN is the folder of a style, or of one of its kept states. OUTPUT, such as checkpoints/monet, gets the generator in 16 bits,
`style.toml` with licence and author, and the model card of cards/, with the numbers of the run and of --scores and --landscapes: what score.py prints.
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


def numbers(scores):
    """Scores as they are printed."""
    return {name: f"{value:.2f}" if isinstance(value, float) else value for name, value in scores.items()}


def last_line(scores):
    return json.loads(scores.read_text().splitlines()[-1])


def write_card(arguments, style):
    cards = Path(__file__).parent / "cards"
    template = (cards / f"{arguments.kind}.md").read_text()
    landscapes = ""
    if arguments.landscapes:
        landscapes = (cards / "landscapes.md").read_text().rstrip().format(**numbers(last_line(arguments.landscapes)))
    values = {
        "landscapes": landscapes,
        "machine": arguments.machine or processor(),
        "samples": style["training"]["samples"],
        "shorter_side": arguments.shorter_side,
        "training": training(style),
        **numbers(last_line(arguments.scores)),
    }
    (arguments.output / "README.md").write_text(template.format(**values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["monet", "fill"])
    parser.add_argument("run", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--scores", type=Path, help="without them there is no model card")
    parser.add_argument("--landscapes", type=Path, help="for monet: what score.py prints of landscapes from elsewhere")
    parser.add_argument("--shorter-side", type=int, help="for monet: at which larger photos are translated")
    parser.add_argument("--machine", help="what the run was made with [default: this processor]")
    parser.add_argument("--translate", default="translate", help="the program")
    arguments = parser.parse_args()
    words = ["--format", "style", "--precision", "f16", "--output", arguments.output, "--overwrite"]
    run(arguments, "export", arguments.run, *words)
    write_head(arguments.output, arguments.shorter_side)
    if arguments.scores:
        write_card(arguments, manifest(arguments.run))


main()
