#!/usr/bin/env bash
# userland.sh FOLDER ARCHITECTURE SUITE PACKAGE...: unpack Debian packages, and what they need, into FOLDER. Nothing is
# installed and nothing of this machine changes: apt works with lists and a cache of its own, from the mirror that this
# machine's sources name.
set -euo pipefail

folder=$(realpath -m "$1") architecture=$2 suite=$3
packages=("${@:4}")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || { echo "userland.sh: there is no $tool: this needs a Debian machine" >&2; exit 1; }
done
# Suites with a hyphen (bookworm-security) may come from another mirror, which has no plain ones.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk '$2 !~ /-/ && $3 == "main" { print $1; exit }')
[[ $mirror ]] || { echo "userland.sh: apt's sources name no Debian mirror (apt-get indextargets)" >&2; exit 1; }

apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt"/{state/lists/partial,cache/archives/partial}
touch "$apt/status"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
options=(-qq -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache"
  -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o APT::Sandbox::User="$(id -un)"
  -o APT::Install-Recommends=false -o Acquire::Languages=none -o Acquire::Retries=3)
run() { "$@" >"$apt/said" 2>&1 || { tail -5 "$apt/said" >&2; echo "userland.sh: $1 failed" >&2; exit 1; }; }
run apt-get "${options[@]}" update
run apt-get "${options[@]}" install --yes --download-only "${packages[@]}"

rm -rf "$folder"
for part in bin sbin lib lib64; do    # as the packages' own files expect them
  mkdir -p "$folder/usr/$part"
  ln -s "usr/$part" "$folder/$part"
done
for deb in "$apt"/cache/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$folder" --keep-directory-symlink
done
