//! Traits that move WebSocket frames, the endpoint they go to, and errors that name their phase.
//!
//! Reading order: [`Endpoint`] says where to; a [`Transport`] opens a [`Link`] there, or fails
//! with a [`ConnectError`]; its halves are a [`FrameSource`] and a [`FrameSink`], which fail with a
//! [`TransportError`]. No socket and no runtime is named here: whoever writes a transport brings
//! its own.

mod connect_error;
mod endpoint;
mod error;
mod generation;
mod handshake;
mod link;
mod lost;
mod phase;
mod retry_after;

pub use connect_error::{Cause, ConnectError, HttpRefusal, ProxyError, TlsError, UpgradeError};
pub use endpoint::{Endpoint, EndpointError, Scheme};
pub use error::TransportError;
pub use generation::Generation;
pub use handshake::Handshake;
pub use link::{FrameSink, FrameSource, Link, Progress, Transport};
pub use lost::LostReason;
pub use phase::Phase;
pub use retry_after::RetryAfter;
