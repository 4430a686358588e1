//! How many notifications a simulator sends from one thread to 64 connections.
//!
//! `cargo run --release -p nova-deribit-simulator --example throughput`
//!
//! The server has a thread of its own; another reads and counts. The first figure to fall behind what
//! the market offers is the limit. The specification wants 20 000 a second.

#![allow(clippy::print_stdout, reason = "a program that reports")]

use std::{
    fs, io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use nova_deribit_simulator::{Config, OnExhaust, Simulator};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    sync::oneshot,
};

const CONNECTIONS: usize = 64;
const SPAN: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    println!("{CONNECTIONS} connections, {} s each", SPAN.as_secs());
    println!("{:>9} {:>14} {:>11} {:>9}", "events/s", "messages/s", "MB/s", "CPU");
    for scale in [2.0, 4.0, 8.0, 16.0, 32.0, 64.0] {
        measure(scale)?;
    }
    Ok(())
}

fn measure(scale: f64) -> io::Result<()> {
    let (tell, told) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut config = Config::default();
            config.max_connections_per_ip = CONNECTIONS;
            config.on_exhaust = OnExhaust::ErrorOnly;
            config.market.rates.scale = scale;
            config.journal_bytes = 256 << 20;
            let simulator = Simulator::start(config).await.expect("a simulator");
            tell.send((simulator.addr(), cpu_file())).expect("somebody listens");
            let _ = stopped.await;
        });
    });
    let (addr, cpu) = told.recv().map_err(io::Error::other)?;
    let counted = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (frames, bytes, busy, span) = runtime.block_on(async {
        for _ in 0..CONNECTIONS {
            let client = connect(addr).await?;
            tokio::spawn(count(client, Arc::clone(&counted)));
        }
        // Snapshots are over by then.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let read = || [0, 1].map(|place| counted[place].load(Ordering::Relaxed));
        let (before, cpu_before, began) = (read(), cpu_time(&cpu), Instant::now());
        tokio::time::sleep(SPAN).await;
        let (after, cpu_after) = (read(), cpu_time(&cpu));
        io::Result::Ok((after[0] - before[0], after[1] - before[1], cpu_after - cpu_before, began.elapsed()))
    })?;
    let seconds = span.as_secs_f64();
    println!(
        "{:>9.0} {:>14.0} {:>11.1} {:>8.0}%",
        40.0 * 4.0 * scale,
        frames as f64 / seconds,
        bytes as f64 / seconds / 1e6,
        100.0 * busy / seconds
    );
    let _ = stop.send(());
    server.join().map_err(|_| io::Error::other("the server failed"))
}

/// A connection that has logged in and subscribed four raw books.
async fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(addr).await?;
    let request = "GET /ws/api/v2 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let login = r#"{"id":1,"method":"public/auth","params":{"grant_type":"client_credentials","client_id":"sim-client","client_secret":"sim-secret-0001"}}"#;
    // The private call draws on the user's bucket, the public one on that of the address.
    let subscribe = r#"{"id":2,"method":"private/subscribe","params":{"channels":["book.BTC-PERPETUAL.raw","book.ETH-PERPETUAL.raw","book.BTC_USDC-PERPETUAL.raw","book.ETH_USDC-PERPETUAL.raw"]}}"#;
    send(&mut stream, login).await?;
    send(&mut stream, subscribe).await?;
    // At the pace of the subscribe bucket.
    tokio::time::sleep(Duration::from_millis(310)).await;
    Ok(stream)
}

async fn send(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    let mut frame = vec![0x81, 0xFE];
    frame.extend((text.len() as u16).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    stream.write_all(&frame).await
}

/// Counts frames and bytes until the end, looking at headers only.
async fn count(mut stream: TcpStream, counted: Arc<[AtomicU64; 2]>) -> io::Result<()> {
    let mut bytes = vec![0; 256 << 10];
    let mut held = 0;
    loop {
        let read = stream.read(&mut bytes[held..]).await?;
        if read == 0 {
            return Ok(());
        }
        held += read;
        let mut at = 0;
        while let Some(length) = frame_length(&bytes[at..held]) {
            at += length;
            counted[0].fetch_add(1, Ordering::Relaxed);
        }
        counted[1].fetch_add(read as u64, Ordering::Relaxed);
        bytes.copy_within(at..held, 0);
        held -= at;
    }
}

/// The length of the first frame, if it is whole.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let length = match *bytes.get(1)? {
        126 => 4 + usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
        127 => 10 + u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize,
        length => 2 + usize::from(length),
    };
    (length <= bytes.len()).then_some(length)
}

/// Where the system tells how busy this thread was, if it does.
fn cpu_file() -> Option<String> {
    let link = fs::read_link("/proc/thread-self").ok()?;
    Some(format!("/proc/{}/stat", link.display()))
}

/// Seconds of processor time so far.
fn cpu_time(file: &Option<String>) -> f64 {
    let text = file.as_ref().and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
    // User and system time stand at 14 and 15, in hundredths; the name before them may have spaces.
    let fields: Vec<f64> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split(' ')
        .filter_map(|field| field.parse().ok())
        .collect();
    fields.get(10..12).map_or(0.0, |times| (times[0] + times[1]) / 100.0)
}
