//! An HTTP proxy that opens tunnels with `CONNECT` (RFC 9110 §9.3.6).

use std::{future, io, net::SocketAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{io::AsyncWriteExt, net::TcpStream, time};

use super::{
    answer::Answer,
    journal::{Event, Journal},
    patience::PATIENCE,
    request::Request,
    service::Service,
    stream::Stream,
    tunnels::{Routes, Tunnels},
};

/// How a [`ConnectProxy`] treats its clients. By default it lets everybody through.
#[derive(Clone, Debug, Default)]
pub struct ConnectRules {
    credentials: Option<String>,
    refusal: Option<Answer>,
    is_silent: bool,
    routes: Routes,
}

impl ConnectRules {
    /// Demands a user name and a password (Basic, RFC 7617), and answers 407 without them.
    #[must_use]
    pub fn with_credentials(self, user: &str, password: &str) -> Self {
        let credentials = Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
        Self { credentials, ..self }
    }

    /// Gives this answer to everybody whose credentials are right.
    #[must_use]
    pub fn with_refusal(self, answer: Answer) -> Self {
        Self { refusal: Some(answer), ..self }
    }

    /// Reads requests and never answers.
    #[must_use]
    pub fn with_silence(self) -> Self {
        Self { is_silent: true, ..self }
    }

    /// Says where a target (`host:port`) really is, so that a test can use names that only the
    /// proxy knows. Targets without a route must be on this machine; others are answered with 502.
    #[must_use]
    pub fn with_route(mut self, target: &str, server: SocketAddr) -> Self {
        self.routes.add(target, server);
        self
    }
}

/// A proxy on 127.0.0.1 that really forwards.
pub struct ConnectProxy {
    service: Service,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    rules: ConnectRules,
    journal: Journal,
    tunnels: Tunnels,
}

impl ConnectProxy {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn start(rules: ConnectRules) -> io::Result<Self> {
        let shared = Arc::new(Shared { rules, ..Shared::default() });
        let of_links = Arc::clone(&shared);
        let service = Service::start(move |tcp, number| {
            let shared = Arc::clone(&of_links);
            async move {
                // A failure ends the connection, which is the client's to notice.
                let _ = serve(tcp, number, &shared).await;
            }
        });
        Ok(Self { service: service.await?, shared })
    }

    /// The proxy's address.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// The proxy's address as `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// The targets of the last 1 000 requests, refused ones included, oldest first.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        self.shared.tunnels.targets()
    }

    /// The requests with all their headers.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.journal.requests()
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

async fn serve(tcp: TcpStream, number: usize, shared: &Shared) -> io::Result<()> {
    let mut client = Stream::new(tcp)?;
    let mut early = Vec::new();
    let request = time::timeout(PATIENCE, Request::read(&mut client, &mut early)).await??;
    let Some(request) = request else { return Ok(()) };
    let target = request.target.clone();
    shared.tunnels.record(target.clone());
    shared.journal.record(number, Event::Request(request.clone()));
    if shared.rules.is_silent {
        return future::pending().await;
    }
    let opened = match shared.rules.verdict(&request) {
        Some(refusal) => Err(refusal),
        None => shared.rules.routes.dial(&target).await.map_err(|_| Answer::refusing(502)),
    };
    match opened {
        Err(refusal) => client.write_all(&refusal.to_bytes()).await?,
        Ok(mut server) => {
            client.write_all(&Answer::with_status(200).to_bytes()).await?;
            shared.tunnels.carry(&mut client, &mut server, &early).await?;
        }
    }
    client.close().await;
    Ok(())
}

impl ConnectRules {
    /// The answer to a request that gets no tunnel.
    fn verdict(&self, request: &Request) -> Option<Answer> {
        if request.method != "CONNECT" {
            return Some(Answer::refusing(405));
        }
        if self.credentials.is_some() && self.credentials.as_deref() != request.header("Proxy-Authorization")
        {
            return Some(Answer::refusing(407).with_header("Proxy-Authenticate", "Basic realm=\"test\""));
        }
        self.refusal.clone()
    }
}
