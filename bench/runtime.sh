#!/usr/bin/env bash
# What the integer runtime makes of the Shakespeare models: bytes, RAM, cycles on an emulated Raspberry Pi Pico, loss on
# the four works held out, and whether host and board draw the same tokens. Usage: runtime.sh [BUILD [MODEL...]].
# Models that bench/shakespeare.sh left in BUILD/bench are used as they are; what is missing is trained for MINUTES (4).
# MIXED ("900k 1M") names the budgets of the images with mixed bits. Ends with status 1 where a digest differs.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
wanted=" ${*:2} "
. bench/lib.sh
need_data shakespeare
minutes=${MINUTES:-4}
read -ra budgets <<< "${MIXED:-900k 1M}"
prompt="who goes there"
seed=7
folder=$work/runtime
mkdir -p "$folder"
mapfile -t options < <(held_out_options)
mapfile -t files < <(held_out_files)

# model|bits
images=("dogberry|8" "dogberry|4")
for budget in "${budgets[@]}"; do images+=("dogberry|$budget"); done
images+=("dogberry-fast|8" "dogberry-fast|4" "char|8" "char|4" "bpe-2000|8" "bpe-2000|4")

# As in bench/shakespeare.sh.
variant_options() {
    case $1 in
    bpe-2000) printf -- '--preset\ndogberry\n--tokenizer\nbpe\n--vocab\n2000\n' ;;
    *) printf -- '--preset\n%s\n' "$1" ;;
    esac
}

# have_model NAME: trains it unless it is there; measures its float weights.
have_model() {
    local name=$1 own
    if [ ! -s "$work/$name/config.json" ]; then
        echo "Training $name for $minutes minutes ..." >&2
        mapfile -t own < <(variant_options "$name")
        train "$name" "$data/shakespeare" "${options[@]}" --minutes "$minutes" "${own[@]}"
    fi
    if [ ! -s "$folder/$name-float.json" ] || [ "$work/$name/config.json" -nt "$folder/$name-float.json" ]; then
        "$dogberry" eval "$work/$name" "${files[@]}" --json > "$folder/$name-float.json.part"
        mv "$folder/$name-float.json.part" "$folder/$name-float.json"
    fi
}

# make_image NAME BITS IMAGE: BITS 8, 4 or a number of bytes. A refusal's reason is in pack.log.
make_image() {
    local bits=(--bits "$2")
    [[ $2 =~ ^[48]$ ]] || bits=(--bits mixed --max-bytes "$2")
    "$dogberry" pack "$work/$1" "${bits[@]}" -o "$3" > "$folder/pack.log" 2>&1
}

label() {
    case $2 in
    [48]) echo "$1 int$2" ;;
    *) echo "$1 mixed, at most $2" ;;
    esac
}

different=0
row() {
    local name=$1 bits=$2 image=$folder/$1-$2.dog base=$folder/$1-$2 loss float host board equal=equal
    if ! make_image "$name" "$bits" "$image"; then
        tail -n 1 "$folder/pack.log" >&2
        echo "| $(label "$name" "$bits") | refused: $(sed -nE 's/.*the image has ([0-9]+),.*/the smallest has \1/p' "$folder/pack.log") | | | | | | | | |"
        return
    fi
    "$dogberry" verify "$image" > /dev/null
    "$dogberry" inspect "$image" --json > "$base-inspect.json"
    "$dogberry" eval "$image" "${files[@]}" --json > "$base-loss.json"
    "$dogberry" generate "$image" --prompt "$prompt" --seed $seed --json > "$base-host.json"
    "$dogberry" export "$image" --to uf2 -o "$base.uf2" > /dev/null
    node tools/emulate/emulate.mjs "$base.uf2" --json --say "/seed $seed" --say "$prompt" > "$base-board.json"
    node tools/emulate/emulate.mjs "$base.uf2" --cores 1 --no-flash-model --json --say "/seed $seed" --say "$prompt" \
        > "$base-core.json"
    loss=$(field .nats_per_token < "$base-loss.json")
    float=$(field .nats_per_token < "$folder/$name-float.json")
    host=$(field .digest < "$base-host.json")
    board=$(field .replies.1.digest < "$base-board.json")
    if [ "$host" != "$board" ]; then
        equal="DIFFERENT: $board on the board"
        different=1
    fi
    echo "| $(label "$name" "$bits") | $(stat -c %s "$image") | $(field .session_bytes < "$base-inspect.json") |" \
        "$(field .replies.1.cyclesPerToken < "$base-core.json") |" \
        "$(field .replies.1.totalCyclesPerToken < "$base-board.json") |" \
        "$(calculate "$(field .replies.1.tokensPerSecondAt125MHz < "$base-board.json")" "%.1f") |" \
        "$(calculate "$loss" "%.4f") |" \
        "$(calculate "$(field .bits_per_character < "$base-loss.json")" "%.4f") |" \
        "$(calculate "100 * ($loss / $float - 1)" "%+.2f") % | $host, $equal |"
}

machine
echo
echo "| image | bytes | RAM, session, bytes | cycles a token: one core, no waits | both cores, flash modelled |" \
    "tokens/s at 125 MHz | nats per token | bits per character | loss over float | digest on host and board |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for entry in "${images[@]}"; do
    [[ $wanted = *[a-z]* && $wanted != *" ${entry%%|*} "* ]] && continue
    have_model "${entry%%|*}"
    row "${entry%%|*}" "${entry#*|}"
done
exit $different
