//! What the defaults do to a server: sessions with real pacing against one that is away, or that
//! accepts and closes.

use std::{error::Error, time::Duration};

use nova_behaviour::{Handlers, InitialConnect, Policies};
use nova_frame_codec::Message;
use nova_testkit::world::{AcceptThenClose, Incoming, Line, Network, Peer, Reception, Setup};

use crate::kit::{Fifo, secs};

/// A session with the defaults, but for the first connect, which is retried.
fn client(seed: u64) -> Setup<Handlers<Fifo>, Policies> {
    Setup::new(Handlers::new(Fifo))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .with_network(Network::instant())
        .with_trace(0)
        .with_seed(seed)
}

/// Receives nobody between its going away and its return, and remembers who came when.
struct Away {
    from: Duration,
    until: Duration,
    last: Duration,
}

impl Peer for Away {
    fn receive(&mut self, incoming: &Incoming) -> Reception {
        self.last = incoming.at;
        if (self.from..self.until).contains(&incoming.at) { Reception::nobody() } else { Reception::Accept }
    }

    fn message(&mut self, _line: &mut Line<'_>, _message: &Message<'_>) {}
}

/// When each of these clients, who lost their server for a minute, is back.
fn returns(clients: u64) -> Vec<Duration> {
    let back = |seed| {
        let away = Away { from: secs(20), until: secs(80), last: Duration::ZERO };
        let mut world = client(seed).meet(away);
        world.run_for(secs(20));
        world.cut();
        world.run_until_ready();
        world.peer.last
    };
    (0..clients).map(back).collect()
}

/// The most of them within any second, wherever it begins.
fn busiest_second(mut times: Vec<Duration>) -> usize {
    times.sort_unstable();
    let within =
        |(place, first): (usize, &Duration)| times[place..].partition_point(|time| *time < *first + secs(1));
    times.iter().enumerate().map(within).max().unwrap_or_default()
}

/// How many clients of a fleet come back within the same second.
pub(crate) fn herd(clients: u64) -> Result<(), Box<dyn Error>> {
    let busiest = busiest_second(returns(clients));
    let share = busiest as f64 * 100.0 / clients as f64;
    println!("of {clients} clients, the busiest second sees {busiest} return: {share:.2} %, at most 8 % may");
    if share < 8.0 { Ok(()) } else { Err("the herd is not spread out".into()) }
}

/// How often clients connect within ten minutes to a server that accepts and closes.
pub(crate) fn accept_then_close(clients: u64) -> Result<(), Box<dyn Error>> {
    let attempts = |seed| {
        let mut world = client(seed).meet(AcceptThenClose::with_code(1000));
        world.run_for(secs(600));
        world.peer.accepted.len()
    };
    let attempts: Vec<_> = (0..clients).map(attempts).collect();
    let most = attempts.iter().copied().max().unwrap_or_default();
    let average = attempts.iter().sum::<usize>() as f64 / clients as f64;
    println!("{clients} clients: {average:.1} attempts on average, {most} at most; 40 are allowed");
    if most <= 40 { Ok(()) } else { Err("a server that accepts and closes is met too often".into()) }
}
