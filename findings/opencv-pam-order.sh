#!/bin/sh
# OpenCV 5.0.0.93 swaps red and blue in PAM files, both ways: what it writes with `TUPLTYPE RGB` has blue first, and the red
# of a file as its format says it comes out as blue. PPM files of the same picture are right, so a folder of both holds two
# orders of colours, without a word.
#
# By the format's definition (netpbm's `pam`) the first sample of a tuple of type RGB is red. Of OpenCV's arrays the order is
# blue, green, red.
#
# Seen: red 200 and blue 10 are stored as 10, 0, 200, and the file 200, 0, 10 is read as blue 200. Exits with 1 if any of
# this is otherwise.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 opencv-python-headless==5.0.0.93
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import cv2
import numpy as np

header = b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
red = np.array([[[10, 0, 200]]], np.uint8)  # blue, green, red
option = [cv2.IMWRITE_PAM_TUPLETYPE, cv2.IMWRITE_PAM_FORMAT_RGB]
pam = cv2.imencode(".pam", red, option)[1].tobytes()
ppm = cv2.imencode(".ppm", red)[1].tobytes()
read = cv2.imdecode(np.frombuffer(header + bytes([200, 0, 10]), np.uint8), cv2.IMREAD_UNCHANGED).ravel().tolist()
print("OpenCV", cv2.__version__, "wrote PAM", list(pam[-3:]), "PPM", list(ppm[-3:]), "read blue, green, red as", read)
sys.exit(b"TUPLTYPE RGB" not in pam or list(pam[-3:]) != [10, 0, 200] or list(ppm[-3:]) != [200, 0, 10] or read != [200, 0, 10])
PYTHON
