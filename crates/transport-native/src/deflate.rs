//! permessage-deflate (RFC 7692) without IO, for either end of a connection.
//!
//! Reading order: [`Compression`] says what is wanted. A client writes it as an offer and reads the
//! server's answer; a server reads offers and writes an answer; both come to an [`Agreement`], and with
//! it to a [`Deflater`] for what they send and an [`Inflater`] for what they receive.

mod agreement;
mod compression;
mod deflater;
mod inflater;
mod parameters;

pub use self::{
    agreement::{Agreement, Direction, NotAgreed},
    compression::{Compression, Context, WindowBits, WindowBitsOutOfRange},
    deflater::Deflater,
    inflater::Inflater,
};
