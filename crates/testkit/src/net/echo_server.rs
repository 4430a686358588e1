//! A well-behaved WebSocket server that echoes, and can be taken away and brought back.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use nova_frame_codec::{
    Assembler, CloseFrame, ControlPayload, Decoder, Encoder, Message, OutFrame, ProtocolError, Server,
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time,
};

use super::{
    answer::Answer,
    certificates::Certificates,
    patience::PATIENCE,
    request::Request,
    service::Service,
    stream::{Ending, Stream},
};

/// Echoes text and binary messages, and answers pings and close. It reads no faster than its
/// client takes the echoes, holds one message of at most 64 MiB for each connection, and closes
/// with the fitting code on a client that breaks the protocol.
pub struct EchoServer {
    service: Service,
    shared: Arc<Shared>,
}

struct Shared {
    tls: Option<Arc<ServerConfig>>,
    handshakes: AtomicUsize,
    open: watch::Sender<usize>,
    cut: watch::Sender<Ending>,
}

impl EchoServer {
    /// Serves plain TCP on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn start() -> io::Result<Self> {
        Self::start_as(None).await
    }

    /// Serves TLS on a free port of 127.0.0.1, with the right certificate.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn start_tls(certificates: &Certificates) -> io::Result<Self> {
        Self::start_tls_as(certificates.server().server_config()).await
    }

    /// Serves TLS on a free port of 127.0.0.1, in the given way.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn start_tls_as(config: Arc<ServerConfig>) -> io::Result<Self> {
        Self::start_as(Some(config)).await
    }

    async fn start_as(tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            tls,
            handshakes: AtomicUsize::new(0),
            open: watch::Sender::new(0),
            cut: watch::Sender::new(Ending::Fin),
        });
        let of_links = Arc::clone(&shared);
        let service = Service::start(move |tcp, _| {
            // Subscribed before the task first runs, so that no cut is missed.
            let cut = of_links.cut.subscribe();
            serve(tcp, Arc::clone(&of_links), cut)
        });
        Ok(Self { service: service.await?, shared })
    }

    /// The address to connect to.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// The address as `ws://127.0.0.1:PORT/`, or with `wss` where it serves TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}/", self.addr())
    }

    /// How many connections were accepted so far, those before a restart included.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.service.accepted()
    }

    /// How many of them became WebSockets.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.shared.handshakes.load(Ordering::Relaxed)
    }

    /// How many WebSockets are open now.
    #[must_use]
    pub fn open_links(&self) -> usize {
        *self.shared.open.borrow()
    }

    /// Waits until this many WebSockets are open, for 5 s at most.
    ///
    /// # Panics
    ///
    /// They are not in time.
    ///
    /// # Cancel safety
    ///
    /// Nothing changes by dropping it.
    #[track_caller]
    pub fn wait_for_open_links(&self, wanted: usize) -> impl Future<Output = ()> + '_ {
        let wait = async move {
            let mut open = self.shared.open.subscribe();
            open.wait_for(|open| *open == wanted).await.expect("the sender lives as long as the server");
        };
        super::patience::within(PATIENCE, "open links", wait)
    }

    /// Ends all present connections abruptly, without a close frame. New ones are served.
    pub fn cut_links(&self, ending: Ending) {
        self.shared.cut.send_replace(ending);
    }

    /// Ends all connections and stops listening. When this returns, connections are refused.
    ///
    /// # Cancel safety
    ///
    /// Dropped too early, it may leave connections that end a little later.
    pub async fn stop(&mut self) {
        self.service.stop().await;
    }

    /// Listens again on the same port, after a [`stop`](Self::stop) if that was not called.
    ///
    /// # Errors
    ///
    /// No socket is left.
    ///
    /// # Cancel safety
    ///
    /// As [`stop`](Self::stop).
    pub async fn restart(&mut self) -> io::Result<()> {
        self.service.restart().await
    }
}

/// One connection, from TCP to its end. A failure ends it and is the client's to notice.
async fn serve(tcp: TcpStream, shared: Arc<Shared>, mut cut: watch::Receiver<Ending>) {
    let Ok(Ok(mut stream)) = time::timeout(PATIENCE, open(tcp, shared.tls.clone())).await else { return };
    tokio::select! {
        _ = converse(&mut stream, &shared) => stream.close().await,
        Ok(()) = cut.changed() => {
            let ending = *cut.borrow();
            stream.end(ending).await;
        }
    }
}

async fn open(tcp: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Stream> {
    let stream = Stream::new(tcp)?;
    match tls {
        Some(config) => stream.into_tls(config).await,
        None => Ok(stream),
    }
}

/// The opening handshake, and echoes until the stream or the conversation ends.
async fn converse(stream: &mut Stream, shared: &Shared) -> io::Result<()> {
    let mut early = Vec::new();
    let request = time::timeout(PATIENCE, Request::read(stream, &mut early)).await??;
    let Some(request) = request else { return Ok(()) };
    if request.header("Sec-WebSocket-Key").is_none() {
        return stream.write_all(&Answer::refusing(400).to_bytes()).await;
    }
    stream.write_all(&Answer::accepting(&request).to_bytes()).await?;
    stream.flush().await?;
    shared.handshakes.fetch_add(1, Ordering::Relaxed);
    shared.open.send_modify(|open| *open += 1);
    let _count = Counted(&shared.open);

    let mut echo = Echo::new(&early);
    loop {
        let more = echo.take_frames().unwrap_or_else(|broken| echo.refuse(broken));
        while !echo.encoder.pending().is_empty() {
            let written = stream.write(echo.encoder.pending()).await?;
            echo.encoder.advance(written);
        }
        match more {
            Next::Frames => continue,
            Next::Bytes => stream.flush().await?,
            Next::End => return stream.flush().await,
        }
        let read = stream.read(echo.decoder.spare_mut(1)).await?;
        if read == 0 {
            return Ok(());
        }
        echo.decoder.commit(read);
    }
}

/// Takes one off the number of open links when dropped.
struct Counted<'a>(&'a watch::Sender<usize>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

/// What an echoing connection knows.
struct Echo {
    decoder: Decoder<Server>,
    assembler: Assembler,
    encoder: Encoder<Server>,
}

/// What an echoing connection needs to go on, once its output is written.
enum Next {
    /// Nothing: there may be more frames.
    Frames,
    /// More bytes from the client.
    Bytes,
    /// Nothing will follow.
    End,
}

impl Echo {
    fn new(early: &[u8]) -> Self {
        let mut decoder = Decoder::new(MAX_MESSAGE_BYTES);
        decoder.extend(early);
        Self { decoder, assembler: Assembler::new(MAX_MESSAGE_BYTES), encoder: Encoder::new() }
    }

    /// Answers the frames that are buffered, until there is enough to write.
    fn take_frames(&mut self) -> Result<Next, ProtocolError> {
        while self.encoder.pending().len() < ENOUGH_BYTES {
            let Some(frame) = self.decoder.next_frame()? else { return Ok(Next::Bytes) };
            match self.assembler.push(frame)? {
                None | Some(Message::Pong(_)) => {}
                Some(Message::Text(text)) => self.encoder.push(OutFrame::text(text)),
                Some(Message::Binary(bytes)) => self.encoder.push(OutFrame::binary(bytes)),
                Some(Message::Ping(payload)) => {
                    let payload = ControlPayload::new(payload).expect("a ping carries at most 125 bytes");
                    self.encoder.push(OutFrame::pong(&payload));
                }
                Some(Message::Close(frame)) => {
                    self.close(frame.as_ref());
                    return Ok(Next::End);
                }
            }
        }
        Ok(Next::Frames)
    }

    fn refuse(&mut self, broken: ProtocolError) -> Next {
        self.close(Some(&broken.close_code().into()));
        Next::End
    }

    fn close(&mut self, frame: Option<&CloseFrame>) {
        let payload = frame.map_or(ControlPayload::EMPTY, ControlPayload::from);
        self.encoder.push(OutFrame::close(&payload));
    }
}

const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// Output that is written before further frames are taken.
const ENOUGH_BYTES: usize = 64 * 1024;
