#!/usr/bin/env bash
# Trains recipes/precision.yaml in float32 and bfloat16 with seeds 1 to 3 into OUT (default runs/precision) and draws the curves.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-runs/precision}
for seed in 1 2 3; do
  for precision in f32 bf16; do
    ./attune run recipes/precision.yaml --out "$out/$precision-$seed" --set seed=$seed --set sft.precision=$precision --set ppo.precision=$precision
  done
done
./attune figure precision --runs "$out" --out docs/figures/precision.svg
