"""What digits the pictures of each category of a latent code are taken for: `check_codes.py DIR DIGITS`.

`DIR` has a folder of pictures for each category, from 0 on, `DIGITS` is what `make_digits.py` wrote. The judge is that of
`check_digits.py`. If categories said nothing, each would have about a tenth of each digit.
"""

import argparse
import pathlib

import numpy
from sklearn.svm import SVC

from check_digits import read


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=pathlib.Path)
    parser.add_argument("digits", type=pathlib.Path)
    arguments = parser.parse_args()
    judge = SVC(gamma="scale", C=10.0).fit(*read(arguments.digits / "train"))
    values, categories = read(arguments.samples)
    found = judge.predict(values)
    shares = []
    for category in sorted(set(categories)):
        counts = numpy.bincount(found[categories == category], minlength=10)
        digit = counts.argmax()
        shares.append(counts[digit] / counts.sum())
        print(f"{category}: {shares[-1]:6.1%} of {counts.sum()} are taken for {digit}")
    print(f"all: {numpy.mean(shares):.1%} are of the digit that most of their category are taken for")


if __name__ == "__main__":
    main()
