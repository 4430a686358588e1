//! A minimal WebSocket client: a stream, and the client's side of the codec.

use std::{io, net::SocketAddr, time::Duration};

use nova_frame_codec::{Client as ClientRole, Decoder, OpCode};
use nova_testkit::net::{RawFrame, accept_key, within};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
    decoder: Decoder<ClientRole>,
}

impl Client {
    /// Connects without a word.
    pub(crate) async fn dial(addr: SocketAddr) -> Self {
        Self::over(TcpStream::connect(addr).await.unwrap())
    }

    /// Connects and upgrades.
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        let mut client = Self::dial(addr).await;
        client.upgrade("/").await;
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, decoder: Decoder::new(1 << 20) }
    }

    pub(crate) async fn upgrade(&mut self, path: &str) {
        self.request(path).await;
        let head = self.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert!(head.contains(&format!("Sec-WebSocket-Accept: {}\r\n", accept_key(KEY))), "{head}");
    }

    pub(crate) async fn request(&mut self, path: &str) {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        self.stream.write_all(head.as_bytes()).await.unwrap();
    }

    /// Reads the head of an answer, and not a byte more.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = within(LIMIT, "the head of an answer", self.stream.read_u8()).await;
            head.push(byte.expect("the stream goes on"));
        }
        String::from_utf8(head).unwrap()
    }

    /// Sends a frame, masked.
    pub(crate) async fn send(&mut self, frame: RawFrame) {
        self.stream.write_all(&frame.with_mask([1, 2, 3, 4]).to_bytes()).await.unwrap();
    }

    /// The next frame's end flag, opcode and payload; an error when the stream ends or fails.
    pub(crate) async fn next(&mut self) -> io::Result<(bool, OpCode, Vec<u8>)> {
        loop {
            if let Some(frame) = self.decoder.next_frame().map_err(io::Error::other)? {
                return Ok((frame.fin, frame.opcode, frame.payload.to_vec()));
            }
            let read = within(LIMIT, "a frame", self.stream.read(self.decoder.spare_mut(1))).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.decoder.commit(read);
        }
    }

    /// The next frame, which must be a whole message of this kind.
    pub(crate) async fn expect(&mut self, opcode: OpCode, payload: &[u8]) {
        let (fin, got, bytes) = self.next().await.expect("a frame comes");
        assert_eq!((fin, got, bytes.len()), (true, opcode, payload.len()));
        assert_eq!(bytes, payload);
    }

    /// How the stream ends; frames before that are an error.
    pub(crate) async fn end(&mut self) -> io::ErrorKind {
        self.next().await.expect_err("the stream ends").kind()
    }

    pub(crate) async fn echo(&mut self, text: &str) {
        self.send(RawFrame::text(text)).await;
        self.expect(OpCode::Text, text.as_bytes()).await;
    }
}

pub(crate) const LIMIT: Duration = Duration::from_secs(5);
