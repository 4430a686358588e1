//! From an endpoint to an upgraded stream, phase by phase.

use std::{
    error::Error as StdError,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use nova_transport::{ConnectError, Endpoint, Handshake, Phase, Progress, Scheme, TlsError, UpgradeError};

use crate::{
    attempt::Attempt,
    deadlines::Deadlines,
    dial::{Dial, TcpDialer, race},
    entropy::{Entropy, SystemEntropy},
    exchange::{Answer, exchange},
    resolve::{Resolve, SystemResolver},
    stream::ByteStream,
    upgrade,
};

/// Opens upgraded streams. Cloning is cheap; clones share what was set.
#[derive(Clone, Debug)]
pub struct Connector {
    deadlines: Deadlines,
    nodelay: bool,
    head_bytes: usize,
    resolver: Arc<dyn Resolve>,
    dialer: Arc<dyn Dial>,
    entropy: Arc<dyn Entropy>,
}

/// A stream that speaks WebSocket from here on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Upgraded {
    /// The stream. Frames that came right behind the server's answer are in it.
    pub stream: ByteStream,
    /// What was agreed.
    pub handshake: Handshake,
}

impl Connector {
    /// A connector with the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long each phase may take. Default: 5 s each.
    #[must_use]
    pub fn with_deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// Sets whether small writes leave at once (`TCP_NODELAY`). Default: true, since a request
    /// would otherwise wait for the acknowledgement of the one before.
    #[must_use]
    pub fn with_nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    /// Sets the longest head of an HTTP answer, in bytes. Default: 64 KiB. At most 100 headers are
    /// read in any case.
    #[must_use]
    pub fn with_max_head_bytes(mut self, head_bytes: usize) -> Self {
        self.head_bytes = head_bytes;
        self
    }

    /// Sets who turns names into addresses. Default: the operating system.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Sets who opens sockets. Default: the operating system.
    #[must_use]
    pub fn with_dialer(mut self, dialer: Arc<dyn Dial>) -> Self {
        self.dialer = dialer;
        self
    }

    /// Sets where the random bytes of the handshake come from. Default: the operating system.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Opens a stream to `endpoint` and upgrades it, telling `progress` each phase as it begins.
    ///
    /// # Errors
    ///
    /// The phase that failed and why. Nothing is tried twice.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the attempt and closes its socket; no task is left behind.
    pub async fn connect(
        &self,
        endpoint: &Endpoint,
        progress: Progress<'_>,
    ) -> Result<Upgraded, ConnectError> {
        self.connect_offering(endpoint, &[], progress).await
    }

    /// Like [`connect`](Self::connect), and offers extensions (RFC 6455 §9.1), each with its
    /// parameters. The server's choice stands in the handshake's headers; that it was offered has
    /// been checked, its parameters have not.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_offering(
        &self,
        endpoint: &Endpoint,
        extensions: &[&str],
        progress: Progress<'_>,
    ) -> Result<Upgraded, ConnectError> {
        if endpoint.scheme() == Scheme::Wss {
            let why = "this version speaks no TLS: use ws://".to_owned();
            return Err(ConnectError::Tls(TlsError::Configuration(why)));
        }
        let mut attempt = Attempt::new(self.deadlines, progress);
        let addresses = match endpoint.ip() {
            Some(ip) => vec![ip],
            None => attempt.run(Phase::Resolve, self.resolve(endpoint.host())).await?,
        };
        let dialling = self.dial(&addresses, endpoint.host(), endpoint.port());
        let (stream, peer) = attempt.run(Phase::Tcp, dialling).await?;
        self.upgrade(attempt, stream, peer, endpoint, extensions).await
    }

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ConnectError> {
        let found = self.resolver.resolve(host).await.and_then(|addresses| match addresses.is_empty() {
            true => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
            false => Ok(addresses),
        });
        found.map_err(|source| ConnectError::Resolve { host: host.to_owned(), source: Arc::new(source) })
    }

    async fn dial(
        &self,
        addresses: &[IpAddr],
        host: &str,
        port: u16,
    ) -> Result<(ByteStream, SocketAddr), ConnectError> {
        let dialled = race(&*self.dialer, addresses, port).await.and_then(|(stream, peer)| {
            stream.set_nodelay(self.nodelay)?;
            Ok((stream, peer))
        });
        dialled.map_err(|source| ConnectError::Tcp { host: host.to_owned(), port, source: Arc::new(source) })
    }

    async fn upgrade(
        &self,
        mut attempt: Attempt<'_>,
        stream: ByteStream,
        peer: SocketAddr,
        endpoint: &Endpoint,
        extensions: &[&str],
    ) -> Result<Upgraded, ConnectError> {
        let key = upgrade::Key::draw(&*self.entropy)
            .map_err(|error| ConnectError::Upgrade(UpgradeError::Io(Arc::new(error))))?;
        let request = upgrade::request(endpoint, &key, extensions).map_err(ConnectError::Upgrade)?;
        let asking = async { exchange(stream, request, self.head_bytes).await.map_err(upgrade_failed) };
        let (head, stream) = match attempt.run(Phase::Upgrade, asking).await? {
            Answer::Switched(head, stream) => (head, stream),
            Answer::Refused(refused) => return Err(ConnectError::Refused(Box::new(refused.finish().await))),
        };
        let mut handshake = Handshake::default();
        handshake.subprotocol =
            upgrade::check(&head, endpoint, &key, extensions).map_err(ConnectError::Upgrade)?;
        handshake.headers = head.headers;
        handshake.peer = Some(peer);
        handshake.timings = attempt.timings;
        Ok(Upgraded { stream, handshake })
    }
}

impl Default for Connector {
    fn default() -> Self {
        Self {
            deadlines: Deadlines::default(),
            nodelay: true,
            head_bytes: 64 * 1024,
            resolver: Arc::new(SystemResolver),
            dialer: Arc::new(TcpDialer),
            entropy: Arc::new(SystemEntropy),
        }
    }
}

/// Tells an answer that is not HTTP from a stream that broke.
fn upgrade_failed(error: hyper::Error) -> ConnectError {
    ConnectError::Upgrade(if error.is_parse() {
        UpgradeError::NotHttp(Arc::new(error))
    } else {
        UpgradeError::Io(Arc::new(into_io(error)))
    })
}

/// The IO error behind one of hyper's; a stream that ended early counts as one.
pub(crate) fn into_io(error: hyper::Error) -> io::Error {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let kind = match cause {
        Some(cause) => cause.kind(),
        None if error.is_incomplete_message() => io::ErrorKind::UnexpectedEof,
        None => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
