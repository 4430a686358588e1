//! What a message of a flood costs its receiver: processor time of the thread that reads.
//!
//! `cargo run --release -p nova-tests --example flood -- 300 2000000` lets a server send so many texts of
//! so many bytes over the loopback interface, over TCP and TLS, to each transport. It needs two
//! processors to itself. How many calls to the system that takes, `strace -fc` tells.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::{env, error::Error, fs, hint::black_box, sync::mpsc, thread};

use nova_testkit::net::{Certificates, Peer, RawFrame};
use websockex_nova::{
    connect::{Connector, Roots, TlsOptions},
    frame_codec::{Assembler, Message},
    transport::{Endpoint, FrameSource, Transport, TransportError},
    transport_fastwebsockets::FastWebSockets,
    transport_native::Native,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let mut number = |default: usize| args.next().map_or(Ok(default), |text| text.parse());
    let (bytes, messages) = (number(300)?, number(1_000_000)?);
    let only = args.next();
    let certificates = Certificates::generate();
    let trust = |ahead| -> Result<Connector, Box<dyn Error>> {
        let trust = TlsOptions::new().with_roots(Roots::ExtraOnly).with_read_ahead(ahead);
        Ok(Connector::new().with_tls(trust.with_extra_roots_pem(certificates.root_pem().as_bytes())?))
    };
    let (plain, tls, ahead) = (Connector::new(), trust(0)?, trust(256 << 10)?);
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("fastwebsockets") {
        let (tcp, tls) = (FastWebSockets::new(plain.clone()), FastWebSockets::new(tls.clone()));
        measure("fastwebsockets, TCP", tcp, None, bytes, messages)?;
        measure("fastwebsockets, TLS", tls, Some(&certificates), bytes, messages)?;
    }
    if wanted("native") {
        measure("native, TCP", Native::new(plain), None, bytes, messages)?;
        measure("native, TLS", Native::new(tls), Some(&certificates), bytes, messages)?;
        measure("native, TLS read ahead", Native::new(ahead), Some(&certificates), bytes, messages)?;
    }
    Ok(())
}

fn measure(
    name: &str,
    transport: impl Transport,
    certificates: Option<&Certificates>,
    bytes: usize,
    messages: usize,
) -> Result<(), Box<dyn Error>> {
    let url = serve(certificates, bytes, messages)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let endpoint = Endpoint::parse(&url)?;
    let (nanos, fills) = runtime.block_on(async {
        let mut source = transport.connect(&endpoint, &|_| {}).await?.source;
        let mut assembler = Assembler::new(16 << 20);
        let (mut taken, mut fills) = (0, 0_usize);
        let before = processor_nanos()?;
        while taken < messages {
            while let Some(frame) = source.next_frame()? {
                if let Some(Message::Text(text)) = assembler.push(frame).map_err(TransportError::from)? {
                    black_box(text);
                    taken += 1;
                }
            }
            if taken < messages {
                source.fill().await?;
                fills += 1;
            }
        }
        Ok::<_, Box<dyn Error>>((processor_nanos()? - before, fills))
    })?;
    println!(
        "{name:24} {:6.0} ns a message of {bytes} B, {:.4} fills",
        nanos as f64 / messages as f64,
        fills as f64 / messages as f64
    );
    Ok(())
}

/// Starts a server in a thread of its own, which floods its first client; tells where it is.
fn serve(
    certificates: Option<&Certificates>,
    bytes: usize,
    messages: usize,
) -> Result<String, Box<dyn Error>> {
    let config = certificates.map(|certificates| certificates.server().server_config());
    let (url, urls) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut peer = Peer::bind().await.expect("a port is free");
            let at = if config.is_some() { peer.tls_url() } else { peer.url() };
            url.send(at).expect("somebody waits for it");
            let mut conn = peer.accept().await;
            if let Some(config) = config {
                conn = conn.start_tls(config).await.expect("the client trusts us");
            }
            conn.accept_upgrade().await;
            let frame = RawFrame::text(vec![b'x'; bytes]).to_bytes();
            let batch = (1 << 20) / frame.len();
            let (burst, mut left) = (frame.repeat(batch), messages);
            while left > 0 {
                let count = left.min(batch);
                conn.send_raw(&burst[..count * frame.len()]).await;
                left -= count;
            }
            while conn.next().await.is_some() {}
        });
    });
    Ok(urls.recv()?)
}

/// How long this thread has had a processor.
fn processor_nanos() -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split_whitespace().next().ok_or("no time in schedstat")?.parse()?)
}
