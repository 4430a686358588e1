//! Simulators, clients, and what there is to wait for.

use std::time::Duration;

use nova_deribit_simulator::{Config, Control, Simulator};
use nova_testkit::net::{PATIENCE, within};
use serde_json::Value;
use websockex_nova::{
    behaviour::KeepAlive,
    client::{Connect, Events},
    deribit::{Credentials, Deribit, DeribitHandlers},
    prelude::*,
    reconnect::Linear,
    telemetry::Event,
    transport_fastwebsockets::FastWebSockets,
};

pub(crate) type Trader = Client<DeribitHandlers, Policies<Linear>>;

/// A simulator on real time.
pub(crate) async fn simulator(change: impl FnOnce(&mut Config)) -> Simulator {
    let mut config = Config::default();
    change(&mut config);
    Simulator::start(config).await.expect("a port of the loopback interface is free")
}

/// The adapter for that simulator, without a login.
pub(crate) fn adapter(simulator: &Simulator) -> Deribit {
    Deribit::at(Endpoint::parse(&simulator.url()).expect("the simulator's URL is right"))
}

/// The credentials of the simulator's first account.
pub(crate) fn credentials() -> Credentials {
    Credentials::new("sim-client", SECRET)
}

/// The secret of the simulator's first account.
pub(crate) const SECRET: &str = "sim-secret-0001";

/// A client that tries again after ten milliseconds.
pub(crate) fn prepare(adapter: Deribit) -> Connect<Deribit, FastWebSockets, Policies<Linear>> {
    Connect::new(adapter, FastWebSockets::default())
        .with_policies(Policies::default().with_reconnect(Linear::every(millis(10))))
        .with_settings(|settings| settings.stable_after = millis(10))
}

/// A client without a login.
pub(crate) async fn public(simulator: &Simulator) -> Trader {
    prepare(adapter(simulator)).connect().await.expect("the simulator is well")
}

/// A client that is logged in.
pub(crate) async fn private(simulator: &Simulator) -> Trader {
    let adapter = adapter(simulator).with_credentials(credentials());
    prepare(adapter).connect().await.expect("the simulator is well")
}

/// Notices a silent peer within so long.
pub(crate) fn alert(every: Duration, deadline: Duration) -> KeepAlive {
    KeepAlive { every, deadline, misses: 1 }
}

/// Waits for an event, passing over others.
pub(crate) async fn event(events: &mut Events, what: &str, is_it: impl Fn(&Event) -> bool) -> Event {
    let found = async {
        loop {
            let record = events.next().await.expect("the client is still there");
            if is_it(&record.event) {
                return record.event;
            }
        }
    };
    within(PATIENCE, what, found).await
}

/// Waits for the next item or gap of a subscription.
pub(crate) async fn next<T>(stream: &mut Subscription<T>) -> Delivery<T> {
    within(PATIENCE, "an item", stream.next()).await.expect("the subscription goes on")
}

/// Waits for the next item, passing over gaps.
pub(crate) async fn item<T>(stream: &mut Subscription<T>) -> T {
    loop {
        if let Delivery::Item(item) = next(stream).await {
            return item;
        }
    }
}

/// Waits for the next gap, passing over items.
pub(crate) async fn gap<T>(stream: &mut Subscription<T>) -> Gap {
    loop {
        if let Delivery::Gap(gap) = next(stream).await {
            return gap;
        }
    }
}

/// Waits until the venue has received such a request.
pub(crate) async fn hears(control: &Control, what: &str, is_it: impl Fn(u64, &Value) -> bool) {
    let heard = control.wait_until(|journal| {
        journal.received().any(|(connection, text)| {
            serde_json::from_str(text).is_ok_and(|request: Value| is_it(connection, &request))
        })
    });
    heard.await.unwrap_or_else(|vain| panic!("{what}: {vain}"));
}

/// The methods a connection called, in order, without the answers to heartbeats.
pub(crate) fn methods(control: &Control, connection: u64) -> Vec<String> {
    let method = |text: &str| {
        let request: Value = serde_json::from_str(text).ok()?;
        request["method"].as_str().filter(|method| *method != "public/test").map(str::to_owned)
    };
    control.journal(|journal| {
        let of_it = journal.received().filter(|(of, _)| *of == connection);
        of_it.filter_map(|(_, text)| method(text)).collect()
    })
}

/// Cuts every connection.
pub(crate) fn cut(control: &Control) {
    use nova_deribit_simulator::{Ending, Fault};
    control.set_fault(Fault::DropTcp { how: Ending::Rst });
}
