#!/bin/sh
# Put a 64-bit Arm Python below DIRECTORY, to run under qemu's user emulation: tests/corpora/arm64_python.sh DIRECTORY
#
# The packages are the ones of this Debian-like machine's own distribution, through its own apt settings and keys, in
# directories of their own: the machine's list of architectures and what is installed on it stay as they are. Then set
# VARIANTKIT_AARCH64_PYTHON=DIRECTORY/python for the tests; QEMU_CPU chooses the processor that it runs on, and files
# below VARIANTKIT_AARCH64_ROOT (instead of DIRECTORY/root) take the place of the machine's own, such as /proc/cpuinfo.
set -eu

[ $# -eq 1 ] || { echo "usage: $0 DIRECTORY" >&2; exit 2; }
mkdir -p "$1"
here=$(cd "$1" && pwd)
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64) ||
    { echo "$0: no qemu-aarch64: install qemu-user-static" >&2; exit 1; }
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    { echo "$0: no apt-get and dpkg-deb: give VARIANTKIT_AARCH64_PYTHON a Python of your own" >&2; exit 1; }

mkdir -p "$here/apt/lists/partial" "$here/apt/archives/partial" "$here/root"
: > "$here/apt/status"
cat > "$here/apt/apt.conf" <<END
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "";
Dir::State "$here/apt";
Dir::State::status "$here/apt/status";
Dir::Cache "$here/apt";
Acquire::Languages "none";
END
export APT_CONFIG="$here/apt/apt.conf"
apt-get update -qq
apt-get install -qq --yes --download-only --no-install-recommends python3-minimal libpython3-stdlib >/dev/null
for package in "$here"/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$here/root"
done
rm -rf "$here/apt"

cat > "$here/python" <<END
#!/bin/sh
exec "$qemu" -L "\${VARIANTKIT_AARCH64_ROOT:-$here/root}" "$here/root/usr/bin/python3" "\$@"
END
chmod +x "$here/python"
"$here/python" -c 'import ctypes, os, sys; print("Python", sys.version.split()[0], "on", os.uname().machine)'
