"""Writes scikit-learn's digits as PNG files, a folder for each class: `make_digits.py DIR [--side 16]`.

1797 handwritten digits of 8 x 8 pixels and 17 levels (Alpaydin and Kaynak, 1998). Every fifth goes to `val/`, the others to `train/`.
"""

import argparse
import pathlib

import numpy
from PIL import Image
from sklearn.datasets import load_digits


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--side", type=int, default=16, help="side in pixels (bicubic from 8)")
    arguments = parser.parse_args()
    digits = load_digits()
    for number, (values, digit) in enumerate(zip(digits.images, digits.target)):
        levels = Image.fromarray(numpy.round(values * 255 / 16).astype(numpy.uint8))
        picture = levels.resize((arguments.side, arguments.side), Image.Resampling.BICUBIC)
        folder = arguments.folder / ("val" if number % 5 == 0 else "train") / str(digit)
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{number:04}.png")


if __name__ == "__main__":
    main()
