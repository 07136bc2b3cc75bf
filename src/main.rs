//! The `translate` program: parses the command line and maps errors to exit codes.

fn main() {}
