//! A transport whose endpoints are reached through a gateway, so that what must hold over HTTP/1.1
//! is tried over HTTP/2 by the same claims.

use nova_frame_codec::{Frame, OutFrame};
use nova_transport::{
    ConnectError, Endpoint, FrameSink, FrameSource, Link, Progress, Scheme, Transport, TransportError,
};

use crate::net::{Gateway, GatewayRules};

/// Puts a [`Gateway`] in front of each `ws` endpoint on 127.0.0.1, for one link. Endpoints with TLS are
/// left alone, since their certificates are theirs.
#[derive(Clone, Debug, Default)]
pub struct Behind<T> {
    transport: T,
    rules: GatewayRules,
}

/// Half a link, and the gateway it leads through.
#[derive(Debug)]
pub struct Through<H> {
    half: H,
    _gateway: Option<std::sync::Arc<Gateway>>,
}

impl<T> Behind<T> {
    /// What `transport` opens leads through gateways that treat it by these rules.
    pub const fn new(transport: T, rules: GatewayRules) -> Self {
        Self { transport, rules }
    }
}

impl<T: Transport> Transport for Behind<T> {
    type Source = Through<T::Source>;
    type Sink = Through<T::Sink>;

    async fn connect(
        &self,
        endpoint: &Endpoint,
        progress: Progress<'_>,
    ) -> Result<Link<Self::Source, Self::Sink>, ConnectError> {
        let (gateway, link) = match (endpoint.scheme(), endpoint.ip()) {
            (Scheme::Ws, Some(ip)) => {
                let server = (ip, endpoint.port()).into();
                let gateway = Gateway::start(server, self.rules.clone()).await.expect("a port is free");
                let url = format!("{}{}", gateway.url(), endpoint.path_and_query().trim_start_matches('/'));
                let there = Endpoint::parse(&url).expect("a gateway has a good URL");
                let link = self.transport.connect(&there, progress).await?;
                (Some(std::sync::Arc::new(gateway)), link)
            }
            _ => (None, self.transport.connect(endpoint, progress).await?),
        };
        Ok(Link {
            source: Through { half: link.source, _gateway: gateway.clone() },
            sink: Through { half: link.sink, _gateway: gateway },
            handshake: link.handshake,
        })
    }
}

impl<S: FrameSource> FrameSource for Through<S> {
    fn bound_messages(&mut self, message_bytes: usize) {
        self.half.bound_messages(message_bytes);
    }

    async fn fill(&mut self) -> Result<(), TransportError> {
        self.half.fill().await
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, TransportError> {
        self.half.next_frame()
    }
}

impl<S: FrameSink> FrameSink for Through<S> {
    fn has_room(&self) -> bool {
        self.half.has_room()
    }

    fn feed(&mut self, frame: OutFrame<'_>) -> Result<(), TransportError> {
        self.half.feed(frame)
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        self.half.flush().await
    }

    async fn finish(&mut self) -> Result<(), TransportError> {
        self.half.finish().await
    }
}
