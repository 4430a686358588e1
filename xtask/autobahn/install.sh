#!/usr/bin/env bash
# Puts the Autobahn testsuite into a folder, and nothing anywhere else: no root, no system package.
#
# The suite runs on Python 2.7 only, which Debian had last in its release 11. Its packages come from the
# mirror this host is set up with and are unpacked, not installed; the suite comes by pip.
#
# usage: install.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
folder=$PWD
[ -e done ] && exit 0

mirror=$(grep -hoE 'https?://[^ ]+/debian/?( |$)' -r /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
  head -n 1 | tr -d ' ') || true
[ -n "$mirror" ] || { echo "this host has no Debian mirror" >&2; exit 1; }

# apt with lists, sources and caches of its own.
mkdir -p apt/lists/partial apt/cache/archives/partial deb root
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bullseye main" >apt/sources.list
own_apt=(-o "Dir::State::lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt/cache"
  -o "Dir::Etc::sourcelist=$folder/apt/sources.list" -o "Dir::Etc::sourceparts=/dev/null"
  -o "Acquire::Check-Valid-Until=false" -o "APT::Sandbox::User=$(id -un)")
apt-get "${own_apt[@]}" -qq update
(cd deb && apt-get "${own_apt[@]}" -qq download python2.7 python2.7-minimal libpython2.7 libpython2.7-minimal \
  libpython2.7-stdlib libpython2.7-dev python2.7-dev libssl1.1 libffi7)
for package in deb/*.deb; do dpkg-deb -x "$package" root; done

LD_LIBRARY_PATH=$(echo "$folder"/root/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH
export C_INCLUDE_PATH=$folder/root/usr/include:$folder/root/usr/include/python2.7

# The last virtualenv that can make an environment for 2.7.
python3 -m venv maker
maker/bin/pip -q install virtualenv==20.21.1
maker/bin/virtualenv -q --python "$folder/root/usr/bin/python2.7" suite
suite/bin/pip -q install -r "$here/requirements.txt"
touch done
