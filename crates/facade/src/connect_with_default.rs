//! `Client::connect` with the default transport, which is our own.
//!
//! It is the same whatever other features are on: a feature adds a transport, and changes none.

use std::future::Future;

use nova_behaviour::{Adapter, Preset};
use nova_client::{Client, Connect};
use nova_connect::{Connector, Deadlines};
use nova_session::EndCause;
use nova_transport_native::Native;

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
    fn prepare(adapter: A) -> Connect<A, Native>;

    /// The same, beginning with what suits a kind of application: its settings, when it tries again, and
    /// how long each phase of connecting may take.
    ///
    /// ```
    /// # use websockex_nova::prelude::*;
    /// # #[cfg(feature = "echo")]
    /// # fn main() -> Result<()> {
    /// let echo = Echo::at("wss://echo.example/")?;
    /// let prepared = Client::prepare_for(Preset::Financial, echo)
    ///     .with_settings(|settings| settings.call_deadline = secs(3));
    /// for line in prepared.settings().explain().take(5) {
    ///     println!("{line}"); // … call_deadline = 3 s (user)
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "echo"))]
    /// # fn main() {}
    /// ```
    fn prepare_for(preset: Preset, adapter: A) -> Connect<A, Native>;
}

impl<A: Adapter> ClientExt<A> for Client<A::Handlers> {
    async fn connect(adapter: A) -> Result<Self, EndCause> {
        Self::prepare(adapter).connect().await
    }

    fn prepare(adapter: A) -> Connect<A, Native> {
        Connect::new(adapter, Native::default())
    }

    fn prepare_for(preset: Preset, adapter: A) -> Connect<A, Native> {
        let deadlines = Deadlines::all(preset.connect_deadline());
        let transport = Native::new(Connector::default().with_deadlines(deadlines));
        Connect::new(adapter, transport).with_preset(preset)
    }
}
