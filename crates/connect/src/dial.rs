//! From addresses to a TCP connection: happy eyeballs (RFC 8305).

use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use tokio::{net::TcpStream, time::sleep};

use crate::stream::ByteStream;

/// Opens byte streams to addresses. The one door to the network, so that a simulated one fits too.
#[async_trait::async_trait]
pub trait Dial: fmt::Debug + Send + Sync {
    /// Opens a stream to `address`.
    ///
    /// # Errors
    ///
    /// Nobody listens there, or nothing leads there.
    ///
    /// # Cancel safety
    ///
    /// Required: the future is dropped when another address was faster, its deadline passes or the
    /// attempt is abandoned; its socket must close then.
    async fn dial(&self, address: SocketAddr) -> io::Result<ByteStream>;
}

/// Dials by the operating system's TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpDialer;

#[async_trait::async_trait]
impl Dial for TcpDialer {
    async fn dial(&self, address: SocketAddr) -> io::Result<ByteStream> {
        TcpStream::connect(address).await.map(ByteStream::from)
    }
}

/// How long an address is tried before the next one joins the race (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);

/// Tries all addresses, each a little after the one before or as soon as that one failed; the
/// first connection wins, and dropping the others closes them.
pub(crate) async fn race(
    dialer: &dyn Dial,
    addresses: &[IpAddr],
    port: u16,
) -> io::Result<(ByteStream, SocketAddr)> {
    let mut waiting = interleave(addresses);
    let mut running = Vec::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "no address to dial");
    loop {
        if let Some(ip) = waiting.pop_front() {
            let address = SocketAddr::new(ip, port);
            running.push((address, dialer.dial(address)));
        } else if running.is_empty() {
            return Err(failure);
        }
        tokio::select! {
            biased;
            (address, dialled) = first(&mut running) => match dialled {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => failure = error,
            },
            () = sleep(STAGGER), if !waiting.is_empty() => {}
        }
    }
}

type Dialling<'a> = Pin<Box<dyn Future<Output = io::Result<ByteStream>> + Send + 'a>>;

/// The first of the running dials to end, which leaves the race.
async fn first(running: &mut Vec<(SocketAddr, Dialling<'_>)>) -> (SocketAddr, io::Result<ByteStream>) {
    poll_fn(|cx| {
        for index in 0..running.len() {
            if let Poll::Ready(dialled) = running[index].1.as_mut().poll(cx) {
                let (address, _) = running.remove(index);
                return Poll::Ready((address, dialled));
            }
        }
        Poll::Pending
    })
    .await
}

/// Alternates between the families, beginning with that of the first address (RFC 8305 §4), so
/// that one broken family costs one stagger and not one per address.
fn interleave(addresses: &[IpAddr]) -> VecDeque<IpAddr> {
    let first_is_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|ip| ip.is_ipv6() == first_is_v6);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut order = VecDeque::with_capacity(addresses.len());
    while order.len() < addresses.len() {
        order.extend(preferred.next());
        order.extend(other.next());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let ips = |list: &[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect::<Vec<IpAddr>>();
        let resolved = ips(&["::1", "::2", "::3", "10.0.0.1"]);
        assert_eq!(interleave(&resolved), ips(&["::1", "10.0.0.1", "::2", "::3"]));
        let resolved = ips(&["10.0.0.1", "10.0.0.2", "::1"]);
        assert_eq!(interleave(&resolved), ips(&["10.0.0.1", "::1", "10.0.0.2"]));
        assert!(interleave(&[]).is_empty());
    }
}
