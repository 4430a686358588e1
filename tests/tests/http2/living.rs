//! A client that lives over HTTP/2: what it holds returns after every kind of end.

use nova_testkit::{
    net::{Certificates, EchoServer, Gateway, GatewayRules, PATIENCE, within},
    venue::{Op, Rules, Venue, adapter::*},
};
use nova_tests::Wire;
use tokio::runtime::Handle;
use websockex_nova::{
    behaviour::{Behaviour, Policy},
    client::{Connect, Events},
    connect::{Connector, HttpChoice},
    prelude::*,
    reconnect::Linear,
    telemetry::Event,
};

use super::{over_tls, wire};

#[tokio::test]
async fn login_and_topics_return_after_each_end_that_http_2_knows() {
    let certificates = Certificates::generate();
    for (rules, wire) in [
        (GatewayRules::default(), Wire::new(Connector::new().with_http(HttpChoice::Two))),
        (over_tls(&certificates), wire(&certificates, HttpChoice::Either)),
    ] {
        everything_returns(rules, wire).await;
    }
}

async fn everything_returns(rules: GatewayRules, wire: Wire) {
    let venue = Venue::start(Rules::generous()).await.unwrap();
    let gateway = Gateway::start(venue.addr(), rules).await.unwrap();
    let adapter = VenueAdapter::at(gateway.url().parse::<Endpoint>().unwrap())
        .with_credentials("alice", Rules::ALICES_SECRET);
    let policies = Policies::default().with_reconnect(Linear::every(millis(1)));
    let connecting = Connect::new(adapter, wire).with_policies(policies).connect();
    let client = within(PATIENCE, "a ready client", connecting).await.unwrap();
    let mut events = client.events();
    let mut stream = client.subscribe(Prices("BTC")).required().await.unwrap();
    venue.tick("prices.BTC", 1);
    next_item(&mut stream).await;

    let ends: [(End, &str); 5] = [
        // ENHANCE_YOUR_CALM, CANCEL and NO_ERROR of RFC 9113 §7.
        (|gateway, _| gateway.go_away(0xb), "io"),
        (|gateway, _| gateway.reset_streams(0x8), "io"),
        (|gateway, _| gateway.reset_streams(0x0), "eof"),
        (|gateway, _| gateway.cut(), "eof"),
        // In order: the connection takes leave, the stream goes on until the venue closes it.
        (leave_in_order, "closed_by_peer"),
    ];
    for (number, (end, expected)) in (1..).zip(ends) {
        end(&gateway, &venue);
        assert_eq!(lost(&mut events).await, expected, "end {number}");
        ready_on(&client, number + 1).await;
        let position = venue.tick("prices.BTC", 1);
        let Delivery::Gap(gap) = next(&mut stream).await else { panic!("no gap after end {number}") };
        assert_eq!(gap.cause.name(), "disconnected");
        assert_eq!(next_item(&mut stream).await, position);
    }
    let logins = |core: &nova_testkit::venue::Core, link| {
        core.requests(link).filter(|(op, _)| *op == Op::Login).count()
    };
    assert!((1..=6).all(|link| venue.look(|core| logins(core, link)) == 1), "one login on each link");
    assert_eq!((gateway.requests().len(), gateway.passed_through()), (6, 0), "all by HTTP/2");
    within(PATIENCE, "the shutdown", client.shutdown(secs(1))).await.unwrap();
    gateway.connections(0).await;
}

/// Does something to what is open.
type End = fn(&Gateway, &Venue);

fn leave_in_order(gateway: &Gateway, venue: &Venue) {
    gateway.go_away_in_order();
    venue.close(1001, "maintenance");
}

/// As what the next lost link counts.
async fn lost(events: &mut Events) -> &'static str {
    let losing = async {
        loop {
            if let Event::Lost { reason, .. } = events.next().await.expect("the client lives").event {
                return reason.kind();
            }
        }
    };
    within(PATIENCE, "a lost link", losing).await
}

async fn ready_on<H: Behaviour, P: Policy>(client: &Client<H, P>, wanted: u64) {
    let mut watch = client.watch();
    let ready =
        async { while !matches!(watch.changed().await, State::Ready { link } if link.get() == wanted) {} };
    within(PATIENCE, "the next link", ready).await;
}

async fn next<T>(stream: &mut Subscription<T>) -> Delivery<T> {
    within(PATIENCE, "an item or a gap", stream.next()).await.expect("the subscription goes on")
}

/// The position of the next thing, which must be an item.
async fn next_item(stream: &mut Subscription<Price>) -> u64 {
    match next(stream).await {
        Delivery::Item(item) => item.n,
        Delivery::Gap(gap) => panic!("a gap instead of an item: {gap:?}"),
    }
}

/// The servers live in a runtime of their own, so that every task of this one is the client's.
#[test]
fn nothing_is_left_after_a_shutdown_or_a_drop() {
    let theirs = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_server, gateway) = theirs.block_on(async {
        let server = EchoServer::start().await.unwrap();
        let gateway = Gateway::start(server.addr(), GatewayRules::default()).await.unwrap();
        (server, gateway)
    });
    let ours = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    ours.block_on(async {
        let tasks = || Handle::current().metrics().num_alive_tasks();
        for round in 0..20 {
            let wire = Wire::new(Connector::new().with_http(HttpChoice::Two));
            let client = Connect::new(Echo::at(&gateway.url()).unwrap(), wire).connect().await.unwrap();
            assert_eq!(client.call("hello").await.unwrap(), "hello");
            assert_eq!(tasks(), 1, "the driver and nothing else");
            let mut watch = client.watch();
            if round % 2 == 0 {
                client.shutdown(secs(1)).await.unwrap()
            } else {
                drop(client)
            }
            let ended = async {
                while !watch.changed().await.is_closed() {}
                while tasks() > 0 {
                    tokio::task::yield_now().await;
                }
            };
            within(PATIENCE, "the end of the driver", ended).await;
            gateway.connections(0).await;
        }
    });
}
