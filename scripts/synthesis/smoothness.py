"""How even the steps of an interpolation are: `smoothness.py DIR...`, folders of numbered frames.

Prints the mean step between neighbouring frames (root mean square, in levels of 255), the largest step as a multiple of it, and the
distance of the ends.
"""

import pathlib
import sys

import numpy
from PIL import Image


def apart(first, second):
    return float(numpy.sqrt(numpy.square(first - second).mean()))


def main():
    for folder in sys.argv[1:]:
        paths = sorted(pathlib.Path(folder).glob("*.png"))
        frames = [numpy.asarray(Image.open(path).convert("RGB"), float) for path in paths]
        steps = [apart(*pair) for pair in zip(frames, frames[1:])]
        mean, ends = numpy.mean(steps), apart(frames[0], frames[-1])
        print(f"{folder}: mean step {mean:.2f}, largest step {max(steps) / mean:.2f} times that, ends {ends:.1f} apart")


if __name__ == "__main__":
    main()
