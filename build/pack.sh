#!/bin/sh
# Makes the packages: the libraries, the meta-package, a back end a platform, the templates, and the tool for this platform.
#   build/pack.sh [FOLDER]      into FOLDER, artifacts/packages by default
# Source link needs a clone whose origin is an address that the SDK knows (GitHub, GitLab, Azure DevOps, Bitbucket).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
out=${1:-$here/artifacts/packages}
mkdir -p "$out"
out=$(CDPATH='' cd -- "$out" && pwd)
cd "$here"
# A tool is packed a platform at a time, together with the package that names them all.
platform=$(dotnet msbuild src/Attune.Cli -getProperty:NETCoreSdkPortableRuntimeIdentifier)
for target in Restore Pack; do
    dotnet msbuild packages/All.proj "-t:$target" -v:quiet -nologo -p:AttunePackage=true -p:Configuration=Release \
        "-p:ToolPlatform=$platform" "-p:PackageOutputPath=$out"
done
ls "$out" | grep '\.nupkg$'
