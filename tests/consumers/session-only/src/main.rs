//! The core without a runtime: nothing of ours above it, and no tokio.

use nova_session as _;

fn main() {}
