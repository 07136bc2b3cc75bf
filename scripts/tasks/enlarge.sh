#!/bin/sh
# Pictures four times as large, by the recipe `super-resolution-small` for the smallest error, and from there by `srgan`.
#
#     scripts/tasks/enlarge.sh PHOTOS WORK
#
# PHOTOS has sharp photos, those to measure with in a folder called test. With VGG19, a file of its weights, `srgan` compares its features.
. "$(dirname "$0")/common.sh"
begin 2 "$@"
photos=$1

data=$work/enlarge
small="generator.blocks=4 generator.channels=32 generator.norm=none"
train larger super-resolution-small "$photos" generator.scale=4 optim.epochs=50
[ -d "$data" ] || translate data degrade --input "$photos/test" --output "$data" --downscale 4
apply larger "$data/input" "$data/larger"
init=larger
train sharper srgan "$photos" $small discriminator.channels=32 data.batch_size=4 optim.epochs=60 optim.decay_epochs=0 \
    loss.adversarial=0.2 optim.ema=0.99 loss.perceptual_weights="${VGG19:-}"
apply sharper "$data/input" "$data/sharper"
for what in bicubic larger sharper; do
    measure "$what" "$data/target" "$data/$what" psnr,ssim,swd
done
