//! From an endpoint to an upgraded stream, phase by phase.

#[cfg(feature = "http2")]
mod by_http2;

use std::{
    io, mem,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::StatusCode;
use nova_transport::{ConnectError, Endpoint, Handshake, Phase, Progress, ProxyError, Scheme, UpgradeError};

use crate::{
    attempt::Attempt,
    deadlines::Deadlines,
    dial::{Dial, TcpDialer, race},
    entropy::{Entropy, SystemEntropy},
    exchange::{Answer, exchange, into_io},
    http_choice::HttpChoice,
    proxy::{Kind, Proxy, ProxyChoice, Target, connect_request, open_socks5},
    resolve::{Resolve, SystemResolver},
    stream::ByteStream,
    tls::{Secured, TlsClient, TlsOptions, alert_in, secure},
    upgrade,
};

/// Opens upgraded streams. Cloning is cheap; clones share what was set.
#[derive(Clone, Debug)]
pub struct Connector {
    deadlines: Deadlines,
    tls: Arc<TlsClient>,
    proxy: ProxyChoice,
    http: HttpChoice,
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

    /// Sets whom TLS trusts and who we are. Default: what the operating system trusts, and no client
    /// certificate. The trusted roots are loaded once, by the first attempt over TLS.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsOptions) -> Self {
        self.tls = Arc::new(TlsClient::new(tls));
        self
    }

    /// Whether certificates are not verified; see
    /// [`TlsOptions::danger_accept_invalid_certificates`].
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.tls.is_insecure()
    }

    /// Sets whether to go through a proxy. Default: what the environment says.
    #[must_use]
    pub fn with_proxy(mut self, proxy: ProxyChoice) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets which HTTP to speak. Default: HTTP/1.1.
    #[must_use]
    pub fn with_http(mut self, http: HttpChoice) -> Self {
        self.http = http;
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

    /// Sets where random bytes come from: the key of the handshake, and the seed of a transport's masks. Default: the operating system.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Where random bytes come from, for whatever a transport needs of them.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
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
        let mut attempt = Attempt::new(self.deadlines, progress);
        #[cfg(feature = "http2")]
        if let Some(upgraded) = self.connect_by_http2(&mut attempt, endpoint, extensions).await? {
            return Ok(upgraded);
        }
        let way = self.clear(&mut attempt, endpoint, HttpChoice::One).await?;
        self.upgrade(&mut attempt, way, endpoint, extensions).await
    }

    /// Opens everything below HTTP.
    async fn clear(
        &self,
        attempt: &mut Attempt<'_>,
        endpoint: &Endpoint,
        http: HttpChoice,
    ) -> Result<Way, ConnectError> {
        // Settings that cannot work are told before anything is opened.
        let tls = match endpoint.scheme() {
            Scheme::Ws => None,
            Scheme::Wss => Some(self.tls.config(http).map_err(ConnectError::Tls)?),
        };
        let proxy = self.proxy.on_the_way_to(endpoint).map_err(ConnectError::Proxy)?;
        let (stream, peer) = match proxy {
            None => self.open(attempt, endpoint).await?,
            Some(proxy) => self.open_through(attempt, endpoint, &proxy).await?,
        };
        let Some(config) = tls else {
            return Ok(Way { secured: Secured::plain(stream), peer });
        };
        let ahead = self.tls.read_ahead_bytes();
        let securing =
            async { secure(stream, config, ahead, endpoint.host()).await.map_err(ConnectError::Tls) };
        Ok(Way { secured: attempt.run(Phase::Tls, securing).await?, peer })
    }

    /// Opens a connection to the endpoint itself.
    async fn open(
        &self,
        attempt: &mut Attempt<'_>,
        endpoint: &Endpoint,
    ) -> Result<(ByteStream, SocketAddr), ConnectError> {
        let (host, port) = (endpoint.host(), endpoint.port());
        let addresses = match endpoint.ip() {
            Some(ip) => vec![ip],
            None => attempt.run(Phase::Resolve, self.resolve(host)).await?,
        };
        attempt.run(Phase::Tcp, self.dial(&addresses, host, port)).await
    }

    /// Opens a connection to the proxy, and a tunnel from there to the endpoint.
    async fn open_through(
        &self,
        attempt: &mut Attempt<'_>,
        endpoint: &Endpoint,
        proxy: &Proxy,
    ) -> Result<(ByteStream, SocketAddr), ConnectError> {
        let (addresses, target) = self.resolve_through(attempt, endpoint, proxy).await?;
        let dialling = self.dial(&addresses, proxy.host(), proxy.port());
        let (mut stream, peer) = attempt.run(Phase::Tcp, dialling).await?;
        let (port, login) = (endpoint.port(), proxy.login());
        if proxy.kind != Kind::Http {
            let opening =
                async { open_socks5(&mut stream, &target, port, login).await.map_err(ConnectError::Proxy) };
            attempt.run(Phase::Proxy, opening).await?;
            return Ok((stream, peer));
        }
        let asking = async {
            let asked = connect_request(stream, &target, port, login, self.head_bytes);
            asked.await.map_err(ConnectError::Proxy)
        };
        match attempt.run(Phase::Proxy, asking).await? {
            Answer::Switched(_, stream) => Ok((stream, peer)),
            Answer::Refused(refused) => Err(ConnectError::Proxy(match refused.head.status {
                StatusCode::PROXY_AUTHENTICATION_REQUIRED => ProxyError::Authentication,
                _ => ProxyError::Refused(Box::new(refused.finish().await)),
            })),
        }
    }

    /// The addresses of the proxy, and what to call the endpoint there.
    async fn resolve_through(
        &self,
        attempt: &mut Attempt<'_>,
        endpoint: &Endpoint,
        proxy: &Proxy,
    ) -> Result<(Vec<IpAddr>, Target), ConnectError> {
        let known_target = match endpoint.ip() {
            Some(ip) => Some(Target::Ip(ip)),
            None if proxy.kind == Kind::Socks5 => None,
            None => Some(Target::Name(endpoint.host().to_owned())),
        };
        if let (Some(ip), Some(target)) = (proxy.ip(), &known_target) {
            return Ok((vec![ip], target.clone()));
        }
        let resolving = async {
            let addresses = match proxy.ip() {
                Some(ip) => vec![ip],
                None => self.resolve(proxy.host()).await?,
            };
            let target = match known_target {
                Some(target) => target,
                // A proxy is asked once, so the resolver's first choice has to do.
                None => Target::Ip(self.resolve(endpoint.host()).await?[0]),
            };
            Ok((addresses, target))
        };
        attempt.run(Phase::Resolve, resolving).await
    }

    /// At least one address of `host`.
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
        attempt: &mut Attempt<'_>,
        way: Way,
        endpoint: &Endpoint,
        extensions: &[&str],
    ) -> Result<Upgraded, ConnectError> {
        let key = upgrade::Key::draw(&*self.entropy)
            .map_err(|error| ConnectError::Upgrade(UpgradeError::Io(Arc::new(error))))?;
        let request = upgrade::request(endpoint, &key, extensions).map_err(ConnectError::Upgrade)?;
        let asking =
            async { exchange(way.secured.stream, request, self.head_bytes).await.map_err(upgrade_failed) };
        let (head, stream) = match attempt.run(Phase::Upgrade, asking).await? {
            Answer::Switched(head, stream) => (head, stream),
            Answer::Refused(refused) => return Err(ConnectError::Refused(Box::new(refused.finish().await))),
        };
        let mut handshake = Handshake::default();
        handshake.subprotocol =
            upgrade::check(&head, endpoint, &key, extensions).map_err(ConnectError::Upgrade)?;
        handshake.headers = head.headers;
        handshake.peer = Some(way.peer);
        handshake.timings = mem::take(&mut attempt.timings);
        Ok(Upgraded { stream, handshake })
    }
}

/// A connection on which nothing of HTTP was said yet.
struct Way {
    secured: Secured,
    peer: SocketAddr,
}

impl Default for Connector {
    fn default() -> Self {
        Self {
            deadlines: Deadlines::default(),
            tls: Arc::default(),
            proxy: ProxyChoice::default(),
            http: HttpChoice::default(),
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
    if error.is_parse() {
        return ConnectError::Upgrade(UpgradeError::NotHttp(Arc::new(error)));
    }
    let error = into_io(error);
    match alert_in(&error) {
        Some(alert) => ConnectError::Tls(alert),
        None => ConnectError::Upgrade(UpgradeError::Io(Arc::new(error))),
    }
}
