//! WebsockexNova's transport over the fastwebsockets crate.
//!
//! [`FastWebSockets`] opens links; [`Source`] and [`Sink`] are their halves. The opening handshake
//! is `nova-connect`'s, since the crate's own does not check `Sec-WebSocket-Accept` and keeps only
//! the status of a refusal. Control frames are neither answered nor hidden here: the session does
//! that. Frames are delivered raw, fragments included.
//!
//! # What fastwebsockets 0.10 hides
//!
//! - A length that is not in its shortest form is accepted: the crate does not tell how a length
//!   was written.
//! - A length with its top bit set is reported as too big (1009), not as malformed (1002).
//! - Which reserved opcode came is not told: [`ProtocolError::ReservedOpCode`] holds 255, which no
//!   frame can.
//! - A masked text frame may be refused as bad UTF-8 (1007) instead of as masked (1002), because
//!   the crate looks at the text before it is unmasked.
//! - A frame shows only once it is complete; that a part of one has arrived is told by `fill`, which
//!   then returns although there is no frame yet.
//! - Compression cannot be layered on it: every reserved bit is an error.
//!
//! Where these matter, use a transport with its own codec.
//!
//! [`ProtocolError::ReservedOpCode`]: nova_frame_codec::ProtocolError::ReservedOpCode

mod error;
mod inbox;
mod sink;
mod source;
mod transport;

pub use sink::Sink;
pub use source::Source;
pub use transport::FastWebSockets;
