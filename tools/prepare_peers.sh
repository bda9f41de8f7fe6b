#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes sure that what PyPI `vpdq` is built against is on this machine: FFmpeg's headers and a C++ compiler. Where we are root on
# Debian it installs what is missing. Elsewhere it says in one sentence what is left out and ends with 1: nothing of ours needs it.
set -euo pipefail

missing=()
command -v c++ >/dev/null || missing+=(g++)
command -v pkg-config >/dev/null || missing+=(pkg-config)
for library in avcodec avdevice avfilter avformat avutil swresample swscale; do
    pkg-config --exists "lib$library" 2>/dev/null || missing+=("lib$library-dev")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing what is missing here for the peers: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || exit 2
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || exit 2
    exit 0
fi
echo "Tests and benches that compare with PyPI \`vpdq\` are left out, as this machine lacks ${missing[*]} (names of Debian packages)." >&2
exit 1
