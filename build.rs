//! Rebuilds the program when the sample, the styles or the page that travel in it change; builds the shim to LibTorch where it is asked for.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=datasets/sample");
    for style in ["checkpoints/fill", "checkpoints/monet"] {
        // What is not there would count as changed each time.
        if std::path::Path::new(style).is_dir() {
            println!("cargo:rerun-if-changed={style}");
        }
    }
    println!("cargo:rerun-if-changed=src/serve/page");
    #[cfg(feature = "libtorch")]
    libtorch::build();
}

#[cfg(feature = "libtorch")]
mod libtorch {
    use std::env;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    const SHIM: &str = "src/kernels/libtorch/shim.cpp";
    /// The shim to the engine for several processes, and what its headers lack.
    const C10D: &str = "src/kernels/libtorch/c10d";

    /// Compiles the shims and lets the program find its libraries where they are now.
    pub(crate) fn build() {
        for name in ["LIBTORCH", "LIBTORCH_USE_PYTORCH"] {
            println!("cargo:rerun-if-env-changed={name}");
        }
        println!("cargo:rerun-if-changed={SHIM}");
        println!("cargo:rerun-if-changed={C10D}");
        let folder = folder();
        let header = folder.join("include/ATen/ATen.h");
        println!("cargo:rerun-if-changed={}", header.display());
        if !header.is_file() {
            println!(
                "cargo::error=the feature `libtorch` needs LibTorch, which is not in `{}`: run `scripts/libtorch.sh` \
                 (or `scripts/libtorch.sh cuda`) first, or let LIBTORCH name a LibTorch 2.9",
                folder.display()
            );
            return;
        }
        let is_linux = env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux");
        let include = folder.join("include");
        let shim = |file: &str| {
            let mut shim = cc::Build::new();
            // Warnings of LibTorch's own headers are not ours.
            shim.cpp(true)
                .std("c++17")
                .warnings(false)
                .file(file)
                .include(&include);
            if is_linux {
                // LibTorch's loops over threads are templates, and serial without this.
                shim.flag("-fopenmp");
            }
            shim
        };
        shim(SHIM).compile("translate_shim");
        if is_linux {
            shim(&format!("{C10D}/process_group.cpp"))
                .define("USE_C10D_GLOO", None)
                .include(include.join("torch/csrc/api/include"))
                .include(C10D)
                .compile("translate_process_group");
        }
        run_paths(&folder.join("lib"));
    }

    /// The folder with `include` and `lib`, found in the order in which the bindings look for it.
    fn folder() -> PathBuf {
        if env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
            let place = "import os, torch; print(os.path.dirname(torch.__file__))";
            let output = Command::new("python3").args(["-c", place]).output();
            let output = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
            return PathBuf::from(output.unwrap_or_default().trim());
        }
        env::var_os("LIBTORCH").map_or_else(|| PathBuf::from(".libtorch"), PathBuf::from)
    }

    /// Where the linker of the running system looks: the folder itself and, so that the whole checkout may move, the same
    /// place seen from the program.
    fn run_paths(libraries: &Path) {
        if env::var("CARGO_CFG_TARGET_FAMILY").as_deref() != Ok("unix") {
            return;
        }
        let origin = if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("macos") {
            "@loader_path"
        } else {
            "$ORIGIN"
        };
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", libraries.display());
        println!("cargo:rustc-link-arg=-Wl,-rpath,{origin}/../../.libtorch/lib");
        if libraries.join("libtorch_cuda.so").is_file() {
            // Nothing of it is called by name: it registers itself when it is loaded.
            println!("cargo:rustc-link-arg=-Wl,--no-as-needed");
            println!("cargo:rustc-link-arg=-ltorch_cuda");
            println!("cargo:rustc-link-arg=-Wl,--as-needed");
        }
    }
}
