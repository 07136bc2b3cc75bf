# What the proof runs of the tasks share; for `.` in the first lines of each, which takes the folder to work in as $work.
#
# A plain shell has no local variables: those of functions begin with the function's name.
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
    train_name=$1 train_recipe=$2 train_data=$3
    shift 3
    for setting; do
        set -- "$@" --set "$setting"
        shift
    done
    translate train --config "$train_recipe" --data "$train_data" --name "$train_name" --overwrite ${init:+--init-from "$init"} "$@"
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
    translate evaluate --real "$2" --fake "$3" --metrics "$4" | grep -E "^(mean|swd|colour)"
}

python() {
    "${PYTHON:-python3}" "$@"
}
