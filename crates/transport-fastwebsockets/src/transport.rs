//! The transport: settings in, links out.

use nova_connect::Connector;
use nova_transport::{ConnectError, Endpoint, Link, Progress, Transport};

use crate::{sink::Sink, source::Source};

/// Opens WebSockets whose frames fastwebsockets reads and writes.
#[derive(Clone, Debug)]
pub struct FastWebSockets {
    connector: Connector,
    frame_bytes: usize,
}

impl FastWebSockets {
    /// A transport over connections that `connector` opens.
    #[must_use]
    pub const fn new(connector: Connector) -> Self {
        Self { connector, frame_bytes: 16 * 1024 * 1024 }
    }

    /// Sets the longest frame accepted, in bytes; a longer one ends the link before anything is
    /// allocated for it. Default: 16 MiB. Reassembled messages are bounded by the session.
    #[must_use]
    pub const fn with_max_frame_bytes(mut self, frame_bytes: usize) -> Self {
        self.frame_bytes = frame_bytes;
        self
    }
}

impl Default for FastWebSockets {
    fn default() -> Self {
        Self::new(Connector::default())
    }
}

impl Transport for FastWebSockets {
    type Source = Source;
    type Sink = Sink;

    async fn connect(
        &self,
        endpoint: &Endpoint,
        progress: Progress<'_>,
    ) -> Result<Link<Source, Sink>, ConnectError> {
        let upgraded = self.connector.connect(endpoint, progress).await?;
        let (read, write) = upgraded.stream.into_split();
        Ok(Link {
            source: Source::new(read, self.frame_bytes),
            sink: Sink::new(write),
            handshake: upgraded.handshake,
        })
    }
}
