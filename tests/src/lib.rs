//! Whole-stack tests of WebsockexNova; see `tests/`.
//!
//! They run over the default transport, or over the one that `NOVA_TRANSPORT` names.

mod wire;

pub use wire::{ClientExt, Wire, WireSink, WireSource};
