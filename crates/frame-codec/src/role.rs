//! Which end of a connection we are.
//!
//! The role fixes who masks: frames from the client are masked, frames from the server are not
//! (RFC 6455 §5.1). It is a type, so that neither codec asks at run time.

use std::fmt;

/// An end of a connection: [`Client`] or [`Server`]. It names *our* end, not the peer's.
pub trait Role: sealed::Sealed + Copy + Default + fmt::Debug + Send + Sync + Unpin + 'static {
    /// Whether the frames we receive must be masked: true for a server.
    const PEER_MASKS: bool;
}

/// We opened the connection: what we send is masked, what we receive must not be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client;

/// We accepted the connection: what we receive must be masked, what we send is not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Server;

impl Role for Client {
    const PEER_MASKS: bool = false;
}

impl Role for Server {
    const PEER_MASKS: bool = true;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Client {}
    impl Sealed for super::Server {}
}
