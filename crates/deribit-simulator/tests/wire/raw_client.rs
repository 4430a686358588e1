//! A client of RFC 6455 that shares no code with anything: frames are written and read by hand.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time,
};

pub(crate) struct RawClient<S = TcpStream> {
    stream: S,
    last_id: u64,
    /// What was read and not yet taken.
    unread: Vec<u8>,
}

/// A frame as it came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RawFrame {
    pub(crate) fin: bool,
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

/// How a stream ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Fin,
    Reset,
}

pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;

impl RawClient {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        let (status, client) = Self::attempt(addr, "/ws/api/v2").await.expect("an answer");
        assert_eq!(status, 101);
        client
    }

    /// Asks for a WebSocket; gives the status and what may be one.
    pub(crate) async fn attempt(addr: SocketAddr, path: &str) -> std::io::Result<(u16, Self)> {
        Self::over(TcpStream::connect(addr).await?, path).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RawClient<S> {
    pub(crate) async fn over(mut stream: S, path: &str) -> std::io::Result<(u16, Self)> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8(head).expect("a head of HTTP");
        let status = head[9..12].parse().expect("a status");
        if status == 101 {
            // The key and the answer are those of RFC 6455 §1.3.
            assert!(head.to_ascii_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="));
        }
        Ok((status, Self { stream, last_id: 0, unread: Vec::new() }))
    }

    /// Sends a frame, masked as a client must.
    pub(crate) async fn send(&mut self, fin: bool, opcode: u8, payload: &[u8]) {
        let mut frame = vec![opcode | if fin { 0x80 } else { 0 }];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length @ 126..0x1_0000 => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        let key = [0x12, 0x34, 0x56, 0x78];
        frame.extend(key);
        frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        self.send_bytes(&frame).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        // A server that is gone is noticed by reading.
        let _ = self.stream.write_all(bytes).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.send(true, TEXT, text.as_bytes()).await;
    }

    pub(crate) async fn request(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params});
        self.text(&request.to_string()).await;
        self.last_id
    }

    /// Sends a request and waits for its reply; what comes before that is dropped.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params).await;
        self.wait_for(|text| text["id"] == id).await
    }

    pub(crate) async fn login(&mut self) -> Value {
        let params = json!({"grant_type": "client_credentials", "client_id": "sim-client",
            "client_secret": "sim-secret-0001"});
        let reply = self.call("public/auth", params).await;
        assert!(reply["result"]["access_token"].is_string(), "{reply}");
        reply["result"].clone()
    }

    pub(crate) async fn subscribe(&mut self, channels: &[&str]) -> Value {
        self.call("public/subscribe", json!({ "channels": channels })).await["result"].clone()
    }

    pub(crate) async fn wait_for(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.expect("a frame, not the end");
            if frame.opcode == TEXT
                && let Ok(text) = serde_json::from_slice(&frame.payload)
                && is_it(&text)
            {
                return text;
            }
        }
    }

    pub(crate) async fn notification(&mut self, channel: &str) -> Value {
        self.wait_for(|text| text["params"]["channel"] == channel).await["params"]["data"].clone()
    }

    /// The next frame, or how the stream ended.
    pub(crate) async fn next(&mut self) -> Result<RawFrame, End> {
        loop {
            if let Some((frame, taken)) = parse(&self.unread) {
                self.unread.drain(..taken);
                return Ok(frame);
            }
            let read = self.stream.read_buf(&mut self.unread);
            match time::timeout(PATIENCE, read).await.expect("the server is silent for too long") {
                Ok(0) => return Err(End::Fin),
                Ok(_) => {}
                Err(_) => return Err(End::Reset),
            }
        }
    }

    /// How the stream ends, whatever comes before that.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.next().await {
                return end;
            }
        }
    }

    /// The next close frame: code and reason.
    pub(crate) async fn close(&mut self) -> (u16, String) {
        loop {
            let frame = self.next().await.expect("a close, not the end");
            if frame.opcode == CLOSE {
                let code = frame.payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code));
                return (
                    code,
                    String::from_utf8(frame.payload.get(2..).unwrap_or_default().to_vec()).unwrap(),
                );
            }
        }
    }

    /// Whether nothing comes for this long.
    pub(crate) async fn is_silent_for(&mut self, span: Duration) -> bool {
        parse(&self.unread).is_none() && time::timeout(span, self.next()).await.is_err()
    }
}

fn parse(bytes: &[u8]) -> Option<(RawFrame, usize)> {
    let [first, second, rest @ ..] = bytes else { return None };
    assert_eq!(second & 0x80, 0, "a server does not mask");
    assert_eq!(first & 0x70, 0, "no extension was asked for");
    let (length, rest) = match second & 0x7F {
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*length) as usize, rest)
        }
        length => (usize::from(length), rest),
    };
    let payload = rest.get(..length)?.to_vec();
    let taken = bytes.len() - rest.len() + length;
    Some((RawFrame { fin: first & 0x80 != 0, opcode: first & 0x0F, payload }, taken))
}

const PATIENCE: Duration = Duration::from_secs(5);
