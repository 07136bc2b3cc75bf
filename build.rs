//! Rebuilds the program when the sample that travels in it changes.

fn main() {
    println!("cargo:rerun-if-changed=datasets/sample");
}
