#!/bin/sh
# Satellite pictures of early summer to those of a month with snow, and back, by the recipe `summer-winter`, without pairs: trained on
# Europe and Siberia, measured in North America.
#
#     scripts/tasks/earth.sh WORK && scripts/tasks/seasons.sh WORK
. "$(dirname "$0")/common.sh"
begin 1 "$@"

data=$work/seasons
train seasons summer-winter "$data" data.load_size=72 data.crop_size=64 generator.channels=8 discriminator.channels=8 \
    generator.upsample=resize optim.lr=0.0005 optim.epochs=4 optim.decay_epochs=4
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
