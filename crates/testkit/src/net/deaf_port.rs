//! A port that neither accepts nor refuses, as behind a firewall that drops packets.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time,
};

use super::port::Port;

/// A port of 127.0.0.1 at which connecting hangs: somebody listens whose queue is full, so the
/// kernel drops further attempts. Linux does so; other systems may refuse instead.
#[derive(Debug)]
pub struct DeafPort {
    port: Port,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl DeafPort {
    /// Listens, and fills the queue.
    ///
    /// # Errors
    ///
    /// No socket or no port is left, or the queue cannot be filled.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn bind() -> io::Result<Self> {
        let port = Port::reserve()?;
        let listener = port.listen_with_backlog(1)?;
        let mut queue = Vec::new();
        while queue.len() < MAX_QUEUE {
            match time::timeout(AT_ONCE, TcpStream::connect(port.addr())).await {
                Ok(connected) => queue.push(connected?),
                Err(_) => return Ok(Self { port, _listener: listener, _queue: queue }),
            }
        }
        Err(io::Error::other("the system keeps accepting connections that nobody takes"))
    }

    /// The address at which connecting hangs.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The address as `ws://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/", self.addr())
    }
}

/// An attempt that takes longer hangs: on the loopback interface the kernel answers at once.
const AT_ONCE: Duration = Duration::from_millis(50);

const MAX_QUEUE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connecting_hangs_until_the_port_is_gone() {
        let port = DeafPort::bind().await.unwrap();
        let addr = port.addr();
        let attempt = time::timeout(2 * AT_ONCE, TcpStream::connect(addr)).await;
        assert!(attempt.is_err(), "the attempt ended with {attempt:?}");
        drop(port);
        assert!(TcpStream::connect(addr).await.is_err(), "somebody listens");
    }
}
