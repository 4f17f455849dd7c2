#!/bin/sh
# Trains the reward models of the study of remedies at each seed and prints the table: studies/remedies/remedies.sh FOLDER [SEED...]
set -e
here=$(cd "$(dirname "$0")" && pwd)
attune=${ATTUNE:-$here/../../attune}
folder=$1
shift
[ $# -gt 0 ] || set -- 1 2 3
study() { dotnet run -c Release "$here/remedies.cs" "$@"; }
for seed in "$@"; do
    place=$folder/seed-$seed
    [ -f "$place/recipe.yaml" ] || study make "$place" "$seed"
    [ -d "$place/run" ] || "$attune" run "$place/recipe.yaml" --out "$place/run"
    number=1
    for name in plain robust many few length debiased; do
        stage=reward
        [ $number -eq 1 ] || stage=reward-$number
        "$attune" score --data "$place/answers.jsonl" --reward-model "$place/run/$stage/final" --out "$place/scored-$name.jsonl" --force
        number=$((number + 1))
    done
done
set -- $(for seed in "$@"; do echo "$folder/seed-$seed"; done)
study measure "$@"
