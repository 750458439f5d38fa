#!/usr/bin/env bash
# Usage: scripts/guest-initrd.sh OUT KERNEL RUNTIME APP COMMAND   Writes a file system for a guest that runs a .NET program and ends.
#   KERNEL   directory of scripts/guest-kernel.sh
#   RUNTIME  directory of the .NET runtime, as RuntimeEnvironment.GetRuntimeDirectory() says
#   APP      directory of a program that needs no other native libraries than the data plane and the runtime do
#   COMMAND  a shell line, run in APP with ip, tc, BPF and the devices of MODULES ready; its output is the guest's console
set -euo pipefail
out=$1 kernel=$2 runtime=${3%/} app=$4 command=$5
dotnet=$(readlink -f "$runtime/../../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,root,modules,dotnet/shared/Microsoft.NETCore.App}
cp /bin/busybox "$root/bin/"
# In the order in which they are loaded.
modules="drivers/net/tun drivers/net/veth net/sched/sch_ingress net/sched/cls_bpf net/ipv4/udp_tunnel net/ipv6/ip6_udp_tunnel drivers/net/vxlan/vxlan
    net/sched/sch_fq net/sched/act_police net/sched/cls_u32 drivers/net/macvlan net/llc/llc net/802/stp net/bridge/bridge net/802/garp net/802/mrp net/8021q/8021q net/tls/tls drivers/net/bonding/bonding
    drivers/net/vrf drivers/net/ipvlan/ipvlan drivers/net/team/team drivers/net/team/team_mode_roundrobin"
for module in $modules; do cp "$kernel/modules/$module.ko" "$root/modules/"; done
mkdir -p "$root/usr/bin"
tools="$(command -v ip) $(command -v tc) $(command -v teamnl)"
# shellcheck disable=SC2086
cp -L $tools "$root/usr/bin/" # Before busybox, which has an ip of its own.
cp -r "$dotnet/host" "$root/dotnet/"
cp -r "$runtime" "$root/dotnet/shared/Microsoft.NETCore.App/"
cp -r "$app" "$root/app"

# Libraries that these need, and those that are opened by name: libbpf by the data plane, OpenSSL by the runtime.
named=$(ldconfig -p | sed -n 's/.*\(libbpf\.so\.1\|libssl\.so\.3\|libcrypto\.so\.3\) .*x86-64.* => \(.*\)/\2/p')
# shellcheck disable=SC2086
for library in $named $(ldd "$runtime"/*.so $tools $named 2>/dev/null | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p' | sort -u); do
    mkdir -p "$root$(dirname "$library")"
    [ -e "$root$library" ] || cp -L "$library" "$root$library"
done

cat >"$root/init" <<INIT
#!/bin/busybox sh
export PATH=/usr/bin:/usr/sbin:/bin:/sbin
/bin/busybox mkdir -p /sbin /usr/bin /usr/sbin
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
for module in $(for module in $modules; do echo "${module##*/}"; done | xargs); do insmod /modules/\$module.ko; done
dmesg -n 1 # Nothing of the kernel's between the lines of the program.
ip link set lo up
export DOTNET_ROOT=/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_EnableDiagnostics=0 DOTNET_TieredPGO=0 HOME=/root
export LD_LIBRARY_PATH=$(dirname "$(echo "$named" | head -n 1)")
cd /app
$command
poweroff -f
INIT
chmod 755 "$root/init"
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$out"
