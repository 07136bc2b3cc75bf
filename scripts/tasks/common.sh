# What the proof runs of the tasks share; `.` in the first line of each.
#
# A plain shell has no local variables: those of functions begin with the function's name.
#
# TRANSLATE is the program, DEVICE where it computes, PYTHON a Python with Pillow and NumPy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

# begin COUNT ARGUMENT...: with fewer arguments than COUNT shows the comment at the beginning of the script; else the last one of so
# many is the folder to work in, $work.
begin() {
    begin_count=$1
    shift
    if [ $# -lt "$begin_count" ]; then
        sed -n '2,${/^#/!q;s/^# \{0,1\}//p;}' "$0"
        exit 2
    fi
    eval "work=\${$begin_count}"
    mkdir -p "$work"
}

translate() {
    "${TRANSLATE:-target/release/translate}" --quiet --checkpoints "$work/checkpoints" --device "${DEVICE:-cpu}" \
        --threads 1 "$@"
}

# train NAME RECIPE DATA [SETTING...]; from the weights of $init, and in $precision, if these are set
train() {
    train_name=$1 train_recipe=$2 train_data=$3
    shift 3
    for setting; do
        set -- "$@" --set "$setting"
        shift
    done
    translate train --config "$train_recipe" --data "$train_data" --name "$train_name" --overwrite ${init:+--init-from "$init"} \
        ${precision:+--precision "$precision"} "$@"
}

# apply STYLE INPUT OUTPUT [ARGUMENT...]
apply() {
    apply_style=$1 apply_input=$2 apply_output=$3
    shift 3
    translate apply "$apply_input" --style "$apply_style" --output "$apply_output" --format png --overwrite "$@"
}

# measure WHAT REAL FAKE METRICS
measure() {
    echo "$1 ($4)"
    translate evaluate --real "$2" --fake "$3" --metrics "$4" | grep -E "^(mean|swd|colour|diversity)"
}

python() {
    "${PYTHON:-python3}" "$@"
}
