#!/usr/bin/env bash
# Compiles every program of this folder, or of another, into OUTDIR/NAME.bpf.o.   Usage: bpf/build.sh OUTDIR [FOLDER]
set -euo pipefail
out=${1:?usage: bpf/build.sh OUTDIR [FOLDER]}
here=$(cd "$(dirname "$0")" && pwd)
folder=${2:-$here}
clang=${CLANG:-$(command -v clang-16 || command -v clang || true)} # the check below says what is missing
[ -n "$clang" ] || { echo "bpf/build.sh: clang is missing; install it with: apt-get install clang-16" >&2; exit 1; }
mkdir -p "$out"
for source in "$folder"/*.bpf.c; do
	name=$(basename "$source" .c)
	"$clang" -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers \
		-Wno-address-of-packed-member -fno-stack-protector \
		-I"/usr/include/$(uname -m)-linux-gnu" -I"$here" -I"$here/include" -c "$source" -o "$out/$name.o.tmp"
	mv "$out/$name.o.tmp" "$out/$name.o"
done
