//! A port on 127.0.0.1 that stays ours while nobody listens on it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::net::{TcpListener, TcpSocket};

/// A reserved port. Nobody else is given it, so a server can stop and come back on it, and a
/// connection to it is refused while nobody listens.
#[derive(Debug)]
pub struct Port {
    /// Bound but never listening: the kernel gives the port to nobody who asks for any free one.
    _reservation: TcpSocket,
    addr: SocketAddr,
}

impl Port {
    /// Reserves a free port.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    pub fn reserve() -> io::Result<Self> {
        let reservation = reusable_socket((Ipv4Addr::LOCALHOST, 0).into())?;
        let addr = reservation.local_addr()?;
        Ok(Self { _reservation: reservation, addr })
    }

    /// The address: 127.0.0.1 and the port.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Listens on the port, until the listener is dropped.
    ///
    /// # Errors
    ///
    /// Somebody listens there already.
    pub fn listen(&self) -> io::Result<TcpListener> {
        self.listen_with_backlog(BACKLOG)
    }

    pub(crate) fn listen_with_backlog(&self, backlog: u32) -> io::Result<TcpListener> {
        reusable_socket(self.addr)?.listen(backlog)
    }
}

/// A socket that may share its address with others that allow it too, as long as one listens.
fn reusable_socket(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_reserved_port_refuses_until_somebody_listens() {
        let port = Port::reserve().unwrap();
        for _ in 0..3 {
            let refused = TcpStream::connect(port.addr()).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
            let listener = port.listen().unwrap();
            assert!(port.listen().is_err(), "two listeners on one port");
            let _client = TcpStream::connect(port.addr()).await.unwrap();
            let _server = listener.accept().await.unwrap();
        }
    }
}
