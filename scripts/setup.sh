# shellcheck shell=bash
# Set-up that ./hnv and ./test.sh share; sourced, not run. The caller has set `root` to the top of the checkout.
#
#   need COMMAND|/FILE|*.so PACKAGE   a Debian package, and what shows that it is there
#   install_packages                  installs what is missing of the needs, all in one go
#   require_dotnet                    the .NET SDK, or a word about it
#   step / done_step / failed_step    progress for people; working / worked: the same of what is written over
#   fail                              errors for people

state=$root/.hnv
needs=()

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' plain=''
fi

# fail WHAT REMEDY…: what is wrong, and what to do about it.
fail() {
    printf '%s%s%s\n' "$red" "hnv: $1" "$plain" >&2
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
    exit 1
}

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }

# working TEXT: says on a terminal that it goes on, and for how long; worked ends that, with the cursor behind the text.
working_pid=''
working() {
    [ -t 2 ] || return 0
    printf '%s… ' "$1" >&2
    [ "${TERM:-dumb}" != dumb ] || return 0
    printf '\e7' >&2
    (
        seconds=0
        while sleep 1 2>/dev/null && kill -0 $$ 2>/dev/null; do
            seconds=$((seconds + 1))
            printf '\e8\e[K%d s' $seconds >&2
        done
    ) </dev/null >/dev/null 9>&- &
    working_pid=$!
}

worked() {
    [ -n "$working_pid" ] || return 0
    kill "$working_pid" 2>/dev/null || true
    wait "$working_pid" 2>/dev/null || true
    working_pid=''
    printf '\e8\e[K' >&2
}

step() {
    step_text=$1 step_since=$(now_ms)
    if [ -t 2 ]; then working "$1"; else printf '%s …\n' "$1" >&2; fi
}

done_step() {
    local ms=$(($(now_ms) - step_since)) text
    text=$(printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100)))
    worked
    if [ -t 2 ]; then printf '%s%s%s\n' "$dim" "$text" "$plain" >&2; else printf '%s: %s\n' "$step_text" "$text" >&2; fi
}

# failed_step: what went wrong follows.
failed_step() {
    worked
    echo >&2
}

need() { needs+=("$1 $2"); }

# What runs and builds hnv.
needs_of_hnv() {
    need clang-16 clang-16
    need llvm-strip-16 llvm-16
    need /usr/include/bpf/bpf_helpers.h libbpf-dev
    need libbpf.so.1 libbpf1
    need ip iproute2
    need ping iputils-ping
    need ethtool ethtool
    need flock util-linux
}

# What only tests use: tshark judges the wire format, Open vSwitch is a peer that others made, servers and clients of tenants run in VMs, the rest makes traffic and reads results.
needs_of_tests() {
    need dnsmasq dnsmasq-base
    need kea-dhcp4 kea-dhcp4-server
    need kea-dhcp6 kea-dhcp6-server
    need busybox busybox-static
    need keepalived keepalived
    need arping arping
    need ndisc6 ndisc6
    need qemu-system-x86_64 qemu-system-x86
    need ovs-vswitchd openvswitch-switch
    need tshark tshark
    need tcpdump tcpdump
    need iperf3 iperf3
    need jq jq
    need python3 python3
    need bpftool bpftool
    need teamnl libteam-utils
    # Clients only, none of which is a service.
    need udhcpc udhcpc
    need dhclient isc-dhcp-client
}

# What the packages and the machines that test them ask for.
needs_of_packages() {
    need /lib/systemd/systemd systemd
    need systemd-analyze systemd
    need nsenter util-linux
    need libssl.so.3 libssl3
    need /etc/ssl/certs/ca-certificates.crt ca-certificates
}

# What only benchmarks use.
needs_of_bench() {
    need iperf3 iperf3
    need keepalived keepalived
}

is_there() {
    local d
    case $1 in
    /*) [ -e "$1" ] ;;
    *.so.*)
        for d in /lib /usr/lib /lib/*-linux-gnu /usr/lib/*-linux-gnu; do
            [ ! -e "$d/$1" ] || return 0
        done
        return 1
        ;;
    *) command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ] ;;
    esac
}

# Fills `missing` with the packages of the needs that are not there. No process is started: it runs before every command.
find_missing() {
    local n
    missing=()
    for n in "${needs[@]}"; do
        is_there "${n%% *}" || missing+=("${n#* }")
    done
}

# Runs a command during which packages start no services: what tests use of them runs in VMs. A policy of the machine's owner stays in force.
without_services() {
    local policy=/usr/sbin/policy-rc.d
    if [ -e $policy ] || [ -L $policy ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    (
        trap 'rm -f $policy' EXIT
        "$@"
    )
}

# disable_services PACKAGE…: nor do they start with the machine.
disable_services() {
    local units
    command -v systemctl >/dev/null || return 0
    units=$(dpkg -L "$@" 2>/dev/null | sed -n 's|.*/systemd/system/\([^/]*\.service\)$|\1|p' | sort -u)
    # shellcheck disable=SC2086
    [ -z "$units" ] || systemctl disable $units >/dev/null 2>&1 || true
}

install_packages() {
    find_missing
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "needed and not found: ${missing[*]}" "This is no Debian; install the equivalents of these Debian 12 packages."
    [ "$(id -u)" -eq 0 ] || fail "Debian packages are missing: ${missing[*]}" "Run this once as root, or: sudo apt-get install ${missing[*]}"
    mkdir -p "$state"
    local log=$state/apt.log
    step "Installing ${missing[*]}"
    if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive without_services apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        failed_step
        tail -n 5 "$log" | sed 's/^/  /' >&2
        fail "apt-get could not install ${missing[*]}" \
            "The whole output: $log" \
            "Without a network, install these packages by other means and run this again."
    fi
    disable_services "${missing[@]}"
    done_step
    find_missing
    [ ${#missing[@]} -eq 0 ] || fail "installed, and still not found: ${missing[*]}" "The output of apt-get: $log"
}

require_dotnet() {
    if ! command -v dotnet >/dev/null; then
        if [ -x "${HOME:-}/.dotnet/dotnet" ]; then
            export PATH=$HOME/.dotnet:$PATH
        else
            fail "the .NET 10 SDK was not found (no 'dotnet' in PATH)" \
                "Install it: https://dotnet.microsoft.com/download/dotnet/10.0, or" \
                "  curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0   (it goes to ~/.dotnet, where hnv finds it)"
        fi
    fi
    export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
    [ -n "${HOME:-}" ] || export HOME=$state/home
    if ! dotnet --version >/dev/null 2>&1; then
        fail "no .NET SDK that builds this project: it needs 10.0, and there is $(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | paste -sd' ' | sed 's/^$/none/')" \
            "Install it: https://dotnet.microsoft.com/download/dotnet/10.0"
    fi
}
