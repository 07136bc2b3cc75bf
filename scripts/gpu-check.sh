#!/usr/bin/env bash
# Checks this program on the GPU of this machine, which the tests of every change cannot do: in under ten minutes after the build.
#
#   scripts/gpu-check.sh                       libtorch-cuda (where `scripts/libtorch.sh cuda` has run) and wgpu
#   scripts/gpu-check.sh --only wgpu           one of them
#   scripts/gpu-check.sh --software            wgpu on a processor in the role of a GPU, to try this script
#
# On each device: the tests of the library; trainings in each precision; ten SIGKILLs with resume; two processes that train together
# (on two GPUs also by NCCL, where there are two); what happens when memory runs out; and the time beside PyTorch on the same GPU, where Python has PyTorch with CUDA (PYTHON=... names it).
#
# Everything is in target/gpu-check/: report.txt has a line for each check, PASS, FAIL or MISSING, and the figures. Ends with 0 if
# all passed, 1 if something failed, 3 if something was missing.
set -uo pipefail
cd "$(dirname "$0")/.."

only= software=
while (($#)); do
    case $1 in
        --only) only=${2:?libtorch or wgpu}; shift ;;
        --software) software=1 only=wgpu ;;
        *) sed -n 's/^#   //p' "$0" | head -3; exit 2 ;;
    esac
    shift
done

out=$PWD/target/gpu-check
rm -rf "$out"
mkdir -p "$out"
python=${PYTHON:-python3}
failed=0 missing=0

say() { printf '%s\n' "$*" | tee -a "$out/report.txt"; }
pass() { say "PASS     $*"; }
fail() { failed=$((failed + 1)); say "FAIL     $*"; }
miss() { missing=$((missing + 1)); say "MISSING  $*"; }

# limited SECONDS COMMAND...: ends it after this time; also a function of this script, which `timeout` does not know.
limited() {
    local seconds=$1
    shift
    if [[ $(type -t "$1") == function ]]; then
        local known
        known=$(declare -p translate device work small gpus 2>/dev/null; declare -f)
        set -- bash -c "$known; \"\$@\"" "$1" "$@"
    fi
    timeout --kill-after=10 "$seconds" "$@"
}

# check NAME SECONDS COMMAND...: the command ends with 0 in this time; its output is in a file of that name.
check() {
    local name=$1 limit=$2 started=$SECONDS log
    shift 2
    log=$out/${name//[ \/]/-}.log
    if limited "$limit" "$@" >"$log" 2>&1; then
        pass "$name ($((SECONDS - started)) s)"
    else
        fail "$name (exit $?, $((SECONDS - started)) s): $log"
        return 1
    fi
}

# What there is.
say "commit   $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
has_nvidia=
if command -v nvidia-smi >/dev/null && cards=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null); then
    has_nvidia=1
    say "card     $cards"
else
    say "card     nvidia-smi finds no NVIDIA GPU"
fi

features=() devices=()
if [[ -z $only || $only == libtorch ]]; then
    if [[ -z $has_nvidia ]]; then
        miss "libtorch-cuda: no NVIDIA GPU"
    elif ! compgen -G ".libtorch/lib/libtorch_cuda.*" >/dev/null; then
        miss "libtorch-cuda: LibTorch with CUDA; run scripts/libtorch.sh cuda first (3 GB)"
    else
        features+=(libtorch) devices+=(libtorch-cuda)
    fi
fi
[[ -z $only || $only == wgpu ]] && features+=(wgpu) devices+=(wgpu)
if ((${#devices[@]} == 0)); then
    say "nothing to check"
    exit 3
fi

# The build does not count. It makes the program, too.
feature_list=$(IFS=,; echo "${features[*]}")
say "features $feature_list"
if ! cargo test --release --locked --features "$feature_list" --no-run >"$out/build.log" 2>&1; then
    fail "build: $out/build.log"
    exit 1
fi
translate=$PWD/target/release/translate
SECONDS=0
"$translate" devices | tee -a "$out/report.txt"

answers() {
    case $1 in
        wgpu) "$translate" devices | grep '^wgpu' | grep 'ready: ' | { [[ -n $software ]] && cat || grep -v 'software, no GPU'; } | grep -q . ;;
        *) "$translate" devices | grep "^$1" | grep -q ready ;;
    esac
}

# last STYLE: the last step in its metrics.
last() { tail -n 1 "$work/checkpoints/$1/metrics.jsonl" 2>/dev/null | sed -n 's/.*"step":\([0-9]*\).*/\1/p'; }

train() {
    local style=$1
    shift
    (cd "$work" && "$translate" --device "$device" --progress plain train --name "$style" --set train.log_every=1 "$@")
}

# Small networks on the bundled sample, on which a step takes little.
small="--set data.load_size=72 --set data.crop_size=64 --set generator.channels=16 --set discriminator.channels=16"

trainings() {
    local precision tf32 mode options style
    for precision in "${precisions[@]}"; do
        # Convolutions of LibTorch take TF32 unless this forbids it.
        tf32=1
        [[ $precision == f32 ]] && tf32=0
        for mode in pix2pix cycle contrastive pix2pixhd inpaint generate vae; do
            options="--mode $mode $small"
            case $mode in
                pix2pix) options+=" --set generator.arch=unet_64" ;;
                contrastive) options="--config contrastive $small" ;;
                pix2pixhd) options+=" --set generator.downsamplings=2 --set optim.global_epochs=0" ;;
                generate) options+=" --set data.batch_size=4" ;;
                vae) options="--mode vae ${small% --set discriminator*} --set data.batch_size=4" ;;
            esac
            style=$mode-$precision
            # shellcheck disable=SC2086
            NVIDIA_TF32_OVERRIDE=$tf32 check "$device trains $mode in $precision" 60 \
                train "$style" $options --steps 50 --set "train.precision=${precision/tf32/f32}" || continue
            [[ $(last "$style") == 50 ]] || fail "$device $mode in $precision: the metrics end at step $(last "$style")"
        done
    done
}

kills() {
    local settings="--mode pix2pix --set generator.arch=unet_64 $small --set train.checkpoint_every=4 --steps 400 --seed 3"
    local kill pid wanted
    # shellcheck disable=SC2086
    check "$device trains without a kill" 120 train whole $settings || return
    for kill in {1..10}; do
        # shellcheck disable=SC2086
        (cd "$work" && exec "$translate" --device "$device" --quiet train --name killed --resume --set train.log_every=1 $settings) \
            >>"$out/kills.log" 2>&1 &
        pid=$!
        wanted=$((kill * 36))
        while kill -0 "$pid" 2>/dev/null && (($(last killed || echo 0) + 0 < wanted)); do sleep 0.01; done
        sleep "0.0$((RANDOM % 100))"
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    # shellcheck disable=SC2086
    check "$device resumes after ten kills" 120 train killed --resume $settings || return
    if [[ $(last killed) != 400 || $(grep -c . "$work/checkpoints/killed/metrics.jsonl") != 400 ]]; then
        fail "$device: after ten kills the metrics have $(grep -c . "$work/checkpoints/killed/metrics.jsonl") lines, the last of step $(last killed)"
    elif cmp -s "$work"/checkpoints/{whole,killed}/generator.safetensors; then
        pass "$device: ten kills changed no bit of the weights"
    else
        say "NOTE     $device: ten kills changed weights: the device does not add in the same order twice"
    fi
}

# pair STYLE WAY: two processes that train together; their gradients go this way. With one GPU both have it.
pair() {
    local style=$1 way=$2 rank started=() code=0
    for rank in 0 1; do
        # shellcheck disable=SC2086
        (cd "$work" && exec env RANK=$rank WORLD_SIZE=2 LOCAL_WORLD_SIZE=2 LOCAL_RANK=$((gpus > 1 ? rank : 0)) \
            MASTER_ADDR=127.0.0.1 MASTER_PORT=29511 "$translate" --device libtorch-cuda --progress plain train --name "$style" \
            --exchange "$way" --timeout 60 --set train.log_every=1 --mode cycle $small --steps 60) &
        started+=($!)
    done
    for rank in "${started[@]}"; do wait "$rank" || code=1; done
    return $code
}

processes() {
    [[ $device == libtorch-cuda ]] || return
    local ways=(host) way gpus
    gpus=$(nvidia-smi --list-gpus | wc -l)
    if ((gpus > 1)); then
        ways+=(nccl)
    else
        say "NOTE     one GPU: NCCL wants one for each process, and is not tried"
    fi
    for way in "${ways[@]}"; do
        check "$device, two processes by $way" 120 pair "pair-$way" "$way" || continue
        [[ $(last "pair-$way") == 60 ]] || fail "$device, two processes by $way: the metrics end at step $(last "pair-$way")"
        "$python" - "$work/checkpoints/pair-$way/metrics.jsonl" "$way" <<'PYTHON' | tee -a "$out/report.txt"
import json, statistics, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
seconds = statistics.median(line["seconds"] for line in lines[10:])
print(f"         by {sys.argv[2]}: {seconds:.4f} s per step, last losses {lines[-1]['losses']}")
PYTHON
    done
}

# refuses NAME SECONDS COMMAND...: fails with a message, not by a signal and not by a panic.
refuses() {
    local name=$1 limit=$2 log code
    shift 2
    log=$out/${name//[ \/]/-}.log
    limited "$limit" "$@" >"$log" 2>&1
    code=$?
    if [[ $code == 1 || $code == 3 ]] && ! grep -q panicked "$log"; then
        pass "$name: $(grep -m 1 -i -E 'error|failed' "$log" | cut -c 1-200)"
    else
        fail "$name (exit $code): $log"
    fi
}

memory() {
    refuses "$device, more than its memory in training" 60 \
        "$translate" --device "$device" bench --mode pix2pixhd --size 16384x16384 --batch 64 --steps 1
    mkdir -p "$work/large"
    "$python" - "$work/large/large.ppm" <<'PYTHON' || return
import sys
with open(sys.argv[1], "wb") as file:
    file.write(b"P6 6000 4000 255\n" + bytes(range(256)) * (6000 * 4000 * 3 // 256))
PYTHON
    check "$device applies to 24 megapixels in bands" 120 \
        "$translate" --device "$device" apply --input "$work/large" --style "$work/checkpoints/cycle-f32" --output "$work/bands"
    check "$device still answers" 60 "$translate" --device "$device" bench --mode cycle --size 64 --steps 1
}

compare() {
    local settings=default,best
    [[ $device == libtorch-cuda ]] && settings+=,bf16
    if [[ -z $has_nvidia ]] || ! "$python" -c 'import torch, safetensors, PIL; assert torch.cuda.is_available()' 2>/dev/null; then
        miss "$device beside PyTorch: Python with torch for CUDA, safetensors and pillow (PYTHON names another)"
        return
    fi
    local each
    for each in "" --compile; do
        # shellcheck disable=SC2086
        check "$device beside PyTorch $each" 240 "$python" benches/compare/compare.py --rounds 1 --steps 20 \
            --peer-device cuda $each --devices "$device" --settings "$settings" --only pix2pix,cycle,pix2pixhd
        cat "$out/$device-beside-PyTorch-$each.log" >>"$out/report.txt"
    done
}

for device in "${devices[@]}"; do
    say "== $device"
    if ! answers "$device"; then
        miss "$device: no GPU answers (see the list above)"
        continue
    fi
    work=$out/work-$device
    mkdir -p "$work"
    precisions=(f32)
    [[ $device == libtorch-cuda ]] && precisions=(f32 tf32 bf16)
    TRANSLATE_TEST_DEVICE=$device NVIDIA_TF32_OVERRIDE=0 check "$device suite" 300 \
        cargo test --release --locked --features "$feature_list" --quiet
    trainings
    kills
    processes
    memory
    compare
done

say "$SECONDS s; $failed failed, $missing missing; everything is in $out"
((failed == 0)) || exit 1
((missing == 0)) || exit 3
