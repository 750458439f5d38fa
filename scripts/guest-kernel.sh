#!/usr/bin/env bash
# Usage: scripts/guest-kernel.sh   Prints a directory with vmlinuz and modules/ of Debian's kernel for clouds, for real guests in tests.
# The package is unpacked into .hnv/guest-kernel, not installed. The second time nothing is fetched.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "$0")")")
state=$root/.hnv
guest=$state/guest-kernel
if [ ! -e "$guest/vmlinuz" ]; then
    mkdir -p "$state"
    exec 9>"$state/guest-kernel.lock"
    flock 9
    if [ ! -e "$guest/vmlinuz" ]; then
        new=$(mktemp -d "$state/guest-kernel.XXXXXX")
        trap 'rm -rf "$new"' EXIT
        package() { apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)$/\1/p' | head -n 1; }
        name=$(package)
        if [ -z "$name" ] || ! (cd "$new" && apt-get download -q "$name") >"$new/log" 2>&1; then
            apt-get update -q >>"$new/log" 2>&1 </dev/null # Lists may be missing, or older than the archive.
            name=$(package)
            (cd "$new" && apt-get download -q "$name") >>"$new/log" 2>&1 || {
                tail -n 5 "$new/log" >&2
                exit 1
            }
        fi
        dpkg-deb --fsys-tarfile "$new"/*.deb | tar -x -C "$new" --wildcards './boot/vmlinuz-*' './lib/modules/*/kernel/net/*' './lib/modules/*/kernel/drivers/*virtio*' './lib/modules/*/kernel/drivers/net/*'
        mkdir "$new/ready"
        mv "$new"/boot/vmlinuz-* "$new/ready/vmlinuz"
        mv "$new"/lib/modules/*/kernel "$new/ready/modules"
        rm -rf "$guest"
        mv "$new/ready" "$guest"
    fi
fi
echo "$guest"
