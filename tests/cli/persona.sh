#!/usr/bin/env bash
# A finished model learns another text; what it was trained on is read again and mixed in.
source "$(dirname "$0")/common.sh"

"$dogberry" corpus stories --bytes 200k -o stories.txt
"$dogberry" corpus chat --bytes 30k -o chat.txt
small=(--threads 1 -q)
succeeds "$dogberry" train stories.txt -o base --vocab 300 --embedding 16 --hidden 24 --epochs 3 "${small[@]}"
cp base/model.safetensors base.before
taught() { "$dogberry" train chat.txt --from base "${small[@]}" --epochs 2 "$@"; }

succeeds taught -o persona --mix base:0.95
holds grep -q 'of the base (95\.0 %)' out
holds grep -q 'commonest unknown words' out
holds grep -qE 'persona [0-9.]+ \(perplexity [0-9.]+\).* base [0-9.]+ \(perplexity' out
holds grep -qE '^  persona  before .* after ' out
holds grep -qE '^  base     before .* after ' out
holds cmp -s base/tokenizer.json persona/tokenizer.json
holds cmp -s base/model.safetensors base.before
holds sh -c '! cmp -s base/model.safetensors persona/model.safetensors'
succeeds "$dogberry" pack persona -o persona.dog

# With replay the base is kept better than without.
value() { sed "s/.*\"$1\":\([0-9.]*\).*/\1/" out; }
succeeds taught -o kept --steps 150 --epochs 0 --rate 0.01 --json
kept=$(value base_nats_after) persona_before=$(value persona_nats_before) persona_after=$(value persona_nats_after)
holds awk "BEGIN { exit !($persona_after < $persona_before) }"
succeeds taught -o forgot --mix base:0 --steps 150 --epochs 0 --rate 0.01 --json
forgot=$(value base_nats_after)
holds awk "BEGIN { exit !($kept + 0.05 < $forgot) }"

# The replayed text named by hand; a persona of a persona replays both texts.
succeeds taught -o named --mix stories.txt:0.5
holds grep -qE 'of the base \((49|50)\.. %\)' out
"$dogberry" corpus stories --bytes 20k --seed 7 -o more.txt
succeeds "$dogberry" train more.txt --from persona -o second "${small[@]}" --steps 5 --json
holds grep -q '"paths":\["stories.txt"\].*"paths":\["chat.txt"\].*"paths":\["more.txt"\]' out

# What the persona is trained on must not measure whether the base is kept.
succeeds "$dogberry" train stories.txt --val chat.txt -o knows --vocab 300 --embedding 16 --hidden 24 --steps 5 "${small[@]}"
succeeds "$dogberry" train chat.txt --from knows -o told --steps 5 "${small[@]}"
holds grep -q "of the base's held-out text holds much of the persona's text and is left out" out

# Refused: what a finished model cannot change, and texts that are not what they were.
for option in '--preset word-1k' '--tokenizer bpe' '--vocab 400' '--cell gru' '--head tied' '--embedding 8' \
              '--hidden 8' '--layers 2' '--classes 9'; do
    # shellcheck disable=SC2086
    refused 2 "${option%% *} does not go with --from" taught -o none $option
done
refused 2 'another directory' taught -o base
refused 2 '--mix goes with --from' "$dogberry" train chat.txt -o none --mix base
refused 1 'share of replayed text' taught -o none --mix base:most
refused 1 'share of replayed text' taught -o none --mix base:1
refused 1 'nowhere' taught -o none --mix nowhere.txt:0.9
refused 1 'too few' "$dogberry" train <(echo hello) --from base -o none
echo 'One line more.' >> stories.txt
refused 1 'have changed since.*--mix PATH:SHARE' taught -o none
rm stories.txt
refused 1 'cannot be read.*stories\.txt.*--mix PATH:SHARE' taught -o none
refused 1 'config\.json|no model' "$dogberry" train chat.txt --from nowhere -o none
sed -i 's/"texts"/"textes"/' base/config.json
refused 1 'does not say which texts.*--mix PATH:SHARE' taught -o none
for file in model.safetensors tokenizer.json config.json; do
    rm -rf broken && cp -r persona broken
    head -c 200 "persona/$file" > "broken/$file"
    refused 1 "$file" "$dogberry" train chat.txt --from broken -o none --mix chat.txt:0.5
    cp kept/$file broken/$file
    [ $file = model.safetensors ] && refused 1 "$file" "$dogberry" train chat.txt --from broken -o none
    rm "broken/$file"
    refused 1 "$file" "$dogberry" train chat.txt --from broken -o none
done
holds test ! -e none
finish
