//! The shell around the [`Venue`](crate::venue::Venue): sockets, the upgrade, and the clock.
//!
//! It decides nothing. One task accepts, one keeps time, one serves each connection; whoever changed
//! the venue rings the bells of the connections concerned.

mod clock;
mod handshake;
mod shared;
mod socket;
mod talk;
mod tls;

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    net::{TcpListener, TcpSocket},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

pub(crate) use self::{clock::Clock, shared::Shared};
use self::{handshake::receive, socket::Socket, tls::acceptor};
use crate::config::{Config, ConfigError};

/// A server that runs. Dropping it ends all of its tasks.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    pub(crate) is_tls: bool,
    pub(crate) shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration cannot be used.
    #[error("the configuration cannot be used")]
    Config(#[from] ConfigError),
    /// There is no port, or it is taken.
    #[error("cannot listen")]
    Listen(#[source] io::Error),
}

impl Server {
    pub(crate) async fn start(config: Config) -> Result<Self, StartError> {
        config.check()?;
        let tls = config.tls.as_ref().map(acceptor).transpose()?;
        let is_tls = tls.is_some();
        let listener = listen(&config).map_err(StartError::Listen)?;
        let addr = listener.local_addr().map_err(StartError::Listen)?;
        let shared = Arc::new(Shared::new(config));
        let tasks = [
            tokio::spawn(accept(listener, tls, Arc::clone(&shared))),
            tokio::spawn(shared::keep_time(Arc::clone(&shared))),
        ];
        Ok(Self { addr, is_tls, shared, tasks })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn listen(config: &Config) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A program that is restarted shall get its port again.
    socket.set_reuseaddr(true)?;
    if let Some(bytes) = config.socket_buffer_bytes {
        // Connections inherit it.
        socket.set_send_buffer_size(bytes)?;
    }
    socket.bind(SocketAddr::from(([127, 0, 0, 1], config.port)))?;
    socket.listen(1024)
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    // Small frames must not wait for acknowledgements of others.
                    let _ = tcp.set_nodelay(true);
                    let (tls, shared) = (tls.clone(), Arc::clone(&shared));
                    connections.spawn(async move {
                        if let Some(socket) = Socket::open(tcp, tls).await {
                            receive(socket, peer, shared).await;
                        }
                    });
                }
                // Out of descriptors, most likely; connections that end give some back.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
