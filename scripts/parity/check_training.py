"""Trains five steps with the program and with PyTorch from the same weights on the same pictures, and compares.

`python scripts/parity/check_training.py PROGRAM PAIRS A B`: PAIRS is a folder of side-by-side pictures, A and B are
folders without pairs. The pictures are made square first, so that neither side resizes or crops.

Adam's first steps divide each gradient by its own size, so that rounding noise in tiny gradients becomes updates of full
size: after some steps PyTorch in float32 is as far from PyTorch in float64 as from any other implementation. Both
distances are printed; the first step, and every step before that noise has grown, must be within 1e-3.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

import fixture_cycle
import fixture_pix2pix
from patchgan import PatchDiscriminator
from resnet import Resnet
from trainer import STEPS
from unet import Unet
from weights import randomise

SIZE = 128
PLAIN = "--set data.shuffle=false --set data.flip=false --set data.preprocess=none --set generator.dropout=false --set train.log_every=1"


def prepared(files, place, part=None):
    """Writes the first pictures as square PNG files; returns them as tensors in [-1, 1]."""
    place.mkdir(parents=True)
    tensors = []
    for number, file in enumerate(files[:STEPS]):
        picture = Image.open(file).convert("RGB")
        if part is not None:
            half = picture.width // 2
            picture = picture.crop((part * half, 0, (part + 1) * half, picture.height))
        picture = picture.resize((SIZE, SIZE), Image.BICUBIC)
        picture.save(place / f"{number}.png")
        tensors.append((torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255.0 - 0.5) / 0.5)
    return tensors


def distance(first, second):
    """Largest relative difference between two steps' losses."""
    return max(abs(first[key] - value) / abs(value) for key, value in second.items())


def compare(name, build, trainer, data, program, place, arguments):
    """Runs the program and PyTorch, in float32 and float64; returns whether they agree as far as PyTorch does with itself."""
    start = place / f"{name}-start"
    start.mkdir()
    networks = build()
    for stem, network in networks.items():
        weights = {key: value.clone() for key, value in network.state_dict().items() if value.is_floating_point()}
        save_file(weights, start / f"{stem}.safetensors")
    step = trainer(networks)
    single = [step(a[None], b[None]) for a, b in zip(*data)]
    step = trainer({stem: network.double() for stem, network in build().items()})
    double = [step(a[None].double(), b[None].double()) for a, b in zip(*data)]
    command = [program, "train", "--data", name, "--name", name, "--init-from", start, "--steps", str(STEPS)]
    command += arguments.split() + PLAIN.split()
    subprocess.run(command, cwd=place, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    lines = (place / "checkpoints" / name / "metrics.jsonl").read_text().splitlines()
    good = True
    for number, (line, one, two) in enumerate(zip(lines, single, double), 1):
        mine = json.loads(line)["losses"]
        ours, theirs = distance(mine, one), distance(one, two)
        good &= ours < max(1e-3, 4.0 * theirs)
        print(f"{name} step {number}: losses within {ours:.1e} of PyTorch's, which are within {theirs:.1e} of its float64")
    return good


def main():
    """Both methods."""
    program, pairs, a, b = [pathlib.Path(argument).resolve() for argument in sys.argv[1:]]
    torch.set_num_threads(2)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        files = sorted(pairs.iterdir())
        data = [prepared(files, place / "pix2pix" / side, part) for part, side in enumerate(["trainA", "trainB"])]
        build = lambda: {
            "generator": randomise(Unet(3, 3, 7, 16, "batch"), 1),
            "discriminator": randomise(PatchDiscriminator(6, 16, 3, "batch"), 2),
        }
        arguments = "--mode pix2pix --set generator.arch=unet_128 --set generator.channels=16 --set discriminator.channels=16 --set data.crop_size=128 --set data.load_size=128"
        good &= compare("pix2pix", build, fixture_pix2pix.trainer, data, program, place, arguments)

        sides = zip([a, b], ["trainA", "trainB"])
        data = [prepared(sorted(path.iterdir()), place / "cycle" / side) for path, side in sides]
        build = lambda: {
            "generator_a2b": randomise(Resnet(3, 3, 6, 16, "instance"), 3),
            "generator_b2a": randomise(Resnet(3, 3, 6, 16, "instance"), 4),
            "discriminator_a": randomise(PatchDiscriminator(3, 16, 3, "instance"), 5),
            "discriminator_b": randomise(PatchDiscriminator(3, 16, 3, "instance"), 6),
        }
        arguments = "--mode cycle --set generator.norm=instance --set generator.arch=resnet_6blocks --set generator.channels=16 --set discriminator.channels=16 --set data.crop_size=128 --set data.load_size=128"
        good &= compare("cycle", build, fixture_cycle.trainer, data, program, place, arguments)
    sys.exit(not good)


if __name__ == "__main__":
    main()
