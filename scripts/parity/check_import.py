"""Imports networks of full width into the program, applies them to pictures, and compares with PyTorch.

`python scripts/parity/check_import.py PROGRAM PICTURE...`: weights are random, as wide as the published ones; every
picture goes through each network at 256 x 256, read and resized by Pillow on one side and by the program on the other.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image

from resnet import Resnet
from unet import Unet
from weights import randomise, settle_running_statistics

SIZE = 256

# name, network, flags of `apply`, whether PyTorch is to use the running statistics
CASES = [
    ("unet_256", lambda: Unet(3, 3, 8, 64, "batch"), "", False),
    ("unet_256_running", lambda: Unet(3, 3, 8, 64, "batch"), "--norm-stats running", True),
    ("unet_128", lambda: Unet(3, 3, 7, 64, "instance"), "", False),
    ("resnet_9blocks", lambda: Resnet(3, 3, 9, 64, "instance"), "", False),
    ("resnet_9blocks_affine", lambda: Resnet(3, 3, 9, 32, "instance_affine"), "", False),
    ("cut", lambda: Resnet(3, 3, 9, 64, "instance", blur=True), "", False),
    ("cut_6blocks", lambda: Resnet(3, 3, 6, 64, "batch", blur=True), "", False),
    ("resnet_6blocks", lambda: Resnet(3, 3, 6, 64, "batch"), "", False),
]


def read(path):
    """`[1, 3, 256, 256]` in [-1, 1], as the reference reads test pictures."""
    picture = Image.open(path).convert("RGB").resize((SIZE, SIZE), Image.BICUBIC)
    return (torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255.0 - 0.5) / 0.5


def main():
    """All cases on all pictures; fails where a value differs by more than one level."""
    program, *pictures = [pathlib.Path(argument).resolve() for argument in sys.argv[1:]]
    torch.set_num_threads(2)
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)

        def run(*arguments):
            subprocess.run([program, *arguments], cwd=place, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        (place / "in").mkdir()
        for number, picture in enumerate(pictures):
            (place / "in" / f"{number:03}{picture.suffix}").symlink_to(picture)
        for seed, (name, build, flags, running) in enumerate(CASES):
            network = randomise(build(), seed, output_gain=0.5)
            if "batch" in str(network).lower():
                settle_running_statistics(network, read(pictures[0]), seed)
            torch.save(network.state_dict(), place / f"{name}.pth")
            run("import", f"{name}.pth", "--style", name)
            out = place / f"out_{name}"
            run("apply", "--input", "in", "--style", name, "--size", str(SIZE), "--format", "png", "--output", out, *flags.split())
            network.train(not running)
            most, different, values, last = 0, 0, 0, None
            for number, picture in enumerate(pictures):
                with torch.no_grad():
                    wanted = torch.round((network(read(picture))[0].permute(1, 2, 0) + 1.0) * 127.5).to(torch.int16)
                made = torch.from_numpy(np.array(Image.open(out / f"{number:03}.png").convert("RGB"))).to(torch.int16)
                distance = (made - wanted).abs()
                most = max(most, distance.max().item())
                different += (distance > 0).sum().item()
                values += distance.numel()
                last = wanted.float().std().item()
            print(f"{name}: {len(pictures)} pictures, at most {most} levels, {100 * different / values:.4f} % differ (deviation {last:.0f})")
            worst = max(worst, most)
    sys.exit(worst > 1)


if __name__ == "__main__":
    main()
