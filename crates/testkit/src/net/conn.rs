//! One connection of a scripted peer, driven step by step.
//!
//! The client is not trusted to be right, so frames are read without judging them. Writing to a
//! client that is gone is not an error: that it is gone is seen by reading.

use std::{convert::Infallible, future, io, net::SocketAddr, sync::Arc, time::Duration};

use nova_frame_codec::OutFrame;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};

use super::{
    answer::Answer,
    journal::{Event, Journal},
    patience::{PATIENCE, within},
    raw_frame::RawFrame,
    request::Request,
    stream::{Ending, Stream},
};

/// A connection that does what it is told. Every wait panics after 5 s, unless
/// [`with_patience`](Self::with_patience) says otherwise. Dropping it closes the socket.
#[derive(Debug)]
pub struct Conn {
    stream: Stream,
    number: usize,
    journal: Journal,
    patience: Duration,
    request: Option<Request>,
    /// Bytes that were read and not yet taken.
    unread: Vec<u8>,
    /// The fragments so far of an unfinished message.
    unfinished: Option<RawFrame>,
}

/// Opening: TLS, the request, the answer.
impl Conn {
    pub(crate) fn new(tcp: TcpStream, number: usize, journal: Journal) -> io::Result<Self> {
        journal.record(number, Event::Accepted);
        let stream = Stream::new(tcp)?;
        Ok(Self {
            stream,
            number,
            journal,
            patience: PATIENCE,
            request: None,
            unread: Vec::new(),
            unfinished: None,
        })
    }

    /// Waits this long for anything before it panics. Default: 5 s.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Performs the server's side of a TLS handshake; see
    /// [`Identity::server_config`](super::Identity::server_config).
    ///
    /// # Errors
    ///
    /// The client refuses the certificate, shows none where one is demanded, or hangs up.
    ///
    /// # Panics
    ///
    /// The handshake takes too long.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the connection.
    pub async fn start_tls(mut self, config: Arc<ServerConfig>) -> io::Result<Self> {
        self.stream = within(self.patience, "a TLS handshake", self.stream.into_tls(config)).await?;
        Ok(self)
    }

    /// Reads the next request; `None` if the client hangs up before it is whole.
    ///
    /// # Panics
    ///
    /// It takes too long, or what comes is not HTTP.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn next_request(&mut self) -> Option<Request> {
        let read = Request::read(&mut self.stream, &mut self.unread);
        let request = match within(self.patience, "a request", read).await {
            Ok(request) => request,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => panic!("{error}"),
            Err(_) => None,
        };
        let event = request.clone().map_or(Event::Ended, Event::Request);
        self.journal.record(self.number, event);
        self.request.clone_from(&request);
        request
    }

    /// Reads the next request.
    ///
    /// # Panics
    ///
    /// It takes too long, what comes is not HTTP, or the client hangs up.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn read_request(&mut self) -> Request {
        self.next_request().await.expect("the client hung up instead of sending a request")
    }

    /// The request that was read last.
    ///
    /// # Panics
    ///
    /// None was read.
    #[must_use]
    pub fn request(&self) -> &Request {
        self.request.as_ref().expect("a request was read before it is asked for")
    }

    /// Answers an opening handshake as RFC 6455 §4.2.2 demands, reading the request first unless
    /// that was done.
    ///
    /// # Panics
    ///
    /// As [`read_request`](Self::read_request), or the client does not read.
    ///
    /// # Cancel safety
    ///
    /// The answer may be cut short by dropping it.
    pub async fn accept_upgrade(&mut self) {
        self.accept_upgrade_with(|right| right).await;
    }

    /// Like [`accept_upgrade`](Self::accept_upgrade), with the right answer changed at will: a
    /// header more, a header less, frames right behind it in the same write.
    ///
    /// # Panics
    ///
    /// As [`accept_upgrade`](Self::accept_upgrade).
    ///
    /// # Cancel safety
    ///
    /// The answer may be cut short by dropping it.
    pub async fn accept_upgrade_with(&mut self, change: impl FnOnce(Answer) -> Answer) {
        if self.request.is_none() {
            self.read_request().await;
        }
        let right = Answer::accepting(self.request());
        self.answer(&change(right)).await;
    }

    /// Answers anything; see [`Answer::refusing`].
    ///
    /// # Panics
    ///
    /// The client does not read.
    ///
    /// # Cancel safety
    ///
    /// The answer may be cut short by dropping it.
    pub async fn answer(&mut self, answer: &Answer) {
        self.send_raw(answer.to_bytes()).await;
    }

    /// The number of this connection; the first that was accepted is 1.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// The client's address.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    /// The name the client asked for in its TLS handshake (SNI), if any.
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        self.stream.server_name()
    }

    /// Whether the client proved who it is with a certificate.
    #[must_use]
    pub fn has_client_certificate(&self) -> bool {
        self.stream.has_client_certificate()
    }
}

/// Reading.
impl Conn {
    /// The next frame, unmasked; `None` when the stream has ended, in whatever way.
    ///
    /// # Panics
    ///
    /// It takes too long, or the frame is larger than 64 MiB.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn next(&mut self) -> Option<RawFrame> {
        loop {
            if let Some((frame, taken)) = RawFrame::parse(&self.unread) {
                self.unread.drain(..taken);
                self.journal.record(self.number, Event::Frame(frame.clone()));
                return Some(frame);
            }
            assert!(self.unread.len() <= MAX_UNREAD_BYTES, "the client sent a frame over 64 MiB");
            let read = self.stream.read_buf(&mut self.unread);
            if let Ok(0) | Err(_) = within(self.patience, "a frame", read).await {
                self.journal.record(self.number, Event::Ended);
                return None;
            }
        }
    }

    /// The next frame, unmasked.
    ///
    /// # Panics
    ///
    /// As [`next`](Self::next), or the stream ends.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn recv(&mut self) -> RawFrame {
        self.next().await.expect("the client ended the stream instead of sending a frame")
    }

    /// The next whole message: fragments are joined into one frame. Control frames between the
    /// fragments come first, each as a message of its own.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn recv_message(&mut self) -> RawFrame {
        loop {
            let frame = self.recv().await;
            if frame.opcode >= 0x8 {
                return frame;
            }
            let fin = frame.fin;
            match &mut self.unfinished {
                Some(message) => message.payload.extend(frame.payload),
                None => self.unfinished = Some(frame),
            }
            if let Some(message) = self.unfinished.take_if(|_| fin) {
                return message.with_fin(true);
            }
        }
    }

    /// The next text message. Control frames before it are passed over, and are not answered.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv), or the next message is binary or not UTF-8.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn recv_text(&mut self) -> String {
        loop {
            let message = self.recv_message().await;
            if message.opcode < 0x8 {
                assert_eq!(message.opcode, 0x1, "text was awaited, not a message with this opcode");
                return message.as_text().to_owned();
            }
        }
    }

    /// Waits for the client to end the stream, which it must do in order and without another frame.
    ///
    /// # Panics
    ///
    /// It takes too long, a frame comes, or the connection is reset.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn expect_eof(&mut self) {
        if let Some((frame, _)) = RawFrame::parse(&self.unread) {
            panic!("a frame with opcode {:#x} came instead of the end of the stream", frame.opcode);
        }
        let before = self.unread.len();
        let ending = self.ended().await;
        assert_eq!(ending, Ending::Fin, "the stream was reset instead of ended");
        assert_eq!(self.unread.len(), before, "bytes came instead of the end of the stream");
    }

    /// Waits for the client to end the stream, and tells how it did. Up to 64 MiB of what comes
    /// before that can still be read thereafter.
    ///
    /// # Panics
    ///
    /// It takes too long, or more than that comes.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn ended(&mut self) -> Ending {
        loop {
            assert!(self.unread.len() <= MAX_UNREAD_BYTES, "the client sent over 64 MiB");
            let read = self.stream.read_buf(&mut self.unread);
            let ending = match within(self.patience, "the end of the stream", read).await {
                Ok(1..) => continue,
                Ok(0) => Ending::Fin,
                // TLS calls it so when the stream ends without its farewell.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ending::Fin,
                Err(_) => Ending::Reset,
            };
            self.journal.record(self.number, Event::Ended);
            return ending;
        }
    }

    /// Echoes messages, frame by frame, and answers pings and close, until the stream ends.
    ///
    /// # Panics
    ///
    /// The client is silent, or does not read, for too long.
    ///
    /// # Cancel safety
    ///
    /// An answer may be cut short by dropping it.
    pub async fn echo(&mut self) {
        while let Some(mut frame) = self.next().await {
            frame.mask = None;
            match frame.opcode {
                0x9 => self.send(RawFrame::pong(frame.payload)).await,
                0xA => {}
                _ => self.send(frame).await,
            }
        }
    }
}

/// Writing.
impl Conn {
    /// Sends bytes as they are, in one write where the socket takes them.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The bytes may be cut short by dropping it.
    pub async fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        let write = async {
            self.stream.write_all(bytes.as_ref()).await?;
            self.stream.flush().await
        };
        // An error means that the client is gone; see the head of this file.
        let _ = within(self.patience, "the client to read", write).await;
    }

    /// Sends a frame: a legal [`OutFrame`], or any [`RawFrame`].
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The frame may be cut short by dropping it.
    pub async fn send(&mut self, frame: impl Into<RawFrame>) {
        self.send_raw(frame.into().to_bytes()).await;
    }

    /// Sends a text message.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The message may be cut short by dropping it.
    pub async fn send_text(&mut self, text: &str) {
        self.send(RawFrame::text(text)).await;
    }

    /// Sends a message in fragments, one write each: `first` with its own opcode, then the rest.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The message may be cut short by dropping it.
    pub async fn send_fragments(&mut self, first: RawFrame, rest: &[&[u8]]) {
        self.send(first.with_fin(rest.is_empty())).await;
        for (index, part) in rest.iter().enumerate() {
            self.send(RawFrame::continuation(*part).with_fin(index + 1 == rest.len())).await;
        }
    }

    /// Sends bytes one at a time, with this pause before each.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The bytes may be cut short by dropping it.
    pub async fn send_slowly(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) {
        for byte in bytes.as_ref() {
            time::sleep(pause).await;
            self.send_raw([*byte]).await;
        }
    }

    /// Sends a close frame. What follows is the test's choice.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The frame may be cut short by dropping it.
    pub async fn close_with(&mut self, code: u16, reason: &str) {
        self.send(RawFrame::close(code, reason)).await;
    }
}

/// Ending, or not.
impl Conn {
    /// Ends the sending direction in order; reading goes on.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The end may not have been sent when it is dropped.
    pub async fn half_close(&mut self) {
        // An error means that the client is gone; see the head of this file.
        let _ = within(self.patience, "the client to read", self.stream.shutdown()).await;
    }

    /// Ends the connection without a word: in order, or by a reset.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the socket.
    pub async fn end(self, ending: Ending) {
        self.stream.end(ending).await;
    }

    /// Resets the connection (RST).
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the socket.
    pub async fn reset(self) {
        self.end(Ending::Reset).await;
    }

    /// Keeps the connection open and does nothing more, until the task that waits here is ended.
    /// A test that drives the connection itself only has to hold it.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the socket.
    pub async fn stall(self) -> Infallible {
        let _open = self;
        future::pending().await
    }
}

impl From<OutFrame<'_>> for RawFrame {
    fn from(frame: OutFrame<'_>) -> Self {
        Self::new(frame.opcode().bits(), frame.payload()).with_fin(frame.fin())
    }
}

/// The most that is buffered of what a client sends.
const MAX_UNREAD_BYTES: usize = 64 * 1024 * 1024;
