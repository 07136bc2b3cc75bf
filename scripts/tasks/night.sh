#!/bin/sh
# Satellite pictures by day to the Earth by night, by the recipe `day-night`, without pairs: trained on America, Europe and the west of
# Africa, measured in Asia and Australia.
#
#     scripts/tasks/earth.sh WORK && scripts/tasks/night.sh WORK
. "$(dirname "$0")/common.sh"
begin 1 "$@"

data=$work/day-night
train night day-night "$data" data.load_size=72 data.crop_size=64 generator.arch=resnet_6blocks generator.channels=8 \
    generator.downsample=strided generator.upsample=resize discriminator.channels=8 discriminator.downsample=strided \
    loss.nce_layers=0,4,7,10,13 optim.lr=0.0005 optim.epochs=4 optim.decay_epochs=4 optim.ema=0.99
apply night "$data/test/A" "$data/made"
python "$here/plain.py" mean "$data/test/A" "$data/mean" "$data/trainB"
measure "day" "$data/test/B" "$data/test/A" swd,colour,l1
measure "mean colour of the nights" "$data/test/B" "$data/mean" swd,colour,l1
measure "network" "$data/test/B" "$data/made" swd,colour,l1
