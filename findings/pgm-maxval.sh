#!/bin/sh
# Of a PGM whose highest level is 33, Pillow 13.0.0 stretches the samples to 0 to 255 (0 1 2 3 become 0 8 15 23), and
# OpenCV 5.0.0.93 gives them as they are stored: a map of ids reads as other ids, by the library, without a word.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy pillow==13.0.0 opencv-python-headless==5.0.0.93
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
import PIL
from PIL import Image

print("Pillow", PIL.__version__, "OpenCV", cv2.__version__)
data = b"P5\n4 1\n33\n\x00\x01\x02\x03"
pillow = np.asarray(Image.open(io.BytesIO(data))).ravel().tolist()
opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).ravel().tolist()
print("stored 0 1 2 3 of 33: Pillow", pillow, "OpenCV", opencv)
sys.exit(pillow != [0, 8, 15, 23] or opencv != [0, 1, 2, 3])
PYTHON
