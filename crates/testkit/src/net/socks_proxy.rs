//! A SOCKS5 proxy (RFC 1928), with or without a user name and password (RFC 1929).

use std::{
    future, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};

use super::{
    patience::PATIENCE,
    service::Service,
    stream::Stream,
    tunnels::{Routes, Tunnels},
};

/// How a [`SocksProxy`] treats its clients. By default it lets everybody through.
#[derive(Clone, Debug, Default)]
pub struct SocksRules {
    credentials: Option<(String, String)>,
    failure: Option<u8>,
    is_silent: bool,
    routes: Routes,
}

impl SocksRules {
    /// Demands a user name and a password. A client that offers none is told that no method is
    /// acceptable (0xFF); a wrong one is refused with status 1.
    #[must_use]
    pub fn with_credentials(self, user: &str, password: &str) -> Self {
        Self { credentials: Some((user.to_owned(), password.to_owned())), ..self }
    }

    /// Answers each request with this reply code (RFC 1928 §6), such as 2, "not allowed by the
    /// rules", or 5, "connection refused".
    #[must_use]
    pub fn with_failure(self, reply: u8) -> Self {
        Self { failure: Some(reply), ..self }
    }

    /// Reads the greeting and never answers.
    #[must_use]
    pub fn with_silence(self) -> Self {
        Self { is_silent: true, ..self }
    }

    /// Says where a target (`host:port`) really is, so that a test can use names that only the
    /// proxy knows. Targets without a route must be on this machine; others are answered with
    /// reply 4, "host unreachable".
    #[must_use]
    pub fn with_route(mut self, target: &str, server: SocketAddr) -> Self {
        self.routes.add(target, server);
        self
    }
}

/// A proxy on 127.0.0.1 that really forwards.
pub struct SocksProxy {
    service: Service,
    shared: Arc<Shared>,
}

struct Shared {
    rules: SocksRules,
    tunnels: Tunnels,
}

impl SocksProxy {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn start(rules: SocksRules) -> io::Result<Self> {
        let shared = Arc::new(Shared { rules, tunnels: Tunnels::default() });
        let of_links = Arc::clone(&shared);
        let service = Service::start(move |tcp, _| {
            let shared = Arc::clone(&of_links);
            async move {
                // A failure ends the connection, which is the client's to notice.
                let _ = serve(tcp, &shared).await;
            }
        });
        Ok(Self { service: service.await?, shared })
    }

    /// The proxy's address.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// The proxy's address as `socks5h://127.0.0.1:PORT`: the names are the proxy's to resolve.
    #[must_use]
    pub fn url(&self) -> String {
        format!("socks5h://{}", self.addr())
    }

    /// The last 1 000 targets asked for as `host:port`, refused ones included, oldest first. A name
    /// stands as it came, which shows that the client did not resolve it.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        self.shared.tunnels.targets()
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.service.accepted()
    }

    /// How many tunnels were opened so far.
    #[must_use]
    pub fn opened(&self) -> usize {
        self.shared.tunnels.opened()
    }
}

async fn serve(tcp: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut client = Stream::new(tcp)?;
    let methods = time::timeout(PATIENCE, greeting(&mut client)).await??;
    if shared.rules.is_silent {
        return future::pending().await;
    }
    let negotiated = time::timeout(PATIENCE, negotiate(&mut client, &methods, shared)).await??;
    if let Some(mut server) = negotiated {
        shared.tunnels.carry(&mut client, &mut server, &[]).await?;
    }
    client.close().await;
    Ok(())
}

/// Reads by which methods a client can say who it is.
async fn greeting(client: &mut Stream) -> io::Result<Vec<u8>> {
    expect_byte(client, VERSION).await?;
    read_counted(client).await
}

/// From the choice of a method to the tunnel; `None` if the client was refused.
async fn negotiate(client: &mut Stream, methods: &[u8], shared: &Shared) -> io::Result<Option<TcpStream>> {
    let rules = &shared.rules;
    let method = if rules.credentials.is_some() { WITH_PASSWORD } else { WITHOUT_PASSWORD };
    if !methods.contains(&method) {
        client.write_all(&[VERSION, NO_METHOD]).await?;
        return Ok(None);
    }
    client.write_all(&[VERSION, method]).await?;
    if let Some((user, password)) = &rules.credentials {
        expect_byte(client, PASSWORD_VERSION).await?;
        let given = (read_counted(client).await?, read_counted(client).await?);
        let is_right = given == (user.as_bytes().to_vec(), password.as_bytes().to_vec());
        client.write_all(&[PASSWORD_VERSION, u8::from(!is_right)]).await?;
        if !is_right {
            return Ok(None);
        }
    }
    let target = read_request(client).await?;
    shared.tunnels.record(target.clone());
    let opened = match rules.failure {
        Some(reply) => Err(reply),
        None => rules.routes.dial(&target).await.map_err(|_| HOST_UNREACHABLE),
    };
    let reply = opened.as_ref().err().copied().unwrap_or(SUCCEEDED);
    // The address the proxy connects from is of no use to a client: zeros.
    client.write_all(&[VERSION, reply, 0, IPV4, 0, 0, 0, 0, 0, 0]).await?;
    Ok(opened.ok())
}

/// Reads a request to connect, and gives its target.
async fn read_request(client: &mut Stream) -> io::Result<String> {
    for expected in [VERSION, CONNECT, 0] {
        expect_byte(client, expected).await?;
    }
    let host = match client.read_u8().await? {
        IPV4 => IpAddr::V4(Ipv4Addr::from(client.read_u32().await?)).to_string(),
        IPV6 => format!("[{}]", Ipv6Addr::from(client.read_u128().await?)),
        NAME => String::from_utf8(read_counted(client).await?).map_err(io::Error::other)?,
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    Ok(format!("{host}:{}", client.read_u16().await?))
}

/// Reads as many bytes as the first one says.
async fn read_counted(client: &mut Stream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; client.read_u8().await?.into()];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn expect_byte(client: &mut Stream, expected: u8) -> io::Result<()> {
    match client.read_u8().await? {
        byte if byte == expected => Ok(()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

const VERSION: u8 = 5;
const WITHOUT_PASSWORD: u8 = 0;
const WITH_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xFF;
const PASSWORD_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;
const SUCCEEDED: u8 = 0;
const HOST_UNREACHABLE: u8 = 4;
