//! Whole-stack tests of WebsockexNova; see `tests/`.
//!
//! They run over the default transport, or over the one that `NOVA_TRANSPORT` names. The programs of the
//! book in `docs` are doc tests of this crate.

mod wire;

pub use wire::{ClientExt, Wire, WireSink, WireSource};

/// The pages of the book that have programs in them.
#[cfg(doctest)]
pub mod book {
    include!(concat!(env!("OUT_DIR"), "/book.rs"));
}
