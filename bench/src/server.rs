//! The servers of the bench, each a process of its own on a core of its own, written by hand, so that no
//! contender meets itself.

pub(crate) mod wire;

use std::{
    error::Error,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};

use crate::{
    load::{Load, frame},
    on_runtime, process,
};

/// Serves as the words say.
pub(crate) fn run(words: &[&str]) -> Result<(), Box<dyn Error>> {
    process::pin_to(1)?;
    match words {
        ["flood", load, messages, over] => flood(load.parse()?, messages.parse()?, *over == "tls"),
        ["drain", bytes, messages, counts] => {
            let text = Load::new(bytes.parse()?, 1).text(0);
            drain(&text, messages.parse()?, *counts == "counts")
        }
        ["echo"] => echo(),
        ["hold"] => on_runtime(hold()),
        _ => Err("a server floods, drains, echoes or holds".into()),
    }
}

/// Sends messages of a kind as fast as the socket takes them.
fn flood(load: Load, messages: u64, over_tls: bool) -> Result<(), Box<dyn Error>> {
    let ring = load.ring();
    let mut stream = accept(over_tls)?;
    wire::upgrade(&mut stream)?;
    // The client may still be setting up.
    std::thread::sleep(Duration::from_millis(30));
    for burst in 0..messages as usize / load.burst {
        let burst = burst % ring.ends.len();
        let start = if burst == 0 { 0 } else { ring.ends[burst - 1] };
        stream.write_all(&ring.bytes[start..ring.ends[burst]])?;
        stream.flush()?;
    }
    // The client ends the connection.
    let _ = stream.read(&mut [0; 1024]);
    Ok(())
}

/// Reads so many messages, all with this text, and says when it has them; with `looks`, every byte of them.
fn drain(text: &str, messages: u64, looks: bool) -> Result<(), Box<dyn Error>> {
    let mut stream = accept(false)?;
    wire::upgrade(&mut stream)?;
    if looks {
        let mut reader = BufReader::with_capacity(256 << 10, &mut stream);
        for _ in 0..messages {
            let read = wire::read_text(&mut reader)?;
            if read != text {
                return Err("the client has sent something else".into());
            }
        }
    } else {
        let mut framed = Vec::new();
        frame(&mut framed, 0x81, text.as_bytes());
        let mut left = messages * (framed.len() as u64 + 4);
        let mut buffer = vec![0; 256 << 10];
        while left > 0 {
            let read = stream.read(&mut buffer)? as u64;
            if read == 0 {
                return Err("the client has ended early".into());
            }
            left = left.checked_sub(read).ok_or("the client has sent more than it should")?;
        }
    }
    say(&mut stream, "done")?;
    let _ = stream.read(&mut [0; 1024]);
    Ok(())
}

/// Sends each text back.
fn echo() -> Result<(), Box<dyn Error>> {
    let mut stream = accept(false)?;
    wire::upgrade(&mut stream)?;
    let mut reader = BufReader::new(stream);
    // The client ends the connection.
    while let Ok(text) = wire::read_text(&mut reader) {
        say(reader.get_mut(), &text)?;
    }
    Ok(())
}

/// Sends each text back, to any number of clients.
async fn hold() -> Result<(), Box<dyn Error>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut request = Vec::new();
            let answer = loop {
                request.push(stream.read_u8().await?);
                if let Some(answer) = crate::memory::answer(&request, None) {
                    break answer;
                }
            };
            stream.write_all(&answer).await?;
            let mut buffer = vec![0; 1024];
            while let read @ 1.. = stream.read(&mut buffer).await? {
                // A client sends one short text in one write.
                let mut reply = Vec::new();
                frame(&mut reply, 0x81, wire::read_text(&mut &buffer[..read])?.as_bytes());
                stream.write_all(&reply).await?;
            }
            Ok::<_, io::Error>(())
        });
    }
}

fn say(stream: &mut impl Write, text: &str) -> io::Result<()> {
    let mut reply = Vec::new();
    frame(&mut reply, 0x81, text.as_bytes());
    stream.write_all(&reply)?;
    stream.flush()
}

/// A stream over which a server speaks.
pub(crate) trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

/// Tells where it listens, and which certificate it shows, then takes one client.
pub(crate) fn accept(over_tls: bool) -> Result<Box<dyn ReadWrite>, Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let identity =
        over_tls.then(|| rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])).transpose()?;
    let pem = identity.as_ref().map(|identity| identity.cert.pem()).unwrap_or_default();
    println!("{} {}", listener.local_addr()?, BASE64_STANDARD.encode(pem));
    let (stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let Some(identity) = identity else { return Ok(Box::new(stream)) };
    Ok(Box::new(secured(stream, &identity)?))
}

fn secured(
    stream: TcpStream,
    identity: &rcgen::CertifiedKey<rcgen::KeyPair>,
) -> Result<StreamOwned<ServerConnection, TcpStream>, Box<dyn Error>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![identity.cert.der().clone()], key)?;
    Ok(StreamOwned::new(ServerConnection::new(Arc::new(config))?, stream))
}

/// Reads where a server listens, and its certificate.
pub(crate) fn read_address(server: impl Read) -> Result<(String, String), Box<dyn Error>> {
    let mut line = String::new();
    BufReader::new(server).read_line(&mut line)?;
    let (address, pem) = line.trim_end_matches('\n').split_once(' ').unwrap_or((line.trim(), ""));
    Ok((address.to_owned(), pem.trim().to_owned()))
}
