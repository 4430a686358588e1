//! How many lost links a second of real time the simulated world gets through, checks included.
//!
//! `cargo run --release -p nova-testkit --example reconnects --features world`

use std::time::{Duration, Instant};

use nova_behaviour::{Handlers, InitialConnect, LocalTopics, Policies, RawMessages};
use nova_reconnect::Linear;
use nova_testkit::world::{AcceptThenClose, EchoPeer, Network, Reception, Refusing, Setup};

fn setup() -> Setup<
    Handlers<RawMessages, nova_behaviour::Quiet, nova_behaviour::RetryTransient, LocalTopics>,
    Policies<Linear>,
> {
    Setup::new(Handlers::new(RawMessages).with_subscriptions(LocalTopics))
        .with_policies(Policies::default().with_reconnect(Linear::every(Duration::from_secs(1))))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .with_trace(200)
}

#[allow(clippy::print_stdout, reason = "it is what the program is for")]
fn tell(what: &str, links: u64, took: Duration) {
    println!("{what}: {:.0} links a second", links as f64 / took.as_secs_f64());
}

fn main() {
    const VIRTUAL: Duration = Duration::from_secs(200_000);

    let began = Instant::now();
    let mut world = setup().with_network(Network::instant()).meet(Refusing::with(Reception::nobody()));
    world.run_for(VIRTUAL);
    tell("refused at once", world.dials(), began.elapsed());

    let began = Instant::now();
    let mut world = setup().with_network(Network::instant()).meet(AcceptThenClose::default());
    world.run_for(VIRTUAL);
    tell("accepted, and the stream ended", world.dials(), began.elapsed());

    let began = Instant::now();
    let mut world = setup().meet(AcceptThenClose::with_code(1001));
    world.run_for(VIRTUAL);
    tell("five phases, and the closing handshake", world.dials(), began.elapsed());

    let began = Instant::now();
    let mut world = setup().with_network(Network::instant()).meet(EchoPeer::default());
    for _ in 0..100_000 {
        world.run_until_ready();
        world.cut();
    }
    tell("ready, and cut", world.dials(), began.elapsed());
}
