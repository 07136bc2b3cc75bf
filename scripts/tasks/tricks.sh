#!/bin/sh
# What a recipe can change in the game between generator and discriminator, one after the other: facades from their labels at 64 pixels, by
# a U-Net of 16 channels, 600 steps each (docs/gan-toolbox.md). A line for each: L1 to the photos after the first step, then L1, SSIM,
# swd and diversity after the last, on pictures not seen, and the seconds that the processor has worked on all steps but the first.
#
#     scripts/tasks/tricks.sh FACADES WORK [NAME...]
#
# FACADES has train/ and test/, whose files hold a photo and its labels side by side. With NAMEs only these.
. "$(dirname "$0")/common.sh"
begin 2 "$@"
facades=$1
shift 2
names=" $* "

if [ ! -d "$work/real" ]; then
    for split in train test; do
        translate data split --input "$facades/$split" --output "$work/$split"
    done >"$work/data.log"
    for side in A B; do
        # A quarter of 256 pixels.
        translate data degrade --input "$work/test/$side" --output "$work/small-$side" --downscale 4
    done >>"$work/data.log"
    mv "$work/small-A/input" "$work/real"
fi

# scores MADE METRICS: what the pictures in this folder are worth
scores() {
    translate evaluate --real "$work/real" --fake "$1" --metrics "$2" --report "$1.json" >"$1.txt"
    python -c 'import json, sys
found = json.load(open(sys.argv[1]))["metrics"]
print("".join(f"{found[key]:9.3f}" for key in sys.argv[2].split(",")), end=" ")' "$1.json" "$2"
}

# translated NAME WHEN METRICS: the same of the style's translations
translated() {
    apply "$1" "$work/small-B/input" "$work/made/$1-$2" >"$work/$1.log"
    scores "$work/made/$1-$2" "$3"
}

# try NAME [SETTING...]
try() {
    try_name=$1
    shift
    case $names in "  " | *" $try_name "*) ;; *) return 0 ;; esac
    train "$try_name" pix2pix "$facades" data.direction=BtoA data.load_size=72 data.crop_size=64 generator.arch=unet_64 \
        generator.channels=16 generator.norm=instance generator.dropout=false discriminator.channels=16 discriminator.layers=2 \
        discriminator.norm=instance optim.lr=0.0005 optim.epochs=1 optim.decay_epochs=1 train.preview_every=100000 \
        train.max_steps=1 "$@" >"$work/$try_name.log"
    printf '%-24s' "$try_name"
    translated "$try_name" first l1
    command time -f '%U %S' -o "$work/$try_name.time" "${TRANSLATE:-target/release/translate}" --quiet --checkpoints "$work/checkpoints" \
        --device "${DEVICE:-cpu}" --threads 1 train --resume --name "$try_name" --steps 600 >>"$work/$try_name.log"
    translated "$try_name" last l1,ssim,swd,diversity
    awk '{ print $1 + $2 }' "$work/$try_name.time"
}

printf '%-24s%9s' "mean colour" ""
python "$here/plain.py" mean "$work/small-B/input" "$work/made/mean" "$work/train/A"
scores "$work/made/mean" l1,ssim,swd,diversity
echo
try plain
try saturating loss.gan=saturating
try likelihood loss.gan=likelihood
try lsgan loss.gan=lsgan
try hinge loss.gan=hinge
try wgan loss.gan=wgan
try wgan-gp loss.gan=wgan-gp
try dragan loss.dragan=10
try r1 loss.r1=1
try label-smoothing loss.label_smoothing=0.1
try noise discriminator.noise=0.2
try noise-epoch discriminator.noise=0.2 discriminator.noise_epochs=1
try two-steps optim.discriminator_steps=2
try two-rates optim.lr_discriminator=0.001
try feature-matching loss.feature_matching=10
try feature-means loss.feature_means=1
try spectral discriminator.norm=spectral
try spectral-both discriminator.norm=spectral generator.norm=spectral
try batch generator.norm=batch
try reference-batch generator.norm=reference_batch
try virtual-batch generator.norm=virtual_batch
try reference-batch-both generator.norm=reference_batch discriminator.norm=reference_batch
pairs="data.batch_size=2 optim.epochs=2 optim.decay_epochs=2"
try pairs $pairs
try deviation $pairs discriminator.minibatch_deviation=true
try discrimination $pairs discriminator.minibatch_discrimination=100
try latent generator.latent=8
