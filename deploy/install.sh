#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs exchange and partner from a wheel into a folder of their own, at the versions of the lock, without a compiler.
# The image is built with it (Containerfile), and so may a machine be: needs python3 and python3-venv.
# usage: install.sh WHEEL LOCK FOLDER
set -eu
wheel=$1 lock=$2 folder=$3
python3 -m venv "$folder"
sed -n 's/^\([A-Za-z0-9._-]*==[^ ;]*\).*/\1/p' "$lock" > "$folder/versions.txt"
"$folder/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check --only-binary :all: \
    --constraint "$folder/versions.txt" "$wheel[exchange,partner]"
"$folder/bin/stillmine" --version
