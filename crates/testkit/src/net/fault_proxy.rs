//! A TCP proxy that breaks what passes through it.
//!
//! It stands between any client and any server, and knows no protocol: faults are told in bytes.
//! What may go wrong is set in [`Faults`]; what happens to the bytes is in `pipe.rs`.

mod faults;
mod pipe;

use std::{io, net::SocketAddr};

use tokio::{net::TcpStream, sync::watch};

pub use faults::{Faults, Flow, Way};

use self::{faults::Lines, pipe::Pipe};
use super::{
    service::Service,
    stream::{Ending, end_tcp},
};

/// A proxy in front of one server. Without faults it is transparent, the end of each direction
/// included. It buffers at most 16 KiB in each direction of a connection.
pub struct FaultProxy {
    service: Service,
    faults: Faults,
}

impl FaultProxy {
    /// Listens on a free port of 127.0.0.1 and forwards to `server`. A connection for which the
    /// server cannot be reached is reset.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        let faults = Faults::default();
        let of_links = faults.clone();
        let service = Service::start(move |client, _| {
            // Subscribed before the task first runs, so that no fault is missed.
            let (lines, cut) = (of_links.lines(), of_links.cuts());
            serve(client, server, lines, cut)
        });
        Ok(Self { service: service.await?, faults })
    }

    /// The address to connect to instead of the server's.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// The address as `ws://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/", self.addr())
    }

    /// The switchboard; a clone of it works from other tasks too.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How many connections were accepted so far, those before a restart included.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.service.accepted()
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

/// One connection through the proxy, until both directions ended or a fault cut it.
async fn serve(
    mut client: TcpStream,
    server: SocketAddr,
    lines: [Lines; 2],
    mut cut: watch::Receiver<Ending>,
) {
    let mut server = match TcpStream::connect(server).await {
        Ok(server) => server,
        Err(_) => return end_tcp(&mut client, Ending::Reset).await,
    };
    // Failing to set it means that the connection is gone, which the pipes notice.
    let _ = client.set_nodelay(true).and(server.set_nodelay(true));
    let [to_server, to_client] = lines;
    let ended = {
        let (from_client, into_client) = client.split();
        let (from_server, into_server) = server.split();
        let up = Pipe::new(from_client, into_server, to_server);
        let down = Pipe::new(from_server, into_client, to_client);
        tokio::select! {
            biased;
            Ok(()) = cut.changed() => Err(*cut.borrow()),
            ended = async { tokio::try_join!(up.run(), down.run()) } => ended,
        }
    };
    if let Err(ending) = ended {
        tokio::join!(end_tcp(&mut client, ending), end_tcp(&mut server, ending));
    }
}
