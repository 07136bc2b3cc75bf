"""Writes what a network must surpass (needs Pillow and NumPy).

    python plain.py grey PICTURES OUTPUT            PICTURES without colours
    python plain.py tint PICTURES OUTPUT TARGETS    PICTURES with the mean hue of TARGETS for colours
    python plain.py mean PICTURES OUTPUT TARGETS    the mean colour of TARGETS alone, in the size of each of PICTURES
"""

import sys
from pathlib import Path

import numpy
from PIL import Image


def mean_levels(folder):
    """The mean Y, Cb and Cr of the pictures of a folder."""
    means = [numpy.asarray(Image.open(file).convert("YCbCr")).mean(axis=(0, 1)) for file in sorted(folder.iterdir())]
    return [int(round(level)) for level in numpy.mean(means, axis=0)]


def main(what, pictures, output, targets=None):
    output.mkdir(parents=True, exist_ok=True)
    levels = mean_levels(targets) if targets else [0, 128, 128]
    for file in sorted(pictures.iterdir()):
        picture = Image.open(file).convert("YCbCr")
        flat = [Image.new("L", picture.size, level) for level in levels]
        first = flat[0] if what == "mean" else picture.getchannel(0)
        Image.merge("YCbCr", [first, *flat[1:]]).convert("RGB").save(output / f"{file.stem}.png")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(sys.argv[1], *map(Path, sys.argv[2:]))
