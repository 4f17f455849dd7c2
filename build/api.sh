#!/bin/sh
# Writes down what the libraries promise, as the baseline of the version's series in packages/baseline: once a series, when it is first released.
#   build/api.sh [LIBRARY...]      all libraries by default, ten minutes on two cores
# Within a series packages cannot be made while a member of it is missing (docs/packages.md).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$here"
series=$(dotnet msbuild src/Attune.Core -getProperty:ApiSeries)
[ $# -gt 0 ] || set -- $(ls src | sed -n '/^Attune\.Cli$/d; /^Attune\./p')
for name in "$@"; do
    baseline=packages/baseline/$series/$name
    mkdir -p "$baseline"
    echo '#nullable enable' | tee "$baseline/PublicAPI.Shipped.txt" >"$baseline/PublicAPI.Unshipped.txt"
    echo "$name"
    AttunePackage=true dotnet format analyzers "src/$name" --diagnostics RS0016 --severity info
    mv "$baseline/PublicAPI.Unshipped.txt" "$baseline/PublicAPI.Shipped.txt"
done
