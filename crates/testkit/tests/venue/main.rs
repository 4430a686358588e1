//! The made-up venue by itself: its core in told time, and its server on a real port.

mod core;
mod server;
