//! The floor: what the socket and the runtime cost, with no protocol above them.

use std::hint::black_box;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Peer, Stream};
use crate::socket::{Socket, Taker, Text};

/// `read` into 64 KiB, and frames skipped by their headers; `write` of what was framed and masked before.
///
/// A message in one frame is looked at where it lies, and nobody checks that it is text. One in several is
/// copied together and checked, since nothing could be delivered without.
pub(crate) struct Floor;

impl Peer for Floor {
    async fn over<S: Stream>(stream: S) -> impl Socket {
        Raw { stream, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0 }
    }
}

struct Raw<S> {
    stream: S,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<S: Stream> Raw<S> {
    /// Takes what is there, message by message; tells whether there are enough.
    fn take(&mut self, joined: &mut Vec<u8>, taker: &mut Taker) -> bool {
        while let Some((fin, from, to)) = frame(&self.buffer[self.start..self.end]) {
            let payload = &self.buffer[self.start + from..self.start + to];
            self.start += to;
            let enough = if fin && joined.is_empty() {
                taker.take(payload)
            } else {
                joined.extend_from_slice(payload);
                if !fin {
                    continue;
                }
                let text = simdutf8::basic::from_utf8(joined).expect("text is UTF-8");
                let enough = taker.take(text.as_bytes());
                joined.clear();
                enough
            };
            if enough {
                return true;
            }
        }
        false
    }

    async fn read(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            let doubled = self.buffer.len() * 2;
            self.buffer.resize(doubled, 0);
        }
        let read = self.stream.read(&mut self.buffer[self.end..]).await.expect("the server goes on");
        assert!(read > 0, "the server has ended early");
        self.end += read;
    }
}

impl<S: Stream> Socket for Raw<S> {
    async fn receive(&mut self, taker: &mut Taker) {
        let mut joined = Vec::new();
        while !self.take(&mut joined, taker) {
            self.read().await;
        }
    }

    async fn send(&mut self, text: &Text, messages: u64, batch: u64) {
        let mut bytes = BytesMut::new();
        for _ in 0..batch {
            masked(&mut bytes, text.as_str().as_bytes());
        }
        for _ in 0..messages / batch {
            self.stream.write_all(black_box(&bytes)).await.expect("the server reads");
        }
    }
}

/// Whether the first whole frame is its message's last, and where its payload begins and ends.
#[inline(always)]
fn frame(bytes: &[u8]) -> Option<(bool, usize, usize)> {
    let (from, length) = match bytes.get(1)? & 0x7F {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
        small => (2, usize::from(small)),
    };
    (bytes.len() - from >= length).then_some((bytes[0] & 0x80 != 0, from, from + length))
}

/// A frame with a mask, as a client sends it.
fn masked(out: &mut BytesMut, payload: &[u8]) {
    let key = [7, 11, 13, 17];
    let mut head = Vec::new();
    crate::load::frame(&mut head, 0x81, payload);
    let head_bytes = head.len() - payload.len();
    head[1] |= 0x80;
    out.extend_from_slice(&head[..head_bytes]);
    out.extend_from_slice(&key);
    out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

const BUFFER_BYTES: usize = 64 << 10;
