#!/bin/sh
# Makes the documentation as one static site, with a page a public type, in artifacts/site. A link that leads nowhere is an error.
#   build/site.sh            make it
#   build/site.sh --serve    make it and serve it on http://localhost:8080
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$here"
# This project's output has every library beside all that it refers to, which the pages of types need.
dotnet build tests/Attune.Cli.Tests -c Release -v quiet -nologo
dotnet tool restore >/dev/null
rm -rf artifacts/site artifacts/site-api
dotnet docfx build/site/docfx.json --warningsAsErrors --logLevel warning "$@"
echo "artifacts/site/index.html"
