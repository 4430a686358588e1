//! A scripted peer: a server that does what the test says, down to the byte.

use std::{future::Future, io, net::SocketAddr};

use tokio::net::TcpListener;

use super::{
    conn::Conn,
    journal::Journal,
    patience::{PATIENCE, within},
    port::Port,
    service::Service,
};

/// A listener whose connections the test drives itself.
///
/// A client's connection is open as soon as the kernel has it. So a peer that never accepts is one
/// that takes TCP and never upgrades.
#[derive(Debug)]
pub struct Peer {
    port: Port,
    listener: Option<TcpListener>,
    accepted: usize,
    journal: Journal,
}

impl Peer {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn bind() -> io::Result<Self> {
        let port = Port::reserve()?;
        let listener = Some(port.listen()?);
        Ok(Self { port, listener, accepted: 0, journal: Journal::default() })
    }

    /// Listens on a free port of 127.0.0.1 and runs `handler` for each connection.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn serve<F>(handler: impl Fn(Conn) -> F + Send + Sync + 'static) -> io::Result<Served>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let journal = Journal::default();
        let record = journal.clone();
        let service = Service::start(move |tcp, number| {
            // An error means that the client is gone already.
            let run = Conn::new(tcp, number, record.clone()).ok().map(&handler);
            async move {
                if let Some(run) = run {
                    run.await;
                }
            }
        });
        Ok(Served { service: service.await?, journal })
    }

    /// The address to connect to.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The address as `ws://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/", self.addr())
    }

    /// The address as `wss://127.0.0.1:PORT/`, for connections that
    /// [start TLS](Conn::start_tls).
    #[must_use]
    pub fn tls_url(&self) -> String {
        format!("wss://{}/", self.addr())
    }

    /// What happened on all connections.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Accepts the next connection.
    ///
    /// # Panics
    ///
    /// None comes within 5 s, or the peer has stopped listening.
    ///
    /// # Cancel safety
    ///
    /// No connection is lost by dropping it.
    pub async fn accept(&mut self) -> Conn {
        let listener = self.listener.as_ref().expect("the peer listens while it accepts");
        let (tcp, _) =
            within(PATIENCE, "a connection", listener.accept()).await.expect("a connection was accepted");
        self.accepted += 1;
        Conn::new(tcp, self.accepted, self.journal.clone()).expect("the connection is open")
    }

    /// Stops listening: connections are refused, and those not yet accepted are reset. Accepted
    /// ones go on.
    pub fn stop(&mut self) {
        self.listener = None;
    }

    /// Listens again on the same port.
    ///
    /// # Errors
    ///
    /// No socket is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing changes by dropping it.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.stop();
        self.listener = Some(self.port.listen()?);
        Ok(())
    }
}

/// A peer that runs a handler for each connection. A panic of the handler, such as a failed
/// assertion, is raised again when this is dropped.
pub struct Served {
    service: Service,
    journal: Journal,
}

impl Served {
    /// The address to connect to.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// The address as `ws://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/", self.addr())
    }

    /// The address as `wss://127.0.0.1:PORT/`, for handlers that [start TLS](Conn::start_tls).
    #[must_use]
    pub fn tls_url(&self) -> String {
        format!("wss://{}/", self.addr())
    }

    /// How many connections were accepted so far, those before a restart included.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.service.accepted()
    }

    /// What happened on all connections.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Ends all connections and stops listening. When this returns, connections are refused.
    ///
    /// # Cancel safety
    ///
    /// Dropped too early, it may leave connections that end a little later.
    pub async fn stop(&mut self) {
        self.service.stop().await;
    }

    /// Listens again on the same port, after a [`stop`](Self::stop) if that was not called.
    ///
    /// # Errors
    ///
    /// No socket is left.
    ///
    /// # Cancel safety
    ///
    /// As [`stop`](Self::stop).
    pub async fn restart(&mut self) -> io::Result<()> {
        self.service.restart().await
    }
}
