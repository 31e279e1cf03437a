# shellcheck shell=bash
# What deploy/up, deploy/down, deploy/anze and tests/run share. Sourced, never run.
#
# One project folder is one instance. Its state (cluster, keys, configuration, log, binary) is one folder, reached as
# .anze in the project; `instance_find` says where it is and which user runs it. Root never runs anything out of it.

export LC_ALL=C.UTF-8
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
link=$root/.anze
marker=made-by-deploy-up
service_user=anze
postgres_bin=/usr/lib/postgresql/15/bin
steps=0
step=0

note() { printf '          %s\n' "$*"; }

step() {
    step=$((step + 1))
    printf '[%2d/%d %2d:%02d] %s\n' "$step" "$steps" $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

# fail WHAT [WHAT-TO-DO…]: each further argument is a line.
fail() {
    local line
    printf '\n%s: %s\n' "$(basename "$0")" "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# run_logged COMMAND…: silent while all is well; else the end of the output and status 1.
run_logged() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || status=1
    if [ "$status" -ne 0 ]; then
        printf '\n--- the end of the output of: %s\n' "$*" | cut -c1-200 >&2
        tail -n 30 "$log" >&2
    fi
    rm -f "$log"
    return "$status"
}

is_root() { [ "$(id -u)" -eq 0 ]; }

folder_hash() { printf '%s' "$root" | sha256sum | cut -c1-12; }

random_secret() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# ---------------------------------------------------------------- packages

packages_of() { sed -e 's/#.*//' -e '/^ *$/d' "$@" | sort -u; }

packages_missing() {
    local package
    local -A have=()
    # shellcheck disable=SC2016 # dpkg-query's own variables
    while read -r package; do have[$package]=1; done < <(
        packages_of "$@" | xargs dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^.i  *//p')
    while read -r package; do
        [ -n "${have[$package]:-}" ] || printf '%s\n' "$package"
    done < <(packages_of "$@")
}

# Debian's postgresql-15 makes a cluster "main" when it is first installed. That would be a second database server that
# nobody asked for, so a drop-in says no while apt runs.
packages_apt() {
    local drop_in=/etc/postgresql-common/createcluster.d/anze-no-main-cluster.conf status=0
    mkdir -p "$(dirname "$drop_in")"
    printf 'create_main_cluster = false\n' >"$drop_in"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends "$@"; } || status=1
    rm -f "$drop_in"
    return "$status"
}

# packages_install FILE…: installs what the lists name and the machine lacks.
packages_install() {
    local missing
    mapfile -t missing < <(packages_missing "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null ||
        fail "packages are missing: ${missing[*]}" "This is not Debian: install what they hold, then run this again."
    note "installing ${missing[*]}"
    if is_root; then
        run_logged packages_apt "${missing[@]}" ||
            fail "apt-get could not install the packages" \
                "Look at the output above: usually the network or /etc/apt/sources.list. Then run this again."
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        sudo bash -c "$(declare -f packages_apt); packages_apt \"\$@\"" packages "${missing[@]}" ||
            fail "apt-get (by sudo) could not install the packages" "Look at the output above, then run this again."
    else
        fail "packages are missing and installing them needs root. Run this, then run me again:" \
            "sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
}

# ---------------------------------------------------------------- build

# Which files are embedded is settled when meson configures.
build_files() { (cd "$root" && find openapi sql -type f | sort | sha256sum); }

# build_set_up DIR MESON-OPTIONS…: sets the build folder up when it is new, moved or broken, or files came or went.
build_set_up() {
    local dir=$1 again=()
    shift
    if [ -e "$dir/build.ninja" ] && grep -qsF "\"source\": \"$root\"" "$dir/meson-info/meson-info.json"; then
        if [ "$(cat "$dir/embedded-files" 2>/dev/null)" = "$(build_files)" ]; then return; fi
        again=(--reconfigure)
    else
        rm -rf "$dir"
        mkdir -p "$(dirname "$dir")"
    fi
    # Debian's own tools first: the build needs Debian's python3-yaml.
    PATH="/usr/bin:/bin:$PATH" run_logged meson setup "$dir" "$root" "${again[@]}" "$@" &&
        build_files >"$dir/embedded-files"
}

build_run() {
    local dir=$1
    shift
    PATH="/usr/bin:/bin:$PATH" run_logged ninja -C "$dir" "$@"
}

# ---------------------------------------------------------------- the instance

# A folder that the service's user cannot enter, or whose name a configuration line cannot hold, is no place for state.
folder_suits() {
    case $root in *[[:space:]=]*) return 1 ;; esac
    if is_root; then runuser -u "$service_user" -- test -x "$root"; fi
}

folder_elsewhere() {
    if is_root; then
        printf '/var/lib/anze/%s' "$(folder_hash)"
    else
        printf '%s/anze/%s' "${XDG_STATE_HOME:-$HOME/.local/state}" "$(folder_hash)"
    fi
}

# Sets state, owner (the user that runs cluster and service) and the paths in it. False: there is no instance yet.
instance_find() {
    [ -e "$link/$marker" ] || return 1
    state=$(cd "$link" && pwd -P)
    owner=$(stat -c %U "$state")
    [ "$owner" = "$(id -un)" ] || is_root ||
        fail "the instance in $state belongs to the user $owner" "Run this as $owner or as root."
    data=$state/postgres
    socket=$state/run
    # A socket's path has room for 107 bytes.
    [ "${#socket}" -le 90 ] || socket=/tmp/anze-$(stat -c %u "$state")-$(folder_hash)
    binary=$state/bin/anze
    pid_file=$state/anze.pid
}

# as_owner [NAME=value…] COMMAND…: in the instance's folder, as its user, with none of the caller's environment.
as_owner() {
    local clean=(env -C "$state" -i "PATH=/usr/bin:/bin" "LC_ALL=C.UTF-8" "HOME=$state")
    if [ "$owner" = "$(id -un)" ]; then "${clean[@]}" "$@"; else runuser -u "$owner" -- "${clean[@]}" "$@"; fi
}

# anze_admin ARGUMENTS…: the program with the configuration that also knows the schema's owner.
anze_admin() { as_owner ANZE_CONFIG_FILE="$state/admin.conf" "$binary" "$@"; }

# owner_file PATH MODE: makes standard input the content of a file, as the instance's user: root writes nothing into a
# folder of somebody else. file_changed tells whether the content is new.
owner_file() {
    # shellcheck disable=SC2016,SC2034 # expands in the inner shell; read by the callers
    file_changed=$(as_owner bash -euc '
        new=$(mktemp .new.XXXXXX)
        cat >"$new"
        chmod "$2" "$new"
        if cmp -s "$new" "$1"; then rm -f "$new" && echo false; else mv -f "$new" "$1" && echo true; fi' owner "$@")
}

secret() { cat "$state/secrets/$1"; }

secret_make() {
    [ -s "$state/secrets/$1" ] || owner_file "$state/secrets/$1" 600 < <(random_secret)
}

# url_split URL: sets url_place, the connection without its password, which is safe among a program's arguments, and
# url_password. Knows the URI (password before the @ or as a parameter) and the keywords.
url_split() {
    url_place=$1 url_password=
    if [[ $1 =~ ^(postgres(ql)?://[^:/@?]*):([^@/?]*)@(.*)$ ]]; then
        url_place=${BASH_REMATCH[1]}@${BASH_REMATCH[4]} url_password=$(url_decode "${BASH_REMATCH[3]}")
    elif [[ $1 =~ ^(postgres(ql)?://[^?]*\?(.*&)?)password=([^&]*)(&(.*))?$ ]]; then
        url_place=${BASH_REMATCH[1]}${BASH_REMATCH[6]} url_password=$(url_decode "${BASH_REMATCH[4]}")
    elif [[ $1 =~ ^(.*[[:space:]])?password[[:space:]]*=[[:space:]]*\'(([^\'\\]|\\.)*)\'(.*)$ ]]; then
        url_place=${BASH_REMATCH[1]}${BASH_REMATCH[4]} url_password=$(sed 's/\\\(.\)/\1/g' <<<"${BASH_REMATCH[2]}")
    elif [[ $1 =~ ^(.*[[:space:]])?password[[:space:]]*=[[:space:]]*([^[:space:]]*)(.*)$ ]]; then
        url_place=${BASH_REMATCH[1]}${BASH_REMATCH[3]} url_password=$(sed 's/\\\(.\)/\1/g' <<<"${BASH_REMATCH[2]}")
    fi
}

url_decode() { printf '%b' "${1//%/\\x}"; }

# ---------------------------------------------------------------- the embedded cluster

cluster_is_running() { as_owner "$postgres_bin/pg_ctl" -D "$data" status >/dev/null 2>&1; }

cluster_stop() { as_owner "$postgres_bin/pg_ctl" -D "$data" -m fast -t 60 -w stop >/dev/null 2>&1; }

# ---------------------------------------------------------------- the service

# The process number, only when it lives and is this instance's own program: a stale file names anybody.
service_pid() {
    local pid
    pid=$(cat "$pid_file" 2>/dev/null) || return 1
    case $(readlink "/proc/$pid/exe" 2>/dev/null) in
    "$binary" | "$binary (deleted)") printf '%s' "$pid" ;;
    *) return 1 ;;
    esac
}

service_stop() {
    local pid tries=0
    pid=$(service_pid) || { rm -f "$pid_file"; return 0; }
    kill -TERM "$pid"
    while service_pid >/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            note "it did not end within 30 s; killing it"
            kill -KILL "$pid" 2>/dev/null || true
        fi
        sleep 0.1
    done
    rm -f "$pid_file"
}
