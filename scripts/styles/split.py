"""Lays out the pictures of monet2photo for the training of the built-in styles (development only).

    python split.py MONET2PHOTO FOLDER

MONET2PHOTO has photos in trainA and paintings in trainB. FOLDER gets `paintings/{trainA,trainB,testA,testB}` for the styles that
paint, and `photos/{train,val}` for the one that fills holes, all of them links. What held_out.txt names is in the test and
validation parts only: no style is trained on it.
"""

import os
import sys
from pathlib import Path


def link(files, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = folder / file.name
        if not target.is_symlink():
            os.symlink(file, target)


def main():
    source, target = (Path(argument).resolve() for argument in sys.argv[1:3])
    held_out = set(Path(__file__).with_name("held_out.txt").read_text().split("\n"))
    for side in ["A", "B"]:
        files = sorted(file for file in (source / f"train{side}").iterdir() if file.is_file())
        kept = [file for file in files if file.name not in held_out]
        apart = [file for file in files if file.name in held_out]
        if not kept or not apart:
            sys.exit(f"{source / f'train{side}'} is not that of monet2photo")
        link(kept, target / f"paintings/train{side}")
        link(apart, target / f"paintings/test{side}")
        if side == "A":
            link(kept, target / "photos/train")
            link(apart, target / "photos/val")


main()
