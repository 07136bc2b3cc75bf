"""Cuts the bundled sample out of the photographs that may be shipped (development only; needs Pillow).

    python scripts/sample.py FOLDER_OF_PHOTOS datasets/sample
    translate data edges --low 10 --high 25 --blur 0.8 \
        --input datasets/sample/edges2photos/B --output datasets/sample/edges2photos/A

The photographs are those whose edges tell what they belong to: a network that has a minute to learn cannot guess the
colours of things that it knows only from their outline.

Training crops come from the left part of each photograph and validation and test crops from the right part, so that no
such pixel is seen in training.
"""

import sys
from pathlib import Path

from PIL import Image, ImageFilter

SIDE = 128
TONES = 5  # Classes of the label maps.
VALIDATION_FROM = 0.7  # Part of the width where the validation crops begin.


def crops(picture, left, right, across, down):
    """`across` x `down` crops spread evenly over the columns from `left` to `right`."""
    for row in range(down):
        for column in range(across):
            x = left + (right - left - SIDE) * column // max(across - 1, 1)
            y = (picture.height - SIDE) * row // max(down - 1, 1)
            yield picture.crop((x, y, x + SIDE, y + SIDE))


def save(pictures, folder, stem):
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        picture.save(folder / f"{stem}-{index:02}.jpg", quality=90)


def both_parts(photos, name, across, down):
    picture = Image.open(photos / f"{name}.jpg").convert("RGB")
    border = int(picture.width * VALIDATION_FROM)
    training = list(crops(picture, 0, border, across, down))
    validation = list(crops(picture, border, picture.width, 1, 4))
    return training, validation


def tones(picture):
    """A label map: how bright the picture is around each pixel, in steps, with a palette to look at."""
    grey = picture.convert("L").filter(ImageFilter.GaussianBlur(2))
    labels = grey.point([level * TONES // 256 for level in range(256)])
    labels.putpalette([level * 255 // (TONES - 1) for level in range(TONES) for _ in range(3)])
    return labels


def labelled(pictures, folder, split, stem):
    save(pictures, folder / f"{split}_img", stem)
    (folder / f"{split}_label").mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        tones(picture).save(folder / f"{split}_label/{stem}-{index:02}.png", optimize=True)


def main(photos, output):
    for name in ["coffee", "chelsea", "rocket"]:
        training, validation = both_parts(photos, name, 4, 2)
        labelled(training, output / "tones2photos", "train", name)
        labelled(validation[1:3], output / "tones2photos", "val", name)
    for name in ["brick", "gravel", "hubble_deep_field", "rocket"]:
        training, validation = both_parts(photos, name, 4, 3)
        save(training, output / "edges2photos/B/train", name)
        save(validation[1:3], output / "edges2photos/B/val", name)
    for name, side in [("brick", "A"), ("gravel", "B")]:
        training, validation = both_parts(photos, name, 5, 4)
        save(training, output / f"brick2gravel/train{side}", name)
        save(validation, output / f"brick2gravel/test{side}", name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
