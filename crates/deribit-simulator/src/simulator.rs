//! A simulator in this process: starts, tells its address, ends when dropped.

use std::net::SocketAddr;

use crate::{
    config::Config,
    control::Control,
    server::{Server, StartError},
};

/// A simulator on a port of 127.0.0.1. Dropping it ends its tasks and its connections.
///
/// ```
/// use nova_deribit_simulator::{Config, Fault, Simulator};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let simulator = Simulator::start(Config::default()).await?;
/// let control = simulator.control();
/// assert!(simulator.url().ends_with("/ws/api/v2"));
/// // A client connects to that address as `sim-client` with the secret `sim-secret-0001`, and then:
/// control.set_fault(Fault::DropTcp { how: Default::default() });
/// # Ok::<(), nova_deribit_simulator::StartError>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Simulator {
    server: Server,
}

impl Simulator {
    /// Starts to serve.
    ///
    /// # Errors
    ///
    /// The configuration cannot be used, or the port is taken.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Ok(Self { server: Server::start(config).await? })
    }

    /// The address it listens on.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// The address as clients take it.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.server.is_tls { "wss" } else { "ws" };
        format!("{scheme}://{}/ws/api/v2", self.addr())
    }

    /// A handle to watch and disturb it.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(std::sync::Arc::clone(&self.server.shared))
    }
}
