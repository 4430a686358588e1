//! RFC 6455 without IO: the words of the protocol, and the codec that turns bytes into them.
//!
//! Reading order: [`OpCode`], [`Frame`] and [`OutFrame`], [`CloseFrame`], [`Message`],
//! [`ProtocolError`] are the words. [`Decoder`] makes frames of bytes, [`Assembler`] messages of
//! frames, [`Encoder`] bytes of frames. Nothing here reads a socket, a clock or a random source.

mod assembler;
mod buffer;
mod close;
mod control;
mod decoder;
mod encoder;
mod error;
mod frame;
mod header;
mod mask;
mod message;
mod opcode;
mod role;
mod text;
mod utf8;

pub use assembler::Assembler;
pub use close::{CloseCode, CloseFrame, InvalidCloseCode};
pub use control::{ControlPayload, ControlTooLong};
pub use decoder::{Batch, Decoder, OwnedFrame};
pub use encoder::Encoder;
pub use error::ProtocolError;
pub use frame::{Coding, Frame, OutFrame};
pub use mask::MaskKey;
pub use message::Message;
pub use opcode::OpCode;
pub use role::{Client, Role, Server};
