#!/usr/bin/env bash
# The Dogberry model from text to board: trained on 35 works of Shakespeare, measured on the four that are held out, in
# float and as the image that the board runs, and heard on an emulated Raspberry Pi Pico. Usage: dogberry.sh [BUILD].
# MINUTES (20) says how long to train.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
. bench/lib.sh
need_data shakespeare
minutes=${MINUTES:-20}
prompt="who goes there"
seed=7
name=dogberry-shakespeare
image=$work/$name-int8.dog
mkdir -p "$work"
mapfile -t options < <(held_out_options)
mapfile -t files < <(held_out_files)

machine
echo "Training for $minutes minutes ..." >&2
train "$name" "$data/shakespeare" "${options[@]}" --preset dogberry --minutes "$minutes"
bytes=$(pack "$name" 8)
[ "$bytes" != refused ]
echo "Measuring ..." >&2
"$dogberry" eval "$work/$name" "${files[@]}" --json > "$work/float.json"
"$dogberry" eval "$image" "${files[@]}" --json > "$work/int8.json"
"$dogberry" inspect "$image" --json > "$work/inspect.json"
echo "Asking the board ..." >&2
"$dogberry" export "$image" --to uf2 -o "$work/$name.uf2" > /dev/null
node tools/emulate/emulate.mjs "$work/$name.uf2" --json --say "/seed $seed" --say "$prompt" > "$work/board.json"
"$dogberry" generate "$image" --prompt "$prompt" --seed "$seed" --json > "$work/host.json"

loss() { field .nats_per_token < "$work/$1.json"; }
board() { field ".$1" < "$work/board.json"; }
session=$(field .session_bytes < "$work/inspect.json")
digest=$(field .digest < "$work/host.json")
equal=no
[ "$(board replies.1.digest)" != "$digest" ] || equal=yes
percent() { calculate "100 * ($1)" "%.2f"; }

cat << END

| what | figure |
|---|---|
| held-out perplexity, float | $(calculate "$(field .perplexity < "$work/float.json")" "%.2f") |
| held-out perplexity, int8 image | $(calculate "$(field .perplexity < "$work/int8.json")" "%.2f") |
| bits per character, float | $(calculate "$(field .bits_per_character < "$work/float.json")" "%.4f") |
| bits per character, int8 image | $(calculate "$(field .bits_per_character < "$work/int8.json")" "%.4f") |
| int8 image's loss over float | $(calculate "100 * ($(loss int8) / $(loss float) - 1)" "%.3f") % |
| unknown words | $(percent "$(field .unknown_share < "$work/float.json")") % |
| training minutes | $(calculate "$(trained_minutes "$name")" "%.1f") |
| words/s trained | $(trained_speed "$name") |
| image bytes | $bytes |
| RAM, session, bytes | $session |
| RAM, whole firmware, bytes | $(calculate "$(board ram.staticBytes) + $(board stack.bytes)" "%d") |
| core cycles per word (emulated) | $(board replies.1.cyclesPerToken) |
| waits for flash per word, cycles (modelled) | $(board replies.1.stallCyclesPerToken) |
| words/s at 125 MHz (emulated, with flash waits) | $(board replies.1.tokensPerSecondAt125MHz) |
| digest equal on PC and board | $equal ($digest) |

> $prompt
$(board replies.1.text)
END
[ "$equal" = yes ]
