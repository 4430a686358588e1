//! One error for programs that do not care which part failed.

use nova_client::{ShutdownError, SubscribeError};
use nova_session::{EndCause, RequestError};
use nova_transport::EndpointError;

/// Anything that can go wrong, with the part's own error inside.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address is wrong.
    #[error("the endpoint is not usable")]
    Endpoint(#[from] EndpointError),
    /// The client has ended, or never came to be ready.
    #[error("the client is closed")]
    Closed(#[from] EndCause),
    /// A request has no reply.
    #[error("the request has no reply")]
    Request(#[from] RequestError),
    /// There is no subscription.
    #[error("there is no subscription")]
    Subscribe(#[from] SubscribeError),
    /// Closing left something behind.
    #[error("not everything was delivered")]
    Shutdown(#[from] ShutdownError),
}

/// A result with the facade's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
