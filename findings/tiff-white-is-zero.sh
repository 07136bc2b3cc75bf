#!/bin/sh
# Pillow 13.0.0 and OpenCV 5.0.0.93 invert the samples of a TIFF whose PhotometricInterpretation is WhiteIsZero if they have
# 8 bits, and give the same samples of 16 bits as they are stored: a map of ids 0 1 2 3 reads as 255 254 253 252 or as
# 0 1 2 3, by its depth. tifffile 2026.3.3 gives stored samples at both depths.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy pillow==13.0.0 opencv-python-headless==5.0.0.93 tifffile==2026.3.3
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
import PIL
import tifffile
from PIL import Image

print("Pillow", PIL.__version__, "OpenCV", cv2.__version__, "tifffile", tifffile.__version__)
expected = {"uint8": [255, 254, 253, 252], "uint16": [0, 1, 2, 3]}
changed = False
for kind, seen in expected.items():
    file = io.BytesIO()
    tifffile.imwrite(file, np.array([[0, 1, 2, 3]], kind), photometric="miniswhite")
    data = file.getvalue()
    read = {
        "Pillow": np.asarray(Image.open(io.BytesIO(data))).ravel().tolist(),
        "OpenCV": cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).ravel().tolist(),
        "tifffile": tifffile.imread(io.BytesIO(data)).ravel().tolist(),
    }
    print("stored 0 1 2 3 as", kind, read)
    changed |= read != {"Pillow": seen, "OpenCV": seen, "tifffile": [0, 1, 2, 3]}
sys.exit(changed)
PYTHON
