"""Joins pictures to one for the documentation: a row for each folder, a column for each name (needs Pillow).

    python sheet.py OUTPUT SIDE NAME,NAME,... FOLDER...

A name with @X+Y+WIDTH is that square of the picture.
"""

import sys
from pathlib import Path

from PIL import Image

GAP = 4


def load(folder, name, side):
    stem, _, square = name.partition("@")
    picture = Image.open(next(folder.glob(f"{stem}.*"))).convert("RGB")
    if square:
        x, y, width = map(int, square.split("+"))
        picture = picture.crop((x, y, x + width, y + width))
    return picture.resize((side, side), Image.Resampling.BICUBIC)


def main(output, side, names, folders):
    sheet = Image.new("RGB", (len(names) * (side + GAP) - GAP, len(folders) * (side + GAP) - GAP), "white")
    for row, folder in enumerate(folders):
        for column, name in enumerate(names):
            sheet.paste(load(folder, name, side), (column * (side + GAP), row * (side + GAP)))
    sheet.save(output, quality=82, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3].split(","), [Path(folder) for folder in sys.argv[4:]])
