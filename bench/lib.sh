# What the measuring scripts share; sourced by them in the project's root, after `build` is set.
# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
data=${DOGBERRY_DATA:-../shared/data}
dogberry=$build/dogberry
work=$build/bench
held_out=(muchadoaboutnothing macbeth tempest sonnets)

if [ ! -x "$dogberry" ]; then
    echo "there is no $dogberry: build it first (make bench-programs), or name another folder" >&2
    exit 2
fi

# need_number NAME VALUE: ends the script where a setting is no number below a million.
need_number() {
    if ! [[ $2 =~ ^[0-9]{1,6}(\.[0-9]+)?$ ]]; then
        echo "$1=$2: a number below 1000000 is needed" >&2
        exit 2
    fi
}

# need_data PATH: ends the script, with success, where the data are not there.
need_data() {
    if [ ! -e "$data/$1" ]; then
        echo "skipped: no data ($data/$1 is missing; DOGBERRY_DATA names the folder)"
        exit 0
    fi
}

# only_known "NAME..." "KNOWN...": ends the script where a name that was asked for is none of those it knows.
only_known() {
    local name
    for name in $1; do
        if [[ " $2 " != *" $name "* ]]; then
            echo "there is no $name here; give some of: $2" >&2
            exit 2
        fi
    done
}

# The four works as options of `train`, and as files for `eval`.
held_out_options() { printf -- '--val\n%s\n' "${held_out[@]}"; }
held_out_files() { printf "$data/shakespeare/%s.txt\n" "${held_out[@]}"; }

# field EXPRESSION: a member of the JSON object on standard input, as in `field .ram.chipBytes`.
field() {
    node -e 'const o = JSON.parse(require("fs").readFileSync(0, "utf8"));
             const v = process.argv[1].split(".").slice(1).reduce((at, name) => at?.[name], o);
             if (v === undefined || v === null) { console.error(`no ${process.argv[1]} in the answer`); process.exit(1); }
             console.log(String(v));' "$1"
}

# calculate EXPRESSION FORMAT: arithmetic, as in `calculate "3 / 2" %.2f`.
calculate() { awk "BEGIN { printf \"$2\\n\", $1 }"; }

# The middle one of the numbers on standard input, one a line.
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# Which machine this is, in a line.
machine() {
    local model
    model=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
    echo "Machine: ${model:-$(uname -m)}, $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB"
}

# train_into FOLDER NAME OPTION...: trains, and the model is in FOLDER only when that is over: one that was broken off is not
# taken for a finished one. Everything printed goes to FOLDER.log, a failure to the terminal too.
train_into() {
    rm -rf "$1.part"
    if ! "$dogberry" train "${@:3}" --name "$2" -o "$1.part" --quiet > "$1.log" 2>&1; then
        tail -n 5 "$1.log" >&2
        return 1
    fi
    rm -rf "$1"
    mv "$1.part" "$1"
}

# train NAME OPTION...: trains into $work/NAME, as above.
train() { train_into "$work/$1" "${1:0:31}" "${@:2}"; }

# Of a log that `train` left: minutes taken, words a second, parameters.
trained_minutes() { field .training.minutes < "$work/$1/config.json"; }
trained_speed() { sed -nE 's/^Trained .* ([0-9]+) words\/s.*/\1/p' "$work/$1.log"; }
trained_parameters() { sed -nE 's/^Model: .* ([0-9]+) parameters$/\1/p' "$work/$1.log"; }

# pack NAME BITS: $work/NAME-intBITS.dog. Prints its bytes, or a word where that is refused.
pack() {
    local image=$work/$1-int$2.dog
    if "$dogberry" pack "$work/$1" --bits "$2" -o "$image" > "$work/pack.log" 2>&1; then
        stat -c %s "$image"
    else
        tail -n 1 "$work/pack.log" >&2
        rm -f "$image"
        echo refused
    fi
}
