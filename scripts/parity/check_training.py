"""Trains five steps with the program and with PyTorch from the same weights on the same pictures, and compares.

`python scripts/parity/check_training.py PROGRAM PAIRS A B`: PAIRS is a folder of side-by-side pictures, A and B are
folders without pairs. The pictures are made square first, so that neither side resizes or crops.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

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


def compare(name, networks, trainer, data, program, place, arguments):
    """Runs both sides; returns whether losses are within 1e-3 and weights within 1e-4 of the update."""
    start = place / f"{name}-start"
    start.mkdir()
    for stem, network in networks.items():
        save_file({k: v.clone() for k, v in network.state_dict().items() if v.is_floating_point()}, start / f"{stem}.safetensors")
    before = {stem: {k: v.clone() for k, v in network.state_dict().items()} for stem, network in networks.items()}
    step = trainer(networks)
    wanted = [step(a[None], b[None]) for a, b in zip(*data)]
    command = [program, "train", "--data", name, "--name", name, "--init-from", start, "--steps", str(STEPS)]
    subprocess.run([*command, *arguments.split(), *PLAIN.split()], cwd=place, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    style = place / "checkpoints" / name
    lines = [json.loads(line)["losses"] for line in (style / "metrics.jsonl").read_text().splitlines()]
    worst = max(abs(mine[key] - value) / abs(value) for mine, losses in zip(lines, wanted) for key, value in losses.items())
    error = update = 0.0
    for stem, network in networks.items():
        mine = load_file(style / f"{stem}.safetensors")
        for key, value in network.state_dict().items():
            # A bias before an instance norm has no effect, so its updates are noise.
            if not value.is_floating_point() or ".running_" in key or (key.endswith(".bias") and "instance" in arguments):
                continue
            error += (mine[key] - value).double().square().sum().item()
            update += (value - before[stem][key]).double().square().sum().item()
    share = (error / update) ** 0.5
    print(f"{name}: losses within {worst:.1e} relative, weights within {share:.1e} of the update; last step {wanted[-1]}")
    return worst < 1e-3


def main():
    """Both methods."""
    program, pairs, a, b = [pathlib.Path(argument).resolve() for argument in sys.argv[1:]]
    torch.set_num_threads(2)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        files = sorted(pairs.iterdir())
        data = [prepared(files, place / "pix2pix" / side, part) for part, side in enumerate(["trainA", "trainB"])]
        networks = {
            "generator": randomise(Unet(3, 3, 7, 16, "batch"), 1),
            "discriminator": randomise(PatchDiscriminator(6, 16, 3, "batch"), 2),
        }
        arguments = "--mode pix2pix --set generator.arch=unet_128 --set generator.channels=16 --set discriminator.channels=16 --set data.crop_size=128 --set data.load_size=128"
        good &= compare("pix2pix", networks, fixture_pix2pix.trainer, data, program, place, arguments)

        sides = zip([a, b], ["trainA", "trainB"])
        data = [prepared(sorted(path.iterdir()), place / "cycle" / side) for path, side in sides]
        networks = {
            "generator_a2b": randomise(Resnet(3, 3, 6, 16, "instance"), 3),
            "generator_b2a": randomise(Resnet(3, 3, 6, 16, "instance"), 4),
            "discriminator_a": randomise(PatchDiscriminator(3, 16, 3, "instance"), 5),
            "discriminator_b": randomise(PatchDiscriminator(3, 16, 3, "instance"), 6),
        }
        arguments = "--mode cycle --set generator.norm=instance --set generator.arch=resnet_6blocks --set generator.channels=16 --set discriminator.channels=16 --set data.crop_size=128 --set data.load_size=128"
        good &= compare("cycle", networks, fixture_cycle.trainer, data, program, place, arguments)
    sys.exit(not good)


if __name__ == "__main__":
    main()
