#!/usr/bin/env bash
# root.sh LANE [SUITE PYTHON]: unpack Python for aarch64, as Debian has it (bookworm, 3.11), into LANE/root, and beside
# it a prefix for each processor: the same tree, with the /proc/cpuinfo of a board that has it.
set -euo pipefail

here=$(realpath "$(dirname "$0")") lane=$(realpath -m "$1")
rm -rf "$lane"/cortex-*
"$here/../userland.sh" "$lane/root" arm64 "${2:-bookworm}" \
  "python${3:-3.11}-minimal" "libpython${3:-3.11}-stdlib" libstdc++6 zlib1g libgcc-s1
for facts in "$here"/cortex-*.cpuinfo; do
  prefix=$lane/$(basename "$facts" .cpuinfo)
  mkdir -p "$prefix/proc"
  cp "$facts" "$prefix/proc/cpuinfo"
  for folder in usr bin sbin lib etc; do ln -s "../root/$folder" "$prefix/$folder"; done
done
