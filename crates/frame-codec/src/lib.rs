//! RFC 6455 without IO: the words of the protocol, and the codec that turns bytes into them.
//!
//! Reading order: [`OpCode`], [`Frame`] and [`OutFrame`], [`CloseFrame`], [`Message`],
//! [`ProtocolError`].

mod close;
mod control;
mod error;
mod frame;
mod message;
mod opcode;

pub use close::{CloseCode, CloseFrame, InvalidCloseCode};
pub use control::{ControlPayload, ControlTooLong};
pub use error::ProtocolError;
pub use frame::{Frame, OutFrame};
pub use message::Message;
pub use opcode::OpCode;
