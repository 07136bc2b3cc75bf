#!/bin/sh
# Satellite pictures of early summer to those of a month with snow, and back, by the recipe `summer-winter`, without pairs: trained on
# Europe, North America and the east and west of Siberia, measured in its middle.
#
#     scripts/tasks/earth.sh WORK && scripts/tasks/seasons.sh WORK
. "$(dirname "$0")/common.sh"
begin 1 "$@"

data=$work/seasons
precision=bf16
train seasons summer-winter "$data" data.load_size=104 data.crop_size=96 generator.channels=16 discriminator.channels=16 \
    generator.upsample=resize optim.lr=0.0003 optim.ema=0.998 optim.epochs=24 optim.decay_epochs=24
apply seasons "$data/test/A" "$data/snow"
apply seasons "$data/test/B" "$data/green" --direction BtoA
python "$here/plain.py" mean "$data/test/A" "$data/mean-snow" "$data/trainB"
python "$here/plain.py" mean "$data/test/B" "$data/mean-green" "$data/trainA"
measure "summer as it is, for winter" "$data/test/B" "$data/test/A" swd,colour,l1
measure "mean colour of the winters" "$data/test/B" "$data/mean-snow" swd,colour,l1
measure "network, for winter" "$data/test/B" "$data/snow" swd,colour,l1
measure "winter as it is, for summer" "$data/test/A" "$data/test/B" swd,colour,l1
measure "mean colour of the summers" "$data/test/A" "$data/mean-green" swd,colour,l1
measure "network, for summer" "$data/test/A" "$data/green" swd,colour,l1
