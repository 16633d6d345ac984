#!/usr/bin/env bash
# root.sh LANE [SUITE PYTHON]: unpack Python for aarch64, as Debian has it (bookworm, 3.11), into LANE/root, and beside
# it a prefix for each processor: the same tree, with the /proc/cpuinfo of a board that has it. Nothing is installed and nothing of this
# machine changes: apt works with lists and a cache of its own, from the mirror that this machine's sources name.
set -euo pipefail

here=$(realpath "$(dirname "$0")") lane=$(realpath -m "$1")
suite=${2:-bookworm} packages=(python${3:-3.11}-minimal libpython${3:-3.11}-stdlib libstdc++6 zlib1g libgcc-s1)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "root.sh: there is no $tool: this needs a Debian machine" >&2; exit 1; }
done
# Suites with a hyphen (bookworm-security) may come from another mirror, which has no plain ones.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk '$2 !~ /-/ && $3 == "main" { print $1; exit }')
[[ $mirror ]] || { echo "root.sh: apt's sources name no Debian mirror (apt-get indextargets)" >&2; exit 1; }

apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt"/{state/lists/partial,cache/archives/partial}
touch "$apt/status"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
options=(-qq -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache"
  -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User="$(id -un)"
  -o APT::Install-Recommends=false -o Acquire::Languages=none -o Acquire::Retries=3)
run() { "$@" >"$apt/said" 2>&1 || { tail -5 "$apt/said" >&2; echo "root.sh: $1 failed" >&2; exit 1; }; }
run apt-get "${options[@]}" update
run apt-get "${options[@]}" install --yes --download-only "${packages[@]}"

rm -rf "$lane"/{root,cortex-*}
for folder in bin sbin lib; do    # as the packages' own files expect them
  mkdir -p "$lane/root/usr/$folder"
  ln -s "usr/$folder" "$lane/root/$folder"
done
for deb in "$apt"/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$lane/root" --keep-directory-symlink
done
for facts in "$here"/cortex-*.cpuinfo; do
  prefix=$lane/$(basename "$facts" .cpuinfo)
  mkdir -p "$prefix/proc"
  cp "$facts" "$prefix/proc/cpuinfo"
  for folder in usr bin sbin lib etc; do ln -s "../root/$folder" "$prefix/$folder"; done
done
