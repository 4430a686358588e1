//! What proxies share: where a target really is, which targets were asked for, and the tunnel.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::stream::Stream;

/// The tunnels of one proxy.
#[derive(Debug, Default)]
pub(crate) struct Tunnels {
    targets: Mutex<VecDeque<String>>,
    opened: AtomicUsize,
}

/// Targets that lie elsewhere than their name says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes(HashMap<String, SocketAddr>);

impl Tunnels {
    /// The last 1 000 targets asked for, oldest first.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn record(&self, target: String) {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if targets.len() == MAX_TARGETS {
            targets.pop_front();
        }
        targets.push_back(target);
    }

    /// How many tunnels were opened so far.
    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }

    /// Passes bytes on in both directions until both have ended. `early` came from the client
    /// before the tunnel was open.
    pub(crate) async fn carry(
        &self,
        client: &mut Stream,
        server: &mut TcpStream,
        early: &[u8],
    ) -> io::Result<()> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        server.set_nodelay(true)?;
        server.write_all(early).await?;
        tokio::io::copy_bidirectional(client, server).await?;
        Ok(())
    }
}

impl Routes {
    pub(crate) fn add(&mut self, target: &str, server: SocketAddr) {
        self.0.insert(target.to_owned(), server);
    }

    /// Connects to a `host:port`. Without a route, only this machine is reached: no test may touch
    /// a network.
    pub(crate) async fn dial(&self, target: &str) -> io::Result<TcpStream> {
        let server = self.0.get(target).copied().or_else(|| {
            let target = target.replace("localhost:", "127.0.0.1:");
            target.parse().ok().filter(|server: &SocketAddr| server.ip().is_loopback())
        });
        TcpStream::connect(server.ok_or(io::ErrorKind::HostUnreachable)?).await
    }
}

const MAX_TARGETS: usize = 1000;
