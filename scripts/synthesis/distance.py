"""How far sets of pictures are from real ones that no network has seen: `distance.py TRAIN HELD_OUT SET...`, each a folder or several with
commas between them.

For each set the Fréchet distance and the kernel distance of `features.py`'s features from the held-out pictures. This is not FID, whose
features are Inception's: the Fréchet distance is that of the 64 principal components of the training pictures' features, because a few
hundred pictures say too little of more. Held-out and training pictures count twice, as they are and mirrored. The distance of the
training pictures themselves, the floor, comes first.
"""

import argparse
import pathlib

import numpy
from PIL import Image, ImageOps

from features import Features

COMPONENTS = 64
ENDINGS = {".png", ".jpg", ".jpeg"}


def read(folders, side):
    """The pictures below folders, their shorter side made `side` and cropped in the middle."""
    paths = [path for folder in folders.split(",") for path in sorted(pathlib.Path(folder).rglob("*"))]
    pictures = [Image.open(path).convert("RGB") for path in paths if path.suffix.lower() in ENDINGS]
    return [ImageOps.fit(picture, (side, side), Image.Resampling.BICUBIC) for picture in pictures]


def with_mirrored(pictures):
    return pictures + [ImageOps.mirror(picture) for picture in pictures]


def frechet(first, second):
    """Heusel et al., 2017: the distance of the normal laws with the means and covariances of both."""
    means = first.mean(0) - second.mean(0)
    covariances = [numpy.cov(values, rowvar=False) for values in (first, second)]
    values, vectors = numpy.linalg.eigh(covariances[0])
    root = vectors * numpy.sqrt(values.clip(0)) @ vectors.T
    # The trace of the root of the product, which has the eigenvalues of this symmetric matrix.
    shared = numpy.sqrt(numpy.linalg.eigvalsh(root @ covariances[1] @ root).clip(0)).sum()
    return means @ means + sum(numpy.trace(values) for values in covariances) - 2 * shared


def kernel(first, second):
    """Binkowski et al., 2018: the unbiased squared maximum mean discrepancy of the cubic kernel, times 1000."""
    def compare(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def within(values):
        count, found = len(values), compare(values, values)
        return (found.sum() - numpy.trace(found)) / (count * (count - 1))

    return 1000 * (within(first) + within(second) - 2 * compare(first, second).mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("held_out")
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--side", type=int, default=64, help="side of the pictures that were made")
    arguments = parser.parse_args()
    network = Features()

    def look(folders, mirrors):
        pictures = read(folders, arguments.side)
        return network.look(with_mirrored(pictures) if mirrors else pictures)[0]

    train, held = look(arguments.train, True), look(arguments.held_out, True)
    mean = train.mean(0)
    axes = numpy.linalg.svd(train - mean, full_matrices=False)[2][:COMPONENTS].T
    print(f"{'pictures':>9} {'Fréchet':>9} {'kernel':>9}")
    for name in [arguments.train, *arguments.sets]:
        seen = train if name == arguments.train else look(name, False)
        apart = frechet((seen - mean) @ axes, (held - mean) @ axes)
        print(f"{len(seen):9} {apart:9.2f} {kernel(seen, held):9.2f}  {name}")


if __name__ == "__main__":
    main()
