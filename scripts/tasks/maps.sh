#!/bin/sh
# Relief maps from satellite pictures, by the recipe `maps`: trained on America, Europe and the west of Africa, measured in Asia and
# Australia.
#
#     scripts/tasks/earth.sh WORK && scripts/tasks/maps.sh WORK
. "$(dirname "$0")/common.sh"
begin 1 "$@"

data=$work/maps
train map maps "$data" data.crop_size=128 generator.arch=unet_128 generator.channels=16 discriminator.channels=16 \
    optim.epochs=6 optim.decay_epochs=6
apply map "$data/test/A" "$data/made"
python "$here/plain.py" mean "$data/test/A" "$data/mean" "$data/train/B"
measure "satellite picture" "$data/test/B" "$data/test/A" psnr,ssim,l1
measure "mean colour" "$data/test/B" "$data/mean" psnr,ssim,l1
measure "network" "$data/test/B" "$data/made" psnr,ssim,l1
