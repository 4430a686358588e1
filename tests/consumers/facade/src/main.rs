//! The facade, as an application takes it: by its default features.

use websockex_nova as _;

fn main() {}
