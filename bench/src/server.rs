//! The server of the benches: answers what it is asked, then says all it has as fast as the socket
//! takes it.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::messages::Kind;

/// Serves one client and ends.
pub(crate) fn serve(kind: Kind, messages: u64) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?);
    let mut bytes = Vec::new();
    for number in 0..messages {
        frame(&mut bytes, kind.message(number).as_bytes());
    }
    let (mut stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    upgrade(&mut stream)?;
    loop {
        let request: Value = serde_json::from_str(&read_text(&mut stream)?)?;
        let is_subscription = request["method"].as_str().is_some_and(|method| method.ends_with("/subscribe"));
        let result = if is_subscription { request["params"]["channels"].clone() } else { json!("ok") };
        let mut reply = Vec::new();
        frame(
            &mut reply,
            json!({"jsonrpc": "2.0", "id": request["id"], "result": result}).to_string().as_bytes(),
        );
        stream.write_all(&reply)?;
        if is_subscription {
            break;
        }
    }
    // The client may still be setting up what it counts with.
    std::thread::sleep(Duration::from_millis(50));
    stream.write_all(&bytes)?;
    // The client ends the connection.
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let _ = stream.read(&mut [0; 1024]);
    Ok(())
}

/// A text frame without a mask (RFC 6455 §5.2).
fn frame(out: &mut Vec<u8>, payload: &[u8]) {
    out.push(0x81);
    match payload.len() {
        small @ 0..=125 => out.push(small as u8),
        medium @ 126..=0xFFFF => {
            out.push(126);
            out.extend((medium as u16).to_be_bytes());
        }
        large => {
            out.push(127);
            out.extend((large as u64).to_be_bytes());
        }
    }
    out.extend(payload);
}

fn upgrade(stream: &mut TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request);
    let key = request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        .map_or("", |(_, value)| value.trim());
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    let accept = BASE64_STANDARD.encode(digest);
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

fn read_text(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    let length = match head[1] & 0x7F {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length)?;
            usize::from(u16::from_be_bytes(length))
        }
        small => usize::from(small),
    };
    let mut mask = [0; 4];
    stream.read_exact(&mut mask)?;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload)?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    String::from_utf8(payload).map_err(io::Error::other)
}
