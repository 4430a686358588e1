//! WebsockexNova's transport over its own codec: nothing between the socket and the frames.
//!
//! [`Native`] opens links; [`Source`] and [`Sink`] are their halves. Connecting is `nova-connect`'s,
//! which gives the stream itself back after the upgrade, with what came right behind the answer in
//! front of it. Bytes are read into the decoder's buffer and frames are lent from there; frames are
//! masked while they are copied into the encoder's buffer and leave from there.
//!
//! Reading order: [`Native`], [`Source`], [`Sink`], [`FlushPolicy`]. Control frames are neither answered nor
//! hidden here: the session does that. Frames are delivered raw, fragments included.
//!
//! With the feature `deflate`, messages can be compressed: see `deflate`.
//!
//! # Memory
//!
//! A link holds buffers only while there is something in them. The buffers, 64 KiB each, are a
//! thread's: a link that wakes finds one that the processor's cache still knows, and a link that is
//! idle holds some hundred bytes, whatever it has been through. Compression, where it is agreed on,
//! takes its windows on top, for as long as the link lives.

#[cfg(feature = "deflate")]
pub mod deflate;
mod masks;
mod memory;
mod policy;
mod sink;
mod source;
mod transport;
mod turn;

pub use policy::{EndOfTurn, Explicit, FlushPolicy, Immediate};
pub use sink::Sink;
pub use source::Source;
pub use transport::Native;
