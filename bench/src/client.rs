//! What a client process does, as it is told, and what it prints of it.

use std::{error::Error, fs, net::SocketAddr};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    sync::oneshot,
    task::{LocalSet, spawn_local},
};

use crate::{
    allocator,
    load::Load,
    on_runtime,
    process::{self, Run},
    socket::Text,
    via::Via,
    who::Who,
    work::{Echo, Hold, Receive, Received, Send},
};

/// Does what the words say, with the server whose address and certificate stand last.
pub(crate) fn run(words: &[&str]) -> Result<(), Box<dyn Error>> {
    process::pin_to(0)?;
    let [words @ .., address, trusted] = words else { return Err("a client needs a server".into()) };
    let address: SocketAddr = address.parse()?;
    let trusted = String::from_utf8(BASE64_STANDARD.decode(trusted)?)?;
    let via = if trusted.is_empty() { Via::Tcp(address) } else { Via::Tls(address, trusted) };
    match words {
        ["receive", who, messages, counts] => {
            let work = Receive { messages: messages.parse()?, whole: counted(counts) };
            tell(on_runtime(Box::pin(Who::numbered(who)?.perform(via, work))));
        }
        ["send", who, bytes, messages, batch, counts] => {
            counted(counts);
            let text = Text::new(Load::new(bytes.parse()?, 1).text(0));
            let work = Send { text, messages: messages.parse()?, batch: batch.parse()? };
            tell(on_runtime(Box::pin(Who::numbered(who)?.perform(via, work))));
        }
        ["echo", who, rounds] => {
            let work = Echo { text: Text::new(Load::new(350, 1).text(0)), rounds: rounds.parse()? };
            let nanos = on_runtime(Box::pin(Who::numbered(who)?.perform(via, work)));
            println!("{}", nanos.iter().map(u64::to_string).collect::<Vec<_>>().join(" "));
        }
        ["hold", who, connections] => {
            let who = Who::numbered(who)?;
            let connections = connections.parse()?;
            println!("{:.1}", on_runtime(LocalSet::new().run_until(hold(who, via, connections)))?);
        }
        _ => return Err("a client receives, sends, echoes or holds".into()),
    }
    Ok(())
}

/// Whether calls are counted and every byte is looked at, in a run whose times do not count.
fn counted(word: &str) -> bool {
    let counts = word == "counts";
    if counts {
        allocator::count();
    }
    counts
}

fn tell(Received { used, messages, sum }: Received) {
    println!("{}", process::told(Run { used, messages, sum }));
}

/// Opens so many connections, each used once and then idle; tells the resident memory of each.
async fn hold(who: Who, via: Via, connections: u64) -> Result<f64, Box<dyn Error>> {
    // What the process itself needs is there after a few.
    for _ in 0..8 {
        open(who, &via).await?;
    }
    let before = resident_bytes()?;
    for _ in 0..connections {
        open(who, &via).await?;
    }
    Ok(resident_bytes()?.saturating_sub(before) as f64 / connections as f64)
}

async fn open(who: Who, via: &Via) -> Result<(), Box<dyn Error>> {
    let (ready, is_ready) = oneshot::channel();
    let via = via.clone();
    spawn_local(async move {
        let text = Text::new(Load::new(350, 1).text(0));
        who.perform(via, Hold { text, ready }).await;
    });
    Ok(is_ready.await?)
}

fn resident_bytes() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS in /proc")?;
    Ok(number.parse::<u64>()? * 1024)
}
