//! The transport that the tests run over, chosen when they start.

use std::env;

use websockex_nova::{
    behaviour::Adapter,
    client::{Client, Connect},
    connect::Connector,
    frame_codec::{Frame, OutFrame},
    session::EndCause,
    transport::{ConnectError, Endpoint, FrameSink, FrameSource, Link, Progress, Transport, TransportError},
    transport_fastwebsockets::{self, FastWebSockets},
    transport_native::{self, Native},
};

/// `NOVA_TRANSPORT=fastwebsockets` chooses that transport; without it the default one is used.
#[derive(Clone, Debug)]
pub enum Wire {
    /// Over fastwebsockets.
    Fast(FastWebSockets),
    /// Over our own codec.
    Native(Native),
}

/// The receiving half of a link.
#[derive(Debug)]
pub enum WireSource {
    /// Over fastwebsockets.
    Fast(transport_fastwebsockets::Source),
    /// Over our own codec.
    Native(Box<transport_native::Source>),
}

/// The sending half of a link.
#[derive(Debug)]
pub enum WireSink {
    /// Over fastwebsockets.
    Fast(transport_fastwebsockets::Sink),
    /// Over our own codec.
    Native(Box<transport_native::Sink>),
}

impl Wire {
    /// The chosen transport over connections that `connector` opens.
    #[must_use]
    pub fn new(connector: Connector) -> Self {
        match env::var("NOVA_TRANSPORT").as_deref() {
            Ok("native") | Err(_) => Self::Native(Native::new(connector)),
            Ok("fastwebsockets") => Self::Fast(FastWebSockets::new(connector)),
            Ok(other) => panic!("NOVA_TRANSPORT names no transport: {other}"),
        }
    }
}

impl Default for Wire {
    fn default() -> Self {
        Self::new(Connector::default())
    }
}

impl Transport for Wire {
    type Source = WireSource;
    type Sink = WireSink;

    async fn connect(
        &self,
        endpoint: &Endpoint,
        progress: Progress<'_>,
    ) -> Result<Link<WireSource, WireSink>, ConnectError> {
        Ok(match self {
            Self::Fast(transport) => {
                let Link { source, sink, handshake } = transport.connect(endpoint, progress).await?;
                Link { source: WireSource::Fast(source), sink: WireSink::Fast(sink), handshake }
            }
            Self::Native(transport) => {
                let Link { source, sink, handshake } = transport.connect(endpoint, progress).await?;
                let (source, sink) = (Box::new(source), Box::new(sink));
                Link { source: WireSource::Native(source), sink: WireSink::Native(sink), handshake }
            }
        })
    }
}

impl FrameSource for WireSource {
    fn bound_messages(&mut self, message_bytes: usize) {
        match self {
            Self::Fast(source) => source.bound_messages(message_bytes),
            Self::Native(source) => source.bound_messages(message_bytes),
        }
    }

    async fn fill(&mut self) -> Result<(), TransportError> {
        match self {
            Self::Fast(source) => source.fill().await,
            Self::Native(source) => source.fill().await,
        }
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, TransportError> {
        match self {
            Self::Fast(source) => source.next_frame(),
            Self::Native(source) => source.next_frame(),
        }
    }
}

impl FrameSink for WireSink {
    fn has_room(&self) -> bool {
        match self {
            Self::Fast(sink) => sink.has_room(),
            Self::Native(sink) => sink.has_room(),
        }
    }

    fn feed(&mut self, frame: OutFrame<'_>) -> Result<(), TransportError> {
        match self {
            Self::Fast(sink) => sink.feed(frame),
            Self::Native(sink) => sink.feed(frame),
        }
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        match self {
            Self::Fast(sink) => sink.flush().await,
            Self::Native(sink) => sink.flush().await,
        }
    }

    async fn finish(&mut self) -> Result<(), TransportError> {
        match self {
            Self::Fast(sink) => sink.finish().await,
            Self::Native(sink) => sink.finish().await,
        }
    }
}

/// In the place of the facade's, which knows the default transport only.
pub trait ClientExt<A: Adapter>: Sized {
    /// Connects over the chosen transport.
    ///
    /// # Errors
    ///
    /// As the facade's.
    ///
    /// # Cancel safety
    ///
    /// As the facade's.
    fn connect(adapter: A) -> impl Future<Output = Result<Self, EndCause>> + Send;

    /// The same in two steps.
    fn prepare(adapter: A) -> Connect<A, Wire>;
}

impl<A: Adapter> ClientExt<A> for Client<A::Handlers> {
    async fn connect(adapter: A) -> Result<Self, EndCause> {
        Self::prepare(adapter).connect().await
    }

    fn prepare(adapter: A) -> Connect<A, Wire> {
        Connect::new(adapter, Wire::default())
    }
}
