#!/usr/bin/env bash
# package.sh [--version V] [--output DIR] [--from DIR] [--fast]: builds the Debian packages hnv, hnv-agent and hnv-controller.
#   --version V   the packages' version (else that of Directory.Build.props)
#   --output DIR  where they go (else .hnv/packages)
#   --from DIR    a build of src/Hnv.Cli to pack, instead of building one
#   --fast        not compressed: for tests
# The packages bring the .NET runtime of this machine along, in /usr/lib/hnv/dotnet: Debian has none of its own, and a host should need no
# other repository, nor change with one.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=scripts/setup.sh
. "$root/scripts/setup.sh"

version='' output=$state/packages from='' compress=(-Zxz)
while [ $# -gt 0 ]; do
    case $1 in
    --version) version=${2:?--version V} && shift 2 ;;
    --output) output=${2:?--output DIR} && shift 2 ;;
    --from) from=${2:?--from DIR} && shift 2 ;;
    --fast) compress=(-Znone) && shift ;;
    -h | --help) sed -n '2,8s/^# \?//p' "$0" && exit 0 ;;
    *) fail "package.sh: unknown argument '$1'" "scripts/package.sh --help" ;;
    esac
done
[ -n "$version" ] || version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' "$root/Directory.Build.props")
command -v dpkg-deb >/dev/null || fail "dpkg-deb was not found" "Packages are built on Debian."
architecture=$(dpkg --print-architecture)
case $architecture in amd64) rid=linux-x64 ;; arm64) rid=linux-arm64 ;; *) fail "no packages for $architecture" "amd64 and arm64" ;; esac
require_dotnet

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$from" ]; then
    needs_of_hnv
    install_packages
    step "Building hnv"
    from=$work/program
    dotnet publish "$root/src/Hnv.Cli/Hnv.Cli.csproj" -c Release -o "$from" -r "$rid" --self-contained false -p:PublishReadyToRun=true \
        -p:DebugType=embedded -nologo -v q >"$work/build.log" 2>&1 || { failed_step && cat "$work/build.log" >&2 && fail "the build failed"; }
    done_step
fi
[ -x "$from/hnv" ] || fail "there is no program hnv in $from"

# put MODE FILE PACKAGE PATH: one file of a package.
put() { install -D -m "$1" "$2" "$work/$3$4"; }

# unit NAME PACKAGE: a unit, which runs the packaged program.
unit() {
    mkdir -p "$work/$2/lib/systemd/system"
    sed 's|@PROGRAM@|/usr/bin/hnv|' "$root/packaging/systemd/$1" >"$work/$2/lib/systemd/system/$1"
}

stage_program() {
    local lib=$work/hnv/usr/lib/hnv runtime dotnet file
    mkdir -p "$lib" "$work/hnv/usr/bin"
    (cd "$from" && find . -type f ! -name '*.pdb' ! -name '*.xml' ! -path './runtimes/*' -print0 | xargs -0 cp --parents -t "$lib")
    if [ -d "$from/runtimes/$rid" ]; then
        (cd "$from" && cp -r --parents "runtimes/$rid" "$lib")
    fi
    runtime=$(dotnet --list-runtimes | sed -n 's|^Microsoft.NETCore.App \(10\.[^ ]*\) \[\(.*\)\]$|\1 \2|p' | tail -n 1)
    [ -n "$runtime" ] || fail "the .NET 10 runtime was not found" "dotnet --list-runtimes"
    dotnet=$(dirname "$(dirname "${runtime#* }")") runtime=${runtime% *}
    for file in "host/fxr/$runtime" "shared/Microsoft.NETCore.App/$runtime" "shared/Microsoft.AspNetCore.App/$runtime"; do
        mkdir -p "$lib/dotnet/$(dirname "$file")"
        # The tool that writes a dump of a crashed process is for those who debug the runtime; it needs more libraries.
        cp -r "$dotnet/$file" "$lib/dotnet/$file"
    done
    rm -f "$lib/dotnet/shared/Microsoft.NETCore.App/$runtime/createdump" "$lib/dotnet/shared/Microsoft.NETCore.App/$runtime/libcoreclrtraceptprovider.so"
    find "$lib" -type f -exec chmod 644 {} +
    chmod 755 "$lib/hnv"
    ln -s ../lib/hnv/hnv "$work/hnv/usr/bin/hnv"
    mkdir -p "$work/hnv/usr/share/bash-completion/completions" "$work/hnv/usr/share/zsh/vendor-completions" "$work/hnv/usr/share/fish/vendor_completions.d" \
        "$work/hnv/usr/share/doc/hnv"
    "$from/hnv" completion bash >"$work/hnv/usr/share/bash-completion/completions/hnv"
    # Loaded as the function itself, on first use: it calls what it has defined.
    { "$from/hnv" completion zsh && echo '_hnv "$@"'; } >"$work/hnv/usr/share/zsh/vendor-completions/_hnv"
    "$from/hnv" completion fish >"$work/hnv/usr/share/fish/vendor_completions.d/hnv.fish"
    cp "$dotnet/LICENSE.txt" "$work/hnv/usr/share/doc/hnv/dotnet-license.txt"
    gzip -9nc "$dotnet/ThirdPartyNotices.txt" >"$work/hnv/usr/share/doc/hnv/dotnet-notices.txt.gz"
    cp "$root"/docs/guide/*.md "$work/hnv/usr/share/doc/hnv/"
    mkdir -p "$work/hnv/usr/share/man/man1"
    gzip -9nc "$root/packaging/deb/hnv.1" >"$work/hnv/usr/share/man/man1/hnv.1.gz"
}

stage_agent() {
    unit hnv-agent.service hnv-agent
    unit var-lib-hnv-agent-bpf.mount hnv-agent
    put 644 "$root/packaging/tmpfiles.d/hnv-agent.conf" hnv-agent /usr/lib/tmpfiles.d/hnv-agent.conf
    put 644 "$root/packaging/etc/agent.yaml" hnv-agent /etc/hnv/agent.yaml
}

stage_controller() {
    unit hnv-controller.service hnv-controller
    put 644 "$root/packaging/tmpfiles.d/hnv-controller.conf" hnv-controller /usr/lib/tmpfiles.d/hnv-controller.conf
    put 644 "$root/packaging/sysusers.d/hnv-controller.conf" hnv-controller /usr/lib/sysusers.d/hnv-controller.conf
    put 644 "$root/packaging/etc/controller.yaml" hnv-controller /etc/hnv/controller.yaml
}

# pack NAME DEPENDS SUMMARY DESCRIPTION
pack() {
    local name=$1 dir=$work/$1 doc=$work/$1/usr/share/doc/$1 script
    mkdir -p "$doc" "$dir/DEBIAN"
    cp "$root/packaging/deb/copyright" "$doc/copyright"
    printf 'hnv-for-linux (%s) stable; urgency=medium\n\n  * See CHANGELOG.md of the project.\n\n -- %s  %s\n' \
        "$version" "$maintainer" "$(date -R -u -d "@${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}")" | gzip -9n >"$doc/changelog.gz"
    chmod 644 "$doc"/*
    mkdir -p "$dir/usr/share/lintian/overrides"
    {
        [ ! -e "$root/packaging/deb/$name.lintian-overrides" ] || cat "$root/packaging/deb/$name.lintian-overrides"
        [ -n "${DEBEMAIL:-}" ] || printf '# Who builds packages for others sets DEBEMAIL and DEBFULLNAME.\n%s: bogus-mail-host *\n%s: bogus-mail-host-in-debian-changelog *\n' "$name" "$name"
    } >"$dir/usr/share/lintian/overrides/$name"
    for script in preinst postinst prerm postrm; do
        [ ! -e "$root/packaging/deb/$name.$script" ] || install -m 755 "$root/packaging/deb/$name.$script" "$dir/DEBIAN/$script"
    done
    if [ -d "$dir/etc" ]; then
        (cd "$dir" && find etc -type f -printf '/%p\n' | LC_ALL=C sort) >"$dir/DEBIAN/conffiles"
    fi
    (cd "$dir" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$dir/DEBIAN/md5sums"
    cat >"$dir/DEBIAN/control" <<EOF
Package: $name
Source: hnv-for-linux
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k -s --apparent-size "$dir" --exclude DEBIAN | cut -f1)
Depends: $2
Section: net
Priority: optional
Description: $3
$(printf '%s\n' "$4" | sed 's/^/ /')
EOF
    chmod -R u=rwX,go=rX "$dir"
    dpkg-deb --root-owner-group "${compress[@]}" --build "$dir" "$output/${name}_${version}_$architecture.deb" >/dev/null
    echo "$output/${name}_${version}_$architecture.deb"
}

maintainer="${DEBFULLNAME:-HNV for Linux} <${DEBEMAIL:-hnv@localhost.localdomain}>"
mkdir -p "$output"
step "Packing $version"
stage_program
stage_agent
stage_controller
pack hnv "libc6 (>= 2.36), libgcc-s1 (>= 12), libstdc++6 (>= 12), zlib1g, libssl3 | libssl3t64, ca-certificates" \
    "network virtualization for Linux hosts: command" \
    'Tenants get isolated virtual networks with addresses of their choice, carried
in NVGRE or VXLAN over any IPv4 or IPv6 network, after the model of Hyper-V.
.
This package holds the hnv command, and the program and .NET runtime that the
agent and the controller run on.'
pack hnv-agent "hnv (= $version), libbpf1 (>= 1:1.1), systemd, init-system-helpers (>= 1.54~)" \
    "network virtualization for Linux hosts: agent" \
    'The agent brings the policy of virtual networks into the kernel of a host.
eBPF programs forward there, whether the agent runs or not.'
pack hnv-controller "hnv (= $version), systemd, passwd, init-system-helpers (>= 1.54~)" \
    "network virtualization for Linux hosts: controller" \
    'The controller holds the policy of virtual networks, checks changes, and tells
every host what it must know. It runs as a system user without capabilities.'
done_step
