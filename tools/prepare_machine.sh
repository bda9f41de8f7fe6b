#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes sure that the few things which pip can't bring are on this machine: Python 3.11 with venv and headers, a C compiler,
# for `test` a Chromium, nginx and Caddy, for `store` an object store with an S3 interface. Where we are root on Debian it installs what is missing; elsewhere it says what to install.
set -euo pipefail
purpose=${1:?usage: prepare_machine.sh build|test|store PYTHON}
python=${2:-}

missing=()
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    missing+=(python3 python3-venv python3-dev)
else
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
        missing+=(python3-dev)
fi
command -v cc >/dev/null || command -v gcc >/dev/null || missing+=(gcc libc6-dev)
if [ "$purpose" = test ]; then
    ldconfig -p 2>/dev/null | grep -q 'libchromaprint\.so\.1' || missing+=(libchromaprint1)
    command -v fpcalc >/dev/null || missing+=(libchromaprint-tools)
    command -v c++ >/dev/null || missing+=(g++) # `pdqhash`, which we compare with, is built from source
    command -v chromium >/dev/null || missing+=(chromium)
    [ -n "$(PATH="$PATH:/usr/sbin" command -v nginx)" ] || missing+=(nginx-light) # runs the samples of deploy/
    command -v curl >/dev/null || missing+=(curl) # the commands of the guides
    command -v caddy >/dev/null || missing+=(caddy)
    command -v pdftotext >/dev/null || missing+=(poppler-utils) # reads the PDFs that the portal makes
    fc-list 2>/dev/null | grep -q . || missing+=(fonts-dejavu-core)
fi
if [ "$purpose" = store ]; then
    for program in proxy account container object; do
        command -v "swift-$program-server" >/dev/null || missing+=("swift-$program")
    done
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing what is missing here: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    if [ ! -e /usr/sbin/policy-rc.d ]; then # what is installed for tests is not started as a service of this machine
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
    fi
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    if [ "$purpose" = test ]; then # Chromium without windows makes the tests faster; they pass without it
        apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null 2>&1 || true
    fi
    exit 0
fi
echo "Missing on this machine: ${missing[*]} (names of Debian packages)." >&2
echo "Install them with your system's package manager, then run the same command again." >&2
exit 1
