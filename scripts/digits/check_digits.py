"""How many pictures are recognised as the digit of their folder: `check_digits.py DIR DIGITS`.

`DIR` has a folder of pictures for each digit, `DIGITS` is what `make_digits.py` wrote. A support vector machine learns `train/` of the
second, says how well it knows `val/`, and then judges the first. Fails below nine of ten.
"""

import argparse
import pathlib

import numpy
from PIL import Image
from sklearn.svm import SVC

WANTED = 0.9


def read(folder):
    """Pictures of 8 x 8 from 0 to 1, flat, and their digits."""
    values, digits = [], []
    for path in sorted(folder.glob("*/*.png")):
        picture = Image.open(path).convert("L").resize((8, 8), Image.Resampling.BOX)
        values.append(numpy.asarray(picture, dtype=float).ravel() / 255)
        digits.append(int(path.parent.name))
    return numpy.array(values), numpy.array(digits)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=pathlib.Path)
    parser.add_argument("digits", type=pathlib.Path)
    arguments = parser.parse_args()
    values, digits = read(arguments.digits / "train")
    judge = SVC(gamma="scale", C=10.0).fit(values, digits)
    values, digits = read(arguments.digits / "val")
    print(f"of real digits that it has not seen {judge.score(values, digits):.1%} are recognised")
    values, digits = read(arguments.samples)
    found = judge.predict(values)
    for digit in range(10):
        of_digit = found[digits == digit]
        print(f"{digit}: {(of_digit == digit).mean():6.1%} of {len(of_digit)}")
    share = (found == digits).mean()
    # How different the pictures of one digit are, against the real ones.
    print(f"all: {share:.1%} of {len(digits)}")
    real, real_digits = read(arguments.digits / "train")
    spread = [values[digits == digit].std(0).mean() / real[real_digits == digit].std(0).mean() for digit in range(10)]
    print(f"deviation within a digit, as a share of that of real ones: {numpy.mean(spread):.2f}")
    raise SystemExit(0 if share >= WANTED else 1)


if __name__ == "__main__":
    main()
