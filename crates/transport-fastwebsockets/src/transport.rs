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

    /// Sets the longest frame accepted, in bytes, at most 1 GiB; a longer one ends the link before
    /// anything is allocated for it. Default: 16 MiB. What the session says that a message may have
    /// (`Settings::message_bytes`) bounds frames as well, and the smaller bound holds.
    ///
    /// The crate allocates the whole of an accepted frame when its header has come, so this bound is
    /// also what a peer can make a link allocate with a few bytes.
    #[must_use]
    pub const fn with_max_frame_bytes(mut self, frame_bytes: usize) -> Self {
        self.frame_bytes = if frame_bytes > MOST_FRAME_BYTES { MOST_FRAME_BYTES } else { frame_bytes };
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

/// Far from where the crate's sum of payload and header would overflow, and panic.
const MOST_FRAME_BYTES: usize = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_so_high_that_a_header_could_make_the_crate_panic() {
        let transport = FastWebSockets::default().with_max_frame_bytes(usize::MAX);
        assert_eq!(transport.frame_bytes, 1 << 30);
    }
}
