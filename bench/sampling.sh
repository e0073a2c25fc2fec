#!/usr/bin/env bash
# How text reads under different sampling: generated replies beside what the model never saw.
#     bench/sampling.sh IMAGE [HELD-OUT.txt...]
# Twenty replies (seeds 1 to 20) a setting, cut to their first 150 words; the held-out text in pieces as long. A table with
# the means over them:
#   distinct-2      share of word pairs in a piece that are different ones
#   repeated 4      share of a piece's 4-grams that were in it before
#   known words     share of words that stand in the held-out text too (for tokenizers that spell)
#   known pairs     share of word pairs that stand there
# Then the first reply of each setting. TOKENS (300) in a reply, PROMPT ("who goes there").
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
. bench/lib.sh
image=${1:?usage: bench/sampling.sh IMAGE [HELD-OUT.txt...]}
shift
replies=$(mktemp -d)
trap 'rm -rf "$replies"' EXIT

# measure ONE WORDS-FILE FILE...: the four means over pieces of 150 words; a file's rest is left out, and if ONE is 1
# all but its first piece.
measure() {
    local one=$1
    shift
    LC_ALL=C.UTF-8 awk -v one_piece="$one" '
        function piece_ends(   i, pair, four, pairs, fours, different, again, seen, seen4) {
            for (i = 1; i < count; i++) { pair = word[i] " " word[i + 1]; pairs++; if (!seen[pair]++) different++ }
            for (i = 1; i + 3 <= count; i++) {
                four = word[i] " " word[i + 1] " " word[i + 2] " " word[i + 3]
                fours++
                if (seen4[four]++) again++
            }
            d += different / pairs; r += again / fours; pieces++; count = 0
        }
        { gsub(/[’]/, "\047"); n = split(tolower($0), part, /[^a-z\047]+/) }
        FNR == 1 && NR > 1 { count = 0 }
        NR == FNR {
            for (i = 1; i <= n; i++) if (part[i] != "") { known[part[i]] = 1; known_pair[before " " part[i]] = 1; before = part[i] }
            next
        }
        {
            for (i = 1; i <= n; i++) {
                if (part[i] == "" || (one_piece && done == FILENAME)) continue
                word[++count] = part[i]; words++; k += part[i] in known
                if (count > 1) { read++; p += (word[count - 1] " " part[i]) in known_pair }
                if (count == 150) { piece_ends(); done = FILENAME }
            }
        }
        END { if (pieces) printf "%.3f | %.4f | %.3f | %.3f", d / pieces, r / pieces, k / words, p / read
            else printf "- | - | - | -" }
    ' "$@"
}

held=("$@")
known=$replies/known
if [ ${#held[@]} -gt 0 ]; then cat "${held[@]}" > "$known"; else echo > "$known"; fi
echo "| setting | distinct-2 | repeated 4 | known words | known pairs |"
echo "|---|---|---|---|---|"
[ ${#held[@]} -eq 0 ] || echo "| held-out text | $(measure 0 "$known" "${held[@]}") |"

off="--temperature 1 --top-k 0 --top-p 0 --min-p 0 --repeat-penalty 0 --no-repeat 0"
number=0
while read -r setting; do
    number=$((number + 1))
    for seed in $(seq 20); do
        # shellcheck disable=SC2086
        "$build/dogberry" generate "$image" --prompt "${PROMPT:-who goes there}" --length "${TOKENS:-300}" --seed "$seed" \
            $off $setting > "$replies/$number.$(printf %02d "$seed")"
    done
    echo "| \`${setting:-all off}\` | $(measure 1 "$known" "$replies/$number".*) |"
done <<'SETTINGS'

--temperature 0
--temperature 0 --no-repeat 4
--temperature 0 --repeat-penalty 1
--temperature 0.5
--temperature 0.8
--temperature 0.8 --top-k 40
--temperature 0.8 --top-k 40 --no-repeat 4
--temperature 0.8 --top-k 40 --no-repeat 3
--temperature 0.8 --min-p 0.05
--temperature 0.8 --min-p 0.1
--temperature 0.8 --top-p 0.9
--temperature 0.8 --top-k 40 --repeat-penalty 0.5 --no-repeat 4
--temperature 0.6 --top-k 40 --no-repeat 4
SETTINGS
for file in "$replies"/*.01; do
    echo
    echo "Setting $(basename "$file" .01):"
    head -c 400 "$file" | sed 's/^/    /'
done
