#!/usr/bin/env bash
# 50 MB of text: training starts, and memory stays within a few times the text.
source "$(dirname "$0")/common.sh"

succeeds "$dogberry" corpus stories --bytes 50M -o big.txt
limited() { (ulimit -v $((4 * 1024 * 1024)) && exec "$@"); }
succeeds limited "$dogberry" train big.txt -o model --steps 2 --threads 1 --vocab 500 --hidden 16 --embedding 16 -q
holds test -s model/model.safetensors
finish
