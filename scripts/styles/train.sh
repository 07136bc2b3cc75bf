#!/bin/sh
# Trains, scores and assembles the styles that travel in the program.
#
#     scripts/styles/train.sh ../shared/data/monet2photo [WORK]
#
# Run from the root of the repository. Everything but the result goes to WORK (default target/styles); a run that was stopped
# goes on where it was. DEVICE is the device (default auto), PYTHON a Python with the packages of score.py, SHORTER_SIDE the size
# at which photos are painted.
set -eu

if [ $# -lt 1 ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
fi
data=$1
work=${2:-target/styles}
device=${DEVICE:-auto}
python=${PYTHON:-python3}
here=$(dirname "$0")
program=target/release/translate
train() {
    nice -n 19 "$program" --device "$device" --checkpoints "$work/runs" train --resume "$@"
}

cargo build --release
"$python" "$here/split.py" "$data" "$work"
train --name painting --config configs/monet.toml --data "$work/paintings"
train --name fill --config configs/fill.toml --data "$work/photos"
PYTHON=$python DEVICE=$device "$here/assemble.sh" "$work/runs/painting" "$work/runs/fill" "$work"
