#!/bin/sh
# OpenCV 5.0.0.93 multiplies the colours of a transparent TIFF of 8 bits by their opacity, even with IMREAD_UNCHANGED: of the same
# picture, written by Pillow 13.0.0 as PNG and as TIFF, the TIFF has half the brightness where it is half transparent, and black
# where it is wholly so. At 16 bits the colours come out as they are stored.
#
# A TIFF says in ExtraSamples whether its colours are multiplied already (1) or not (2, which Pillow writes, and PNG always means).
# OpenCV heeds this at 8 bits: both kinds come out multiplied. At 16 bits it does not: each kind comes out as it is, and nothing tells
# which it was. So a folder of both depths, or of PNG and TIFF, holds two sorts of colours. tifffile 2026.3.3 gives stored samples.
#
# Seen: blue, green, red 0 50 100 with an opacity of 128 of 255 is read as 0 25 50 128, and with an opacity of 0 as 0 0 0 0. Exits
# with 1 if any of this is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 opencv-python-headless==5.0.0.93 \
  pillow==13.0.0 tifffile==2026.3.3
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
import PIL
import tifffile
from PIL import Image

straight = np.array([[[100, 50, 0, 128], [100, 50, 0, 0], [100, 50, 0, 255]]], np.uint8)
multiplied = np.array([[[50, 25, 0, 128], [0, 0, 0, 0], [100, 50, 0, 255]]], np.uint8)


def by_pillow(kind):
    file = io.BytesIO()
    Image.fromarray(straight).save(file, kind)
    return file.getvalue()


def by_tifffile(samples, extra):
    file = io.BytesIO()
    tifffile.imwrite(file, samples, photometric="rgb", extrasamples=[extra])
    assert np.array_equal(tifffile.imread(io.BytesIO(file.getvalue())), samples)
    return file.getvalue()


def deep(samples):
    return samples.astype(np.uint16) * 257


files = {
    "PNG by Pillow": (by_pillow("PNG"), straight),
    "TIFF by Pillow": (by_pillow("TIFF"), multiplied),
    "8 bits, not multiplied": (by_tifffile(straight, "unassalpha"), multiplied),
    "8 bits, multiplied": (by_tifffile(multiplied, "assocalpha"), multiplied),
    "16 bits, not multiplied": (by_tifffile(deep(straight), "unassalpha"), deep(straight)),
    "16 bits, multiplied": (by_tifffile(deep(multiplied), "assocalpha"), deep(multiplied)),
}
print("OpenCV", cv2.__version__, "Pillow", PIL.__version__, "tifffile", tifffile.__version__)
kinds = tifffile.TiffFile(io.BytesIO(files["TIFF by Pillow"][0])).pages[0].extrasamples
print("ExtraSamples by Pillow:", [int(kind) for kind in kinds])
changed = list(kinds) != [2]
for name, (data, expected) in files.items():
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    print(name, read[0].tolist())
    changed |= not np.array_equal(read, expected[..., [2, 1, 0, 3]])
sys.exit(changed)
PYTHON
