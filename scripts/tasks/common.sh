# What the proof runs of the tasks share; for `.` in the first lines of each, which takes the folder to work in as $work.
#
# TRANSLATE is the program, DEVICE where it computes, PYTHON a Python with Pillow and NumPy.
here=$(dirname "$0")
mkdir -p "$work"

translate() {
    "${TRANSLATE:-target/release/translate}" --quiet --checkpoints "$work/checkpoints" --device "${DEVICE:-cpu}" \
        --threads 1 "$@"
}

# train NAME RECIPE DATA [SETTING...]; from the weights of $init, if that is set
train() {
    name=$1 recipe=$2 data=$3
    shift 3
    for setting; do
        set -- "$@" --set "$setting"
        shift
    done
    translate train --config "$recipe" --data "$data" --name "$name" --overwrite ${init:+--init-from "$init"} "$@"
}

# apply STYLE INPUT OUTPUT [ARGUMENT...]
apply() {
    style=$1 input=$2 output=$3
    shift 3
    translate apply "$input" --style "$style" --output "$output" --format png --overwrite "$@"
}

# measure WHAT REAL FAKE METRICS
measure() {
    echo "$1 ($4)"
    translate evaluate --real "$2" --fake "$3" --metrics "$4" | grep -E "^(mean|swd|colour)"
}

python() {
    "${PYTHON:-python3}" "$@"
}
