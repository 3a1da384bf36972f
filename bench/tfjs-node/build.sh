#!/usr/bin/env bash
# Gives @tensorflow/tfjs-node its native part, which no install script of ours downloads:
#
#   bash bench/tfjs-node/build.sh [--gpu] [--tensorflow VERSION]
#
# libtensorflow comes from TensorFlow's Python wheel (pip's configured index; no Python runs afterwards), the
# binding is compiled from the source inside the npm package, and both are put where the package looks for
# them. --gpu does the same for @tensorflow/tfjs-node-gpu with CUDA 12 and cuDNN 9, from the wheels that
# TensorFlow's "and-cuda" extra names; an NVIDIA driver is all that must be there already.
#
# Linux x64. Needs npm's packages installed, python3 with pip, and a C++ compiler ($PYTHON, $CXX name others).
# Downloads are kept unpacked in .cache/tfjs-node, so that a second run (pnpm removes native parts when it
# replaces the package) takes seconds. The binding is written last: interrupted, the package is without it.
set -euo pipefail

version=2.21.0
wheel=tensorflow-cpu
package=@tensorflow/tfjs-node
python=${PYTHON:-python3}
cxx=${CXX:-c++}

say() { printf '%s\n' "$*" >&2; }
die() {
  say "tfjs-node build: $*"
  exit 1
}
wrong_usage() {
  say "tfjs-node build: $*; usage: build.sh [--gpu] [--tensorflow VERSION]"
  exit 2
}

while (($#)); do
  case $1 in
    --gpu) wheel=tensorflow package=@tensorflow/tfjs-node-gpu ;;
    --tensorflow)
      version=${2:-}
      [[ $version =~ ^2\.[0-9]+\.[0-9]+$ ]] || wrong_usage "--tensorflow: expected a version such as 2.21.0, got '$version'"
      shift
      ;;
    -h | --help)
      echo 'usage: bash bench/tfjs-node/build.sh [--gpu] [--tensorflow VERSION]'
      exit
      ;;
    *) wrong_usage "unknown argument '$1'" ;;
  esac
  shift
done

root=$(cd "$(dirname "$0")/../.." && pwd)
cache=$root/.cache/tfjs-node
built=$cache/$wheel-$version

# 1. What must be there.
system="$(uname -s) $(uname -m)"
[[ $system == 'Linux x86_64' ]] || die "expected Linux x86_64, got $system"
command -v node >/dev/null || die 'node is not on the PATH'
home=$(cd "$root/packages/train" && node -p 'path.dirname(require.resolve(process.argv[1]))' "$package/package.json" 2>/dev/null) ||
  die "$package is not installed: run 'npx -y pnpm@12 install' in $root"
headers=$(cd "$root/bench" && node -p 'require("node-api-headers").include_dir' 2>/dev/null) ||
  die "node-api-headers is not installed: run 'npx -y pnpm@12 install' in $root"
"$python" -m pip --version >/dev/null 2>&1 || die "'$python -m pip' does not run: install Python 3 with pip (Debian: apt-get install python3-pip), or set PYTHON"
command -v "$cxx" >/dev/null || die "no C++ compiler '$cxx': install one (Debian: apt-get install g++), or set CXX"

mkdir -p "$cache"
exec 9>"$cache/lock"
flock -n 9 || die 'another run is at work; wait until it ends'
rm -rf "$cache"/work.* # left by a run that was killed
work=$cache/work.$$
mkdir "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Any Python's pip downloads the wheels of Python 3.11, which each TensorFlow since 2.12 has.
# download FOLDER REQUIREMENT...
download() {
  local folder=$1
  shift
  "$python" -m pip download --no-deps --only-binary :all: --python-version 3.11 --retries 2 --timeout 30 \
    --disable-pip-version-check --dest "$folder" "$@" >&2 2>"$work/pip.log" ||
    die "pip could not download $*: $(grep -a '^ERROR' "$work/pip.log" | head -n 1 | sed 's/^ERROR: //; s/ (from versions: .\{80,\}//'); is pip's index reachable ('$python -m pip config list')?"
}

# unzip_matching REGEX FOLDER WHEEL... unpacks the members whose whole names match.
unzip_matching() {
  "$python" - "$@" 2>"$work/unzip.log" <<'PY' || die "a wheel could not be unpacked: $(tail -n 1 "$work/unzip.log")"
import re, sys, zipfile
pattern, folder, *wheels = sys.argv[1:]
for wheel in wheels:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if re.fullmatch(pattern, name)])
PY
}

# 2. The wheel, unpacked to deps/lib (and deps/nvidia, where TensorFlow's library paths look) and include.
if [[ ! -d $built ]]; then
  download "$work/wheel" "$wheel==$version"
  unzip_matching 'tensorflow/libtensorflow(_cc|_framework)\.so\.2|tensorflow/include/(tensorflow|tsl|xla)/.*\.h|.*/METADATA' "$work/tree" "$work"/wheel/*.whl
  mkdir -p "$work/built/deps/lib"
  mv "$work"/tree/tensorflow/libtensorflow*.so.2 "$work/built/deps/lib/" ||
    die "the wheel of $wheel $version holds no libtensorflow_cc.so.2"
  mv "$work/tree/tensorflow/include" "$work/built/include"
  if [[ $wheel == tensorflow ]]; then
    sed -n 's/^Requires-Dist: *\(nvidia-[^;]*\);.*and-cuda.*/\1/p' "$work"/tree/*/METADATA | tr -d ' ()' >"$work/cuda.txt"
    [[ -s $work/cuda.txt ]] || die "tensorflow $version names no CUDA packages; try a version from 2.14 on"
    download "$work/cuda" -r "$work/cuda.txt"
    unzip_matching 'nvidia/(?!.*/include/).*' "$work/built/deps" "$work"/cuda/*.whl
  fi
  mv -T "$work/built" "$built"
fi

# 3. The binding. Node-API is the same in every Node since 16, so no headers of this Node are needed.
binding=$built/tfjs_binding.node
if [[ ! -f $binding ]]; then
  say "compiling the binding of $package …"
  # shellcheck disable=SC2016 # $ORIGIN is for the loader
  "$cxx" -shared -fPIC -O2 -std=c++17 -DNAPI_VERSION=8 -I"$headers" -I"$built/include" \
    "$home/binding/tfjs_backend.cc" "$home/binding/tfjs_binding.cc" "$built"/deps/lib/libtensorflow*.so.2 \
    -Wl,-rpath,'$ORIGIN/../../deps/lib' -o "$work/tfjs_binding.node" 2>"$work/cxx.log" ||
    die "$cxx failed: $(grep -aim 1 error "$work/cxx.log")"
  mv "$work/tfjs_binding.node" "$binding"
fi

# 4. Into the package, as hard links where the disk allows. Without the binding the package says what is missing.
target=$home/lib/napi-v8
rm -rf "$target" "$home/deps" "$home/deps.new"
cp -al "$built/deps" "$home/deps.new" 2>/dev/null || {
  rm -rf "$home/deps.new"
  cp -a "$built/deps" "$home/deps.new" || die "could not copy libtensorflow to $home"
}
mv -T "$home/deps.new" "$home/deps"
mkdir -p "$target"
cp "$binding" "$target/new"
mv "$target/new" "$target/tfjs_binding.node"

# 5. Does it run? A native part that does not is taken out again.
cd "$root/packages/train"
# shellcheck disable=SC2016 # JavaScript's template strings
TF_CPP_MIN_LOG_LEVEL=1 node -e '
require("node:util").isNullOrUndefined ??= (value) => value == null; // tfjs-node calls it, Node 23 removed it
const tf = require(process.argv[1]);
const [[value]] = tf.matMul([[1, 2]], [[3], [4]]).arraySync();
if (value !== 11) throw new Error(`matMul: expected 11, got ${value}`);
const { binding, isUsingGpuDevice } = tf.backend();
console.log(`${process.argv[1]} ${tf.version["tfjs-node"]} runs on TensorFlow ${binding.TF_Version}, ${isUsingGpuDevice ? "GPU" : "CPU"}`);
' "$package" 2>"$work/node.log" | tee "$work/verdict" || {
  rm -rf "$target"
  die "the native part does not run and was removed: $(grep -am 1 Error "$work/node.log" || echo 'node crashed'); once more from the start: rm -r $built"
}
if [[ $wheel == tensorflow ]] && ! grep -q 'GPU$' "$work/verdict"; then
  say "TensorFlow found no GPU: $(grep -aoiEm 1 '(failed call to cuInit|cannot dlopen).*' "$work/node.log" || echo 'is an NVIDIA driver installed (nvidia-smi)?')"
fi
