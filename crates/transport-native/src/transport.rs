//! The transport: settings in, links out.

use std::{fmt, marker::PhantomData, sync::Arc};

use nova_connect::Connector;
use nova_transport::{ConnectError, Endpoint, Link, Progress, Transport, UpgradeError};

#[cfg(feature = "deflate")]
use crate::deflate::Compression;
use crate::{
    masks::Masks,
    policy::{EndOfTurn, FlushPolicy},
    sink::Sink,
    source::Source,
};

/// Opens WebSockets whose frames our own codec reads and writes. `F` says when frames leave.
pub struct Native<F: FlushPolicy = EndOfTurn> {
    connector: Connector,
    frame_bytes: usize,
    #[cfg(feature = "deflate")]
    compression: Option<Compression>,
    policy: PhantomData<F>,
}

impl Native {
    /// A transport over connections that `connector` opens.
    #[must_use]
    pub const fn new(connector: Connector) -> Self {
        Self {
            connector,
            frame_bytes: 16 * 1024 * 1024,
            #[cfg(feature = "deflate")]
            compression: None,
            policy: PhantomData,
        }
    }
}

impl<F: FlushPolicy> Native<F> {
    /// Sets when frames leave: `with_flush::<Immediate>()`. Default: [`EndOfTurn`].
    #[must_use]
    pub fn with_flush<G: FlushPolicy>(self) -> Native<G> {
        Native {
            connector: self.connector,
            frame_bytes: self.frame_bytes,
            #[cfg(feature = "deflate")]
            compression: self.compression,
            policy: PhantomData,
        }
    }

    /// Offers to compress messages (permessage-deflate, RFC 7692). A server that does not want to is no
    /// error: messages are then sent as they are. Default: it is not offered.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Sets the longest frame accepted, in bytes; the header of a longer one ends the link. Memory is
    /// taken as bytes arrive, whatever a header announces. A compressed message may become as long as that
    /// when it is inflated. Default: 16 MiB.
    ///
    /// What the session says that a message may have (`Settings::message_bytes`) bounds both as well, and
    /// the smaller bound holds: setting that one is enough, unless frames are to be smaller than messages.
    #[must_use]
    pub const fn with_max_frame_bytes(mut self, frame_bytes: usize) -> Self {
        self.frame_bytes = frame_bytes;
        self
    }
}

impl Default for Native {
    fn default() -> Self {
        Self::new(Connector::default())
    }
}

impl<F: FlushPolicy> Transport for Native<F> {
    type Source = Source;
    type Sink = Sink<F>;

    async fn connect(
        &self,
        endpoint: &Endpoint,
        progress: Progress<'_>,
    ) -> Result<Link<Source, Sink<F>>, ConnectError> {
        let masks = Masks::seeded_by(self.connector.entropy())
            .map_err(|error| ConnectError::Upgrade(UpgradeError::Io(Arc::new(error))))?;
        #[cfg(feature = "deflate")]
        if let Some(compression) = &self.compression {
            return self.connect_compressing(compression, endpoint, progress, masks).await;
        }
        let upgraded = self.connector.connect(endpoint, progress).await?;
        let (read, write) = upgraded.stream.into_split();
        Ok(Link {
            source: Source::new(read, self.frame_bytes),
            sink: Sink::new(write, masks),
            handshake: upgraded.handshake,
        })
    }
}

#[cfg(feature = "deflate")]
impl<F: FlushPolicy> Native<F> {
    async fn connect_compressing(
        &self,
        compression: &Compression,
        endpoint: &Endpoint,
        progress: Progress<'_>,
        masks: Masks,
    ) -> Result<Link<Source, Sink<F>>, ConnectError> {
        let offer = compression.offer();
        let upgraded = self.connector.connect_offering(endpoint, &[&offer], progress).await?;
        let answer = upgraded.handshake.headers.get_all(http::header::SEC_WEBSOCKET_EXTENSIONS);
        let agreed = compression.agreed(answer).map_err(|error| {
            // Parameters that were not offered make it another extension than the one that was.
            ConnectError::Upgrade(UpgradeError::UnofferedExtension(error.to_string()))
        })?;
        let (read, write) = upgraded.stream.into_split();
        let (mut source, mut sink) = (Source::new(read, self.frame_bytes), Sink::new(write, masks));
        if let Some(agreement) = agreed {
            let (deflater, inflater) = agreement.for_client(compression, self.frame_bytes);
            source = source.inflating(inflater);
            sink = sink.deflating(deflater);
        }
        Ok(Link { source, sink, handshake: upgraded.handshake })
    }
}

// By hand, since a derive would ask the same of the policy, which is only a name.
impl<F: FlushPolicy> Clone for Native<F> {
    fn clone(&self) -> Self {
        Self {
            connector: self.connector.clone(),
            frame_bytes: self.frame_bytes,
            #[cfg(feature = "deflate")]
            compression: self.compression,
            policy: PhantomData,
        }
    }
}

impl<F: FlushPolicy> fmt::Debug for Native<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native")
            .field("connector", &self.connector)
            .field("frame_bytes", &self.frame_bytes)
            .finish_non_exhaustive()
    }
}
