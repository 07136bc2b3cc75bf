#!/bin/sh
# Makes docs/images/paintings.jpg, photos and the paintings that the style in the program makes of them.
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
