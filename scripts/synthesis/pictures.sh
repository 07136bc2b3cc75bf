#!/bin/sh
# Trains generators on a folder of pictures and measures them: `pictures.sh DATA WORK [STEPS]`; scripts/synthesis/README.md.
#
# DATA has `train/`, and `val/` or `test/` or both. A run that was cut off goes on.
set -eu
if [ $# -lt 2 ]; then
    sed -n "2,4s/^# \{0,1\}//p" "$0"
    exit 2
fi
data=$1 work=$2 steps=${3:-4000}
. "$(dirname "$0")/../tasks/common.sh"

held=""
for part in test val; do
    if [ -d "$data/$part" ]; then
        last=$data/$part
        held=${held:+$held,}$last
    fi
done

# learn NAME MODE [SETTING...]
learn() {
    learn_name=$1 learn_mode=$2
    shift 2
    for setting; do
        set -- "$@" --set "$setting"
        shift
    done
    if [ -f "$work/checkpoints/$learn_name/style.toml" ]; then
        translate train --resume --name "$learn_name" --steps "$steps"
    else
        translate train --mode "$learn_mode" --data "$data" --name "$learn_name" --steps "$steps" --epochs 10000 \
            --set data.load_size=64 --set data.crop_size=64 --set data.flip=true --set data.batch_size=16 \
            --set train.keep_every=500 --set train.evaluate_every=500 "$@"
    fi
}

learn gan generate generator.channels=32 discriminator.channels=32 \
    'discriminator.augment=["color","translation","cutout"]' optim.ema=0.998
learn vae vae generator.channels=16 generator.latent=64 loss.kl=0.1

sets=""
step=500
while [ "$step" -le "$steps" ]; do
    translate sample --style "gan@$step" --count 400 --output "$work/made/gan-$step" --overwrite
    sets="$sets $work/made/gan-$step"
    step=$((step * 2))
done
translate sample --style vae --count 400 --output "$work/made/vae" --overwrite
translate encode "$last" --style vae --output "$work/codes.jsonl" --decoded "$work/made/again" --overwrite
# shellcheck disable=SC2086
python "$here/distance.py" "$data/train" "$held" $sets "$work/made/vae" "$work/made/again"
for style in gan vae; do
    translate sample --style "$style" --interpolate 3 12 --frames 30 --output "$work/made/$style-way" --overwrite
done
python "$here/smoothness.py" "$work/made/gan-way" "$work/made/vae-way"
