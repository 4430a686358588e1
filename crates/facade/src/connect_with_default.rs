//! `Client::connect` with the default transport.

use std::future::Future;

use nova_behaviour::Adapter;
use nova_client::{Client, Connect};
use nova_session::EndCause;
use nova_transport_fastwebsockets::FastWebSockets;

/// Makes clients over the default transport.
pub trait ClientExt<A: Adapter>: Sized {
    /// Connects, and waits until the client is ready for use. Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// Why it did not become ready: at once with the first failure, unless the adapter's settings
    /// let the initial connect be retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the client.
    fn connect(adapter: A) -> impl Future<Output = Result<Self, EndCause>> + Send;

    /// The same in two steps, to choose policies and settings in between.
    fn prepare(adapter: A) -> Connect<A, FastWebSockets>;
}

impl<A: Adapter> ClientExt<A> for Client<A::Handlers> {
    async fn connect(adapter: A) -> Result<Self, EndCause> {
        Self::prepare(adapter).connect().await
    }

    fn prepare(adapter: A) -> Connect<A, FastWebSockets> {
        Connect::new(adapter, FastWebSockets::default())
    }
}
