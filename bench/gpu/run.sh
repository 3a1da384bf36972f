#!/usr/bin/env bash
# `bash run.sh [OUT]` in a folder that pack.mjs made: unpacks it there, then measures. See README.md.
set -euo pipefail
usage="usage: bash run.sh [OUT]"
case ${1:-} in
  -h | --help) echo "$usage" && exit ;;
  -*) echo "$usage" >&2 && exit 2 ;;
esac
out=$(realpath -m "${1:-out}")
cd "$(dirname "${BASH_SOURCE[0]}")"

if [ ! -e unpacked ]; then
  for part in parts/*.tar.xz; do
    echo "unpacking $part" >&2
    tar -xJf "$part"
  done
  touch unpacked
fi

# onnxruntime looks for its providers beside itself.
libraries=app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64
shopt -s nullglob
pieces=(providers.part*)
if [ ${#pieces[@]} -gt 0 ] && [ ! -e "$libraries/libonnxruntime_providers_cuda.so" ]; then
  echo "joining ${pieces[*]}" >&2
  cat "${pieces[@]}" | tar -xJf - -C "$libraries"
fi
for provider in libonnxruntime_providers_{cuda,shared}.so; do
  if [ -e "$provider" ]; then mv "$provider" "$libraries/"; fi
done

exec ./node app/bench/gpu/run.mjs "$out"
