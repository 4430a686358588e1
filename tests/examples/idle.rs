//! What an idle connection costs in memory: the transport alone, and a client through the facade.
//!
//! `cargo run --release -p nova-tests --example idle -- 5000` starts the server as a process of its
//! own, opens that many connections in this one, and prints the resident memory per connection.
//! Both processes need so many descriptors: see `ulimit -n`.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::{
    env,
    error::Error,
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use nova_testkit::net::EchoServer;
use websockex_nova::{
    prelude::*,
    transport::{FrameSource, Transport},
    transport_fastwebsockets::FastWebSockets,
    transport_native::Native,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    match (args.next().as_deref(), args.next(), args.next()) {
        (Some("serve"), ..) => serve().await,
        (Some("links"), Some(url), Some(count)) => {
            links("fastwebsockets alone", FastWebSockets::default(), &url, count.parse()?).await
        }
        (Some("native"), Some(url), Some(count)) => {
            links("native alone", Native::default(), &url, count.parse()?).await
        }
        (Some("clients"), Some(url), Some(count)) => clients(&url, count.parse()?).await,
        (Some(count), ..) => measure(count),
        (None, ..) => measure("1000"),
    }
}

/// Runs the server and each kind of clients, each in a process of its own.
fn measure(count: &str) -> Result<(), Box<dyn Error>> {
    let program = env::current_exe()?;
    let mut server = Command::new(&program).arg("serve").stdout(Stdio::piped()).spawn().map(Ends)?;
    let out = server.0.stdout.take().ok_or("the server has no output")?;
    let mut url = String::new();
    BufReader::new(out).read_line(&mut url)?;
    for kind in ["links", "native", "clients"] {
        let status = Command::new(&program).args([kind, url.trim(), count]).status()?;
        if !status.success() {
            return Err(format!("{kind} ended with {status}").into());
        }
    }
    Ok(())
}

/// A process that ends with this value.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let server = EchoServer::start().await?;
    println!("{}", server.url());
    std::future::pending().await
}

/// Links without a session, each read by a task as a driver would.
async fn links(name: &str, transport: impl Transport, url: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let endpoint = url.parse()?;
    let mut sinks = Vec::with_capacity(count);
    let before = resident_kib()?;
    for _ in 0..count {
        let link = transport.connect(&endpoint, &|_| {}).await?;
        let mut source = link.source;
        tokio::spawn(async move { while source.fill().await.is_ok() {} });
        sinks.push(link.sink);
    }
    report(name, before, count)
}

/// Whole clients, each with its session, its driver and its probes.
async fn clients(url: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let mut clients = Vec::with_capacity(count);
    let before = resident_kib()?;
    for _ in 0..count {
        clients.push(Client::connect(Echo::at(url)?).await?);
    }
    let in_use = clients.iter().filter(|client| client.state().is_ready()).count();
    assert_eq!(in_use, count, "every client is ready");
    report("through the facade", before, count)
}

fn report(what: &str, before: u64, count: usize) -> Result<(), Box<dyn Error>> {
    let kib = resident_kib()?.saturating_sub(before) as f64 / count as f64;
    println!("{what}: {count} connections, {kib:.1} KiB each");
    Ok(())
}

fn resident_kib() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS in /proc")?;
    Ok(number.parse()?)
}
