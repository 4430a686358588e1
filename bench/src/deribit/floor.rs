//! The floor: what the socket and the parser cost, with nothing between them.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use super::{
    contenders::{Count, Item, Notification, Tally, subscription},
    messages::Kind,
};
use websockex_nova::deribit::items::{BookUpdate, TickerData, Trade};

pub(super) fn run(server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    match kind {
        Kind::Ticker => take::<TickerData<f64>>(server, kind, messages),
        Kind::Book => take::<BookUpdate<f64>>(server, kind, messages),
        Kind::Trades => take::<Vec<Trade<f64>>>(server, kind, messages),
    }
}

fn take<T: Item>(server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    let mut stream = TcpStream::connect(server).expect("the server listens");
    let mut buffer = vec![0; 64 << 10];
    open(&mut stream, kind);
    let mut count = Count::of(messages);
    let (mut start, mut end, mut is_reply) = (0, 0, true);
    loop {
        while let Some((from, to)) = frame(&buffer[start..end]) {
            let payload = &buffer[start + from..start + to];
            start += to;
            if std::mem::take(&mut is_reply) {
                continue;
            }
            let text = std::str::from_utf8(payload).expect("text is UTF-8");
            let item: Notification<T> = serde_json::from_str(text).expect("it has the expected shape");
            if let Some(tally) = count.add(item.params.data.sum()) {
                return tally;
            }
        }
        buffer.copy_within(start..end, 0);
        (start, end) = (0, end - start);
        let read = stream.read(&mut buffer[end..]).expect("the server goes on");
        assert!(read > 0, "the server has ended early");
        end += read;
    }
}

/// Where the first whole frame's payload begins and ends.
fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let (from, length) = match bytes.get(1)? & 0x7F {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        small => (2, usize::from(small)),
    };
    (bytes.len() >= from + length).then_some((from, from + length))
}

fn open(stream: &mut TcpStream, kind: Kind) {
    stream
        .write_all(
            b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .expect("the server reads");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("the server answers");
        answer.push(byte[0]);
    }
    let text = subscription(kind);
    // A mask of zeros leaves the payload as it is.
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126);
    let head = match length {
        Some(length) => vec![0x81, 0x80 | length, 0, 0, 0, 0],
        None => {
            let [high, low] = (text.len() as u16).to_be_bytes();
            vec![0x81, 0x80 | 126, high, low, 0, 0, 0, 0]
        }
    };
    stream.write_all(&[head.as_slice(), text.as_bytes()].concat()).expect("the server reads");
}
