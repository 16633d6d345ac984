#!/usr/bin/env bash
# Installs postread from the folder that this lies in, without a network: see --help and docs/pi.md.
# shellcheck disable=SC1090,SC1091,SC2154    # bundle.conf has version, suite, machine, python_version, kilobytes, sample_code
set -euo pipefail
umask 022    # the service, which is not root, has to read what is installed

usage() {
  cat <<'HELP'
sudo ./install.sh                        install, or upgrade; may be run again
sudo ./install.sh --check                look whether it could be, and change nothing
sudo /opt/postread/current/install.sh --rollback      back to the version before
sudo /opt/postread/current/install.sh --uninstall     settings and readings stay ...
sudo /opt/postread/current/install.sh --uninstall --purge      ... or go as well

--python FILE   another Python than /usr/bin/python3, for which apt's picamera2 is
--prefix DIR    everything below DIR, without root, user and systemd: to try it out
--no-start      do not start the service
HELP
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
action=install prefix='' python=/usr/bin/python3 purge='' start=yes
while (($#)); do
  case $1 in
    --check | --rollback | --uninstall) action=${1#--} ;;
    --purge) purge=yes ;;
    --no-start) start='' ;;
    --python | --prefix)
      (($# > 1)) || { echo "install.sh: $1 wants a value" >&2; exit 2; }
      declare "${1#--}=$2"
      shift
      ;;
    --help | -h) usage; exit 0 ;;
    *) echo "install.sh: what is $1? See --help" >&2; exit 2 ;;
  esac
  shift
done
[[ ! $purge || $action == uninstall ]] || { echo "install.sh: --purge goes with --uninstall" >&2; exit 2; }
if [[ $prefix ]]; then
  mkdir -p "$prefix"
  prefix=$(cd "$prefix" && pwd -P)
fi

home=$prefix/opt/postread settings=$prefix/etc/postread state=$prefix/var/lib/postread
unit=$prefix/etc/systemd/system/postread.service command=$prefix/usr/local/bin/postread
groups=(video render gpio)

say() { printf 'postread: %s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

# ── What differs with --prefix: nothing outside of it is touched ──

service() { [[ $prefix ]] || systemctl "$@"; }

as_service() {
  if [[ $prefix ]]; then "$@"; else runuser -u postread -- "$@"; fi
}

need_root() {
  [[ $prefix || $EUID == 0 ]] || fail "this changes the system: run it with sudo, or try it out with --prefix DIR"
}

# One at a time; the lock goes with the process.
lock() {
  mkdir -p "$home"
  exec 9>"$home/.lock"
  flock --nonblock 9 || fail "another install.sh is at work"
}

# ── Checks: every one that fails is told, with its remedy, before anything is changed ──

wrong=0
complain() { printf 'install.sh: %s\n' "$*" >&2; wrong=1; }

# Prints: processor, bits, version, and yes or no for venv and for picamera2.
PROBE='
import importlib.util, platform, struct, sys
has = lambda name: "yes" if importlib.util.find_spec(name) else "no"
print(platform.machine(), 8 * struct.calcsize("P"), "%d.%d" % sys.version_info[:2], has("venv"), has("picamera2"))
'

check() {
  local release=/etc/os-release found codename free folder=$home
  local machine bits version venv picamera2
  (cd "$here" && sha256sum --check --strict --quiet SHA256SUMS >/dev/null 2>&1) ||
    complain "the bundle is damaged (SHA256SUMS): copy and unpack it again"
  [[ -f $prefix/etc/os-release ]] && release=$prefix/etc/os-release
  codename=$(source "$release" && echo "${VERSION_CODENAME:-unknown}")
  [[ $codename == "$suite" ]] ||
    complain "this system is $codename, the bundle is for $suite: take postread-$version_here-$codename-$machine_here"
  if found=$("$python" -c "$PROBE" 2>/dev/null); then
    read -r machine bits version venv picamera2 <<<"$found"
    [[ $machine == "$machine_here" ]] || complain "this is $machine, the bundle is for $machine_here"
    [[ $bits == 64 ]] || complain "this system is $bits-bit: write the 64-bit Raspberry Pi OS on the card"
    [[ $version == "$python_version" ]] || complain "$python is Python $version, the bundle is for $python_version"
    [[ $venv == yes ]] || complain "$python has no venv module: sudo apt install python3-venv"
    [[ $picamera2 == yes ]] ||
      say "picamera2 is not there, which a Pi's own camera needs (a USB camera does not):" \
        "sudo apt install python3-picamera2 --no-install-recommends"
  else
    complain "$python does not run: sudo apt install python3, or give --python"
  fi
  until [[ -d $folder ]]; do folder=$(dirname "$folder"); done
  free=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
  ((free >= kilobytes)) || complain "$folder has $((free / 1024)) MB free, $((kilobytes / 1024 + 1)) MB are needed"
  ((!wrong)) || exit 1
}

# ── Installing: a folder a version, `current` says which one runs ──

new=''     # the folder of the version that is being installed

install_version() {
  local id pip
  id=$version_here-$(sha256sum "$here/SHA256SUMS" | cut -c 1-8)
  new=$home/$id
  if [[ -f $new/.complete ]]; then
    say "$id is installed already"
    if (try_out "$new"); then return; fi
    [[ $id != "$(target_of current)" ]] ||
      fail "$id is in use, and damaged: --uninstall it (settings and readings stay), then run this again"
  fi
  rm -rf "$new"    # what an interrupted run left, or is damaged
  trap 'rm -rf "$new"' EXIT
  mkdir -p "$new"
  say "installing $id into $new: this takes a while"
  "$python" -m venv --system-site-packages --without-pip "$new/venv"    # pip comes along, and is run out of its wheel
  pip=$(echo "$here"/wheels/pip-*.whl)/pip
  PIP_CONFIG_FILE=/dev/null "$new/venv/bin/python" "$pip" install --quiet --no-input --no-cache-dir \
    --disable-pip-version-check --no-warn-script-location --root-user-action=ignore --no-index --find-links "$here/wheels" \
    --no-deps --ignore-installed --only-binary=:all: --require-hashes --requirement "$here/requirements.txt"
  cp -R "$here"/{install.sh,bundle.conf,postread.service,postread.toml,sample} "$new"
  chmod -R u=rwX,go=rX "$new"
  try_out "$new"
  flush "$new"
  touch "$new/.complete"
  trap - EXIT
}

# A version that cannot read the sample here is not taken into use.
try_out() {
  local said
  said=$("$1/venv/bin/postread" read --text "$1/sample/envelope.png") || fail "postread does not run here, nothing is changed"
  [[ $said == *$'\t'"$sample_code" ]] || fail "postread reads the sample as ${said##*$'\t'}, nothing is changed"
  say "it reads the sample: $sample_code"
}

# Onto the card: what counts as whole has to be whole after a power cut as well.
flush() { sync -f "$1" 2>/dev/null || sync; }

# In one step: whoever looks finds the one version or the other, even if the power goes.
point() {
  ln -sfn "$2" "$home/.$1"
  mv -T "$home/.$1" "$home/$1"
}

target_of() { readlink "$home/$1" || true; }

# The version that runs, and the one before; there may be none before.
use() {
  point current "$1"
  if [[ $2 ]]; then point previous "$2"; else rm -f "$home/previous"; fi
}

set_up_system() {
  local token
  mkdir -p "$settings" "$state" "$(dirname "$unit")" "$(dirname "$command")"
  if [[ ! $prefix ]]; then
    local group
    for group in "${groups[@]}"; do getent group "$group" >/dev/null || groupadd --system "$group"; done
    getent passwd postread >/dev/null ||
      useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin postread
    usermod --append --groups "$(IFS=, && echo "${groups[*]}")" postread
    chown -R postread:postread "$state"
    chown root:postread "$settings"
  fi
  chmod 750 "$state" "$settings"
  install -m 644 "$1/postread.toml" "$settings/postread.toml.example"
  if [[ ! -s $settings/postread.toml ]]; then
    sed "s|^\([a-z-]* = \"\)/|\1$prefix/|" "$1/postread.toml" >"$settings/postread.toml.new"
    secret "$settings/postread.toml"    # it may hold a broker's password
  fi
  token=$(cat "$settings/token" 2>/dev/null || true)
  if ((${#token} < 8)); then    # which the page refuses
    # To be typed on a phone: no l, 1, 0.  tr never ends by itself: how head ended is what counts.
    token=$(set +o pipefail && tr -dc a-km-z2-9 </dev/urandom | head -c 12)
    printf %s "$token" >"$settings/token.new"
    secret "$settings/token"
  fi
  install -m 644 "$1/postread.service" "$unit"
  ln -sfn "$home/current/venv/bin/postread" "$command"
}

# FILE.new becomes FILE, for the service alone to read: in one step, since a half one would never be written again.
secret() {
  chmod 640 "$1.new"
  [[ $prefix ]] || chown root:postread "$1.new"
  flush "$1.new"
  mv -f "$1.new" "$1"
}

# Start what is current; the unit says when it is ready, so this waits for that.
restart() {
  service daemon-reload
  service enable --quiet postread
  [[ ! $start ]] || service restart postread
}

forget_older() {
  local keep folder
  keep=" $(target_of current) $(target_of previous) "
  for folder in "$home"/*/; do
    folder=$(basename "$folder")
    [[ -L $home/$folder || $keep == *" $folder "* ]] || rm -rf "${home:?}/$folder"
  done
}

install_() {
  local after before older
  check
  lock
  install_version
  after=$(basename "$new") before=$(target_of current) older=$(target_of previous)
  [[ $before != "$after" ]] || before=''    # the same once more: no other to go back to
  set_up_system "$new"
  use "$after" "${before:-$older}"
  if ! restart; then
    if [[ $before ]]; then
      take_back "$after" "$before" "$older"
      forget_older    # and with them the one that does not start
    fi
    fail "the service does not start: see journalctl -u postread, mend $settings/postread.toml, run this again"
  fi
  forget_older
  report
}

report() {
  say "installed; settings: $settings/postread.toml, readings: $state"
  say "live page: http://$(uname -n).local:8000/ with the token $(<"$settings/token")"
  as_service "$home/current/venv/bin/postread" doctor --config "$settings/postread.toml" ||
    say "what is marked with fail wants a remedy; afterwards: sudo systemctl restart postread"
}

# From a version that does not start to the two that were current and previous.
take_back() {
  say "$1 does not start (journalctl -u postread): going back to $2"
  use "$2" "$3"
  set_up_system "$home/$2"
  restart || say "$2 does not start either"
}

rollback() {
  lock
  local before after
  before=$(target_of previous) after=$(target_of current)
  [[ $before && -f $home/$before/.complete ]] || fail "there is no version before this one"
  use "$before" "$after"
  set_up_system "$home/$before"
  if ! restart; then
    take_back "$before" "$after" "$before"
    fail "$before does not start: $after stays in use"
  fi
  say "back to $before; --rollback again takes the newer one"
}

uninstall() {
  if [[ -e $unit ]]; then service disable --now --quiet postread || true; fi
  rm -f "$unit" "$command"
  service daemon-reload
  rm -rf "$home"
  if [[ $purge ]]; then
    rm -rf "$settings" "$state"
    if [[ ! $prefix ]] && getent passwd postread >/dev/null; then userdel postread; fi
    say "removed, with settings and readings"
  else
    say "removed; settings stay in $settings, readings in $state (--uninstall --purge takes them too)"
  fi
}

# Everything is read before anything is done: an upgrade or --uninstall may replace this very file.
main() {
  if [[ $action == rollback || $action == uninstall ]]; then
    need_root
    "$action"
    return
  fi
  source "$here/bundle.conf"
  version_here=$version machine_here=$machine
  if [[ $action == check ]]; then
    check
    say "$version_here can be installed here"
  else
    need_root
    install_
  fi
}
main
exit
