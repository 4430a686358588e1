//! `cargo xtask`: maintenance commands of the workspace.
fn main() {}
