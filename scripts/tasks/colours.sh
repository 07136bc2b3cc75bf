#!/bin/sh
# Colours for grey satellite pictures, by the recipe `colourise-small`: trained on America, Europe and the west of Africa, measured in
# Asia and Australia.
#
#     scripts/tasks/earth.sh WORK && scripts/tasks/colours.sh WORK
. "$(dirname "$0")/common.sh"
begin 1 "$@"

data=$work/colours
train coloured colourise-small "$data" generator.channels=16 optim.epochs=6 optim.decay_epochs=6
python "$here/plain.py" grey "$data/test" "$data/grey"
python "$here/plain.py" tint "$data/test" "$data/tint" "$data/train"
apply coloured "$data/grey" "$data/made" --size 64 --restore
measure "grey" "$data/test" "$data/grey" psnr,ssim,colour
measure "the colour of all" "$data/test" "$data/tint" psnr,ssim,colour
measure "network" "$data/test" "$data/made" psnr,ssim,colour
