#!/usr/bin/env bash
# The rows that bench/s3.sh prints are those of docs/BOARDS.md.
#     s3_paper.sh DOGBERRY SOURCE_DIR
source_dir=$(realpath "$2")
build=$(dirname "$(realpath "$1")")
source "$(dirname "$0")/common.sh"

succeeds "$source_dir/bench/s3.sh" "$build"
grep '^| `' out > rows
holds test "$(wc -l < rows)" -ge 6
while IFS= read -r row; do
    holds grep -qF "$row" "$source_dir/docs/BOARDS.md"
done < rows
finish
