#!/bin/sh
# Scores finished runs and makes the styles in checkpoints/ of them, with the pictures that split.py has laid out in WORK.
#
#     scripts/styles/assemble.sh PAINTING_RUN FILL_RUN WORK
#
# LANDSCAPES is a folder with the photos of BSDS500 that landscapes.txt names, if the card is to have scores of these, too.
#
# Run from the root of the repository, with the program built. Afterwards build it again: it carries what is in checkpoints/.
set -eu

if [ $# -lt 3 ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
fi
painting=$1 fill=$2 work=$3
python=${PYTHON:-python3}
here=$(dirname "$0")
program=target/release/translate
score() {
    "$python" "$here/score.py" "$@" --translate "$program" --device "${DEVICE:-auto}"
}

photos=$work/paintings/testA
paintings=$work/paintings/testB
monet() {
    "$python" "$here/assemble.py" monet "$painting" checkpoints/monet --shorter-side "${SHORTER_SIDE:-640}" \
        --translate "$program" "$@"
}
# Scored as it is applied: at its size, in 16 bits.
monet
score painting checkpoints/monet --photos "$photos" --paintings "$paintings" --others "$work/paintings/trainB" | tee "$work/monet.scores"
if [ -n "${LANDSCAPES:-}" ]; then
    score painting checkpoints/monet --photos "$LANDSCAPES" --paintings "$paintings" --others "$work/paintings/trainB" | tee "$work/landscapes.scores"
    monet --scores "$work/monet.scores" --landscapes "$work/landscapes.scores"
else
    monet --scores "$work/monet.scores"
fi
score fill "$fill" --photos "$work/photos/val" | tee "$work/fill.scores"
"$python" "$here/assemble.py" fill "$fill" checkpoints/fill --scores "$work/fill.scores" --translate "$program"
du -sh checkpoints/monet checkpoints/fill
