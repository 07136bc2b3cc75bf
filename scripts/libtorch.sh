#!/usr/bin/env bash
# Installs LibTorch below .libtorch/, where the feature `libtorch` of this package looks for it:
#
#   scripts/libtorch.sh          for the processor: about 1 GB to download, 0.5 GB kept
#   scripts/libtorch.sh cuda     for NVIDIA GPUs too (Linux): about 3 GB to download, 7 GB kept
#
# It comes from the wheels of PyTorch, with the pip and the package index that this machine is set up with. Needed: the
# Rust toolchain, a C++ compiler, and Python 3 with pip, which is not needed any more afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."

version=2.9.1
kind=${1:-cpu}
folder=$PWD/.libtorch

fail() {
    printf 'scripts/libtorch.sh: %s\n' "$*" >&2
    exit 1
}

[[ $# -le 1 && ( $kind == cpu || $kind == cuda ) ]] || fail "usage: scripts/libtorch.sh [cpu|cuda]"
[[ $kind == cpu || $(uname -s) == Linux ]] || fail "cuda is for Linux; here use scripts/libtorch.sh"

library() {
    [[ -f $folder/lib/$1.so || -f $folder/lib/$1.dylib ]]
}

complete() {
    [[ -f $folder/include/ATen/ATen.h ]] && library libc10 && library libtorch_cpu && library libtorch &&
        { [[ $kind == cpu ]] || library libtorch_cuda; }
}

if [[ -f $folder/build-version && $(<"$folder/build-version") == "$version+$kind" ]] && complete; then
    printf 'LibTorch %s (%s) is in %s\n' "$version" "$kind" "$folder"
    exit 0
fi

python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "Python 3 is missing: install it, or name it with PYTHON=..."
"$python" -m pip --version >/dev/null 2>&1 || fail "pip is missing for $python: install it (python3-pip)"
compiler=${CC:-cc}
command -v "$compiler" >/dev/null || fail "a C compiler is missing: install one, or name it with CC=..."
command -v "${CXX:-c++}" >/dev/null || fail "a C++ compiler is missing: install one, or name it with CXX=..."
needed=$([[ $kind == cpu ]] && echo 3 || echo 12)
free=$(($(df -Pk . | awk 'NR == 2 { print $4 }') / 1024 / 1024))
((free >= needed)) || fail "$free GB of disk are free here, and $needed GB are needed"

# Built beside the old one, so that a stop half-way leaves nothing that looks complete.
new=$folder.tmp
rm -rf "$new"
mkdir -p "$new/wheels" "$new/packages"
trap 'rm -rf "$new"' EXIT

# The wheel for any Python will do, since only its C++ part is used.
fetch() {
    "$python" -m pip download --no-deps --only-binary=:all: --python-version 3.11 --no-cache-dir --dest "$new/wheels" "$@"
}

if [[ $kind == cuda ]]; then
    "$python" -m pip download --only-binary=:all: --python-version 3.11 --no-cache-dir --dest "$new/wheels" "torch==$version"
else
    fetch "torch==$version"
fi

# From the wheel with CUDA code only what the processor needs is taken out; other wheels are taken as they are.
"$python" - "$new" "$kind" <<'PYTHON'
import glob, os, sys, zipfile

folder, kind = sys.argv[1:]
packages = os.path.join(folder, "packages")
processor = {"libc10.so", "libtorch_cpu.so", "libgomp.so.1"}
for wheel in glob.glob(os.path.join(folder, "wheels", "*.whl")):
    torch = os.path.basename(wheel).startswith("torch-")
    if not torch and not os.path.basename(wheel).startswith(("nvidia_", "triton")):
        continue
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        reduced = kind == "cpu" and "torch/lib/libtorch_cuda.so" in names
        for name in names:
            if torch and name.startswith("torch/lib/"):
                wanted = not reduced or os.path.basename(name) in processor
            elif torch:
                wanted = name.startswith(("torch/include/", "torch.libs/"))
            else:
                wanted = name.startswith("nvidia/") and "/lib/" in name
            if wanted and not name.endswith("/"):
                archive.extract(name, packages)
    os.remove(wheel)
PYTHON

libraries=$new/packages/torch/lib
[[ -d $libraries ]] || fail "the wheel of torch $version has no torch/lib: it is not one that this script knows"
if [[ $kind == cpu && $(uname -s) == Linux ]] && ! [[ -f $libraries/libtorch.so ]]; then
    # Even its part for the processor is linked with two small libraries of CUDA.
    fetch nvidia-cuda-cupti-cu12==12.8.90 nvidia-cuda-runtime-cu12==12.8.90
    "$python" - "$new" <<'PYTHON'
import glob, os, sys, zipfile

folder = sys.argv[1]
for wheel in glob.glob(os.path.join(folder, "wheels", "*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            base = os.path.basename(name)
            if base in ("libcupti.so.12", "libcudart.so.12"):
                with open(os.path.join(folder, "packages/torch/lib", base), "wb") as file:
                    file.write(archive.read(name))
PYTHON
    # The wheel's own libtorch.so wants the CUDA part; this one stands for the processor's.
    echo 'extern const int translate_libtorch; const int translate_libtorch = 0;' >"$new/libtorch.c"
    "$compiler" -shared -fPIC -o "$libraries/libtorch.so" "$new/libtorch.c" -L"$libraries" \
        -Wl,--no-as-needed -Wl,--allow-shlib-undefined -ltorch_cpu -lc10
    rm "$new/libtorch.c"
fi

rm -rf "$new/wheels"
# The libraries look for each other from packages/torch/lib.
ln -s packages/torch/include "$new/include"
ln -s packages/torch/lib "$new/lib"
echo "$version+$kind" >"$new/build-version"
rm -rf "$folder"
mv "$new" "$folder"
trap - EXIT
complete || fail "the wheel lacks a part of LibTorch: look into $folder"
printf 'LibTorch %s (%s) is in %s\nnext: cargo build --release --features libtorch\n' "$version" "$kind" "$folder"
