#!/bin/sh
# Makes the pictures of what the styles in the program do: docs/images/paintings.jpg, photos and the paintings made of them, and
# docs/images/repaired.jpg, a photo with scratches and the same without.
#
#     scripts/styles/picture.sh
#
# Run from the root of the repository, with the program built.
set -eu

python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
program=$PWD/target/release/translate
photos=$PWD/datasets/sample/photos
# From a folder without styles: those in the program are meant.
(cd "$work" && "$program" apply --input "$photos" --style monet --output paintings --format png)
"$python" - "$photos" "$work/paintings" docs/images/paintings.jpg <<'END'
import sys
from pathlib import Path

from PIL import Image

NAMES = ["coast", "colosseum", "meadow"]
WIDTH, HEIGHT, GAP = 420, 236, 6

photos, paintings, output = map(Path, sys.argv[1:])
size = len(NAMES) * (WIDTH + GAP) - GAP, 2 * HEIGHT + GAP
sheet = Image.new("RGB", size, "white")
for column, name in enumerate(NAMES):
    for row, file in enumerate([photos / f"{name}.jpg", paintings / f"{name}.png"]):
        picture = Image.open(file).convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        sheet.paste(picture, (column * (WIDTH + GAP), row * (HEIGHT + GAP)))
sheet.save(output, quality=88, optimize=True)
END

# Scratches and a stain in dark and light, and the mask of both.
"$python" - "$photos/coast.jpg" "$work" <<'END'
import sys
from pathlib import Path

import numpy
from PIL import Image, ImageDraw

photo, work = Image.open(sys.argv[1]).convert("RGB"), Path(sys.argv[2])
mask = Image.new("L", photo.size)
draw = ImageDraw.Draw(mask)
random = numpy.random.default_rng(5)
for x in [70, 205, 330, 430]:
    points = [(x + 12 * float(random.normal()), y) for y in range(-20, photo.height + 40, 40)]
    draw.line(points, fill=255, width=4, joint="curve")
draw.line([(0, 200), (180, 150), (512, 190)], fill=255, width=3)
draw.ellipse([238, 96, 284, 128], fill=255)
scratched = Image.composite(Image.new("RGB", photo.size, (236, 230, 214)), photo, mask)
for folder, picture in [("scans", scratched), ("damage", mask)]:
    (work / folder).mkdir()
    picture.save(work / folder / "coast.png")
END
(cd "$work" && "$program" apply scans --mask damage --style fill --dilate 2 --output repaired)
"$python" - "$work" docs/images/repaired.jpg <<'END'
import sys
from pathlib import Path

from PIL import Image

work, output = map(Path, sys.argv[1:])
pictures = [Image.open(work / folder / "coast.png").convert("RGB") for folder in ["scans", "repaired"]]
width, height = pictures[0].size
sheet = Image.new("RGB", (2 * width + 6, height), "white")
for column, picture in enumerate(pictures):
    sheet.paste(picture, (column * (width + 6), 0))
sheet.save(output, quality=90, optimize=True)
END
