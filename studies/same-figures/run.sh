#!/bin/sh
# Runs every method, the tiny frontier and the demo on seeds 1 to 3, so that two checkouts can be compared bit for bit:
#   studies/same-figures/run.sh CHECKOUT OUT         e.g. a worktree of an earlier commit, then this one
#   dotnet run studies/same-figures/compare.cs OUT-BEFORE OUT-AFTER
# Half an hour on two cores of an otherwise idle machine. The recipe is this folder's, whatever the checkout.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
checkout=$1
out=$2
mkdir -p "$out"
for seed in 1 2 3; do
    "$checkout/attune" run "$here/every-method.yaml" --set "seed=$seed" --out "$out/every-method-$seed"
done
"$checkout/attune" frontier "$checkout/recipes/frontier-tiny.yaml" --out "$out/frontier-tiny"
for seed in 1 2 3; do
    "$checkout/attune" demo --seed "$seed" --out "$out/demo-$seed"
done
