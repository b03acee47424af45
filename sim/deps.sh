#!/bin/sh
# Debian packages that the environment and the simulators need. Installs what is missing where it may (root, or sudo
# without a password); otherwise prints the one line to run, and what is skipped until then.
# Usage: deps.sh PYTHON [test]    with test: also what only the test suite takes
set -u
python=$1
missing=""

need() { # need PACKAGE REASON WITHOUT-IT TEST...
    package=$1 reason=$2 without=$3
    shift 3
    "$@" >/dev/null 2>&1 && return
    missing="$missing $package"
    echo "deps: $package is missing: $reason; without it $without"
}
has() { command -v "$1"; }
icarus() { has iverilog && has vvp; }
newlib() { echo "#include <stdio.h>" | arm-none-eabi-gcc -E -; }
shared_python() {
    "$python" -c 'import ctypes.util, glob, pathlib, sys, sysconfig
name = "libpython%d.%d.so" % sys.version_info[:2]
places = [sysconfig.get_config_var("LIBDIR") or "", "/usr/lib", "/usr/lib/" + (sysconfig.get_config_var("MULTIARCH") or "")]
found = any(glob.glob(str(pathlib.Path(place) / (name + "*"))) for place in places if place)
sys.exit(not (found or ctypes.util.find_library("python%d.%d" % sys.version_info[:2])))'
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || {
    echo "deps: $python is missing or older than Python 3.10; name another: make PYTHON=/usr/bin/python3.11 ..."
    exit 2
}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
need python3-venv "makes the project's own environment" "nothing runs" "$python" -c 'import venv, ensurepip'
need g++ "compiles Verilator's models and the C leg" "the RTL and C legs are skipped" has g++
need iverilog "the second simulator" "cocotb on Icarus is skipped" icarus
need "libpython$version" "cocotb runs Python inside the simulators" "cocotb is skipped" shared_python
if [ "${2:-}" = test ]; then
    need tcl "runs Vivado's scripts against the strict mock" "they are not checked" has tclsh
    need gcc-arm-none-eabi "compiles firmware for the MAX78002" "firmware is generated but not executed" has arm-none-eabi-gcc
    need libnewlib-arm-none-eabi "the C library of that firmware" "firmware is generated but not executed" newlib
fi
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then
    sudo=""
elif sudo -n true 2>/dev/null; then
    sudo="sudo -n"
else
    echo "deps: to install them: sudo apt-get install -y$missing"
    "$python" -c 'import venv, ensurepip' 2>/dev/null
    exit $?
fi
echo "deps: installing$missing (log: build/deps.log)"
mkdir -p build
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive sh -c "apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing" >build/deps.log 2>&1 || {
    tail -n 5 build/deps.log
    echo "deps: apt-get failed; to try again: sudo apt-get install -y$missing"
    "$python" -c 'import venv, ensurepip' 2>/dev/null
    exit $?
}
