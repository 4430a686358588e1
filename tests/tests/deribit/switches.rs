//! What the simulator assumes of the venue is a switch each, since nobody knows: the adapter holds a
//! private conversation under every one of them, over a lost link as well.

use nova_deribit_simulator::{
    AckOrder, Config, HeartbeatAnswer, HeartbeatGrace, KeyOrder, MissingId, OnExhaust, OnExpiry, Oversize,
    PrivateViaPublic, ScopeMissing, Simulator, TokenBinds, market::NumberStyle,
};
use websockex_nova::deribit::{Book, OrderBook, Ticker, UserOrders, calls::GetPositions};

use crate::kit::{cut, gap, item, private, simulator};

type Turn = (&'static str, fn(&mut Config));

const TURNS: &[Turn] = &[
    ("ack shuffled", |config| config.ack_order = AckOrder::Shuffled),
    ("ack as asked", |config| config.ack_order = AckOrder::Request),
    ("snapshot before ack", |config| config.snapshot_before_ack = true),
    ("events before reply", |config| config.events_before_reply = true),
    ("any request answers", |config| config.heartbeat_answer = HeartbeatAnswer::AnyRequest),
    ("no grace", |config| config.heartbeat_grace = HeartbeatGrace::NextCheck),
    ("canonical members, plain numbers", |config| {
        config.key_order = KeyOrder::Canonical;
        config.market.number_style = NumberStyle::Plain;
    }),
    ("ids demanded", |config| config.missing_id = MissingId::Reject),
    ("nonces demanded", |config| config.nonce_required = true),
    ("errors only", |config| config.on_exhaust = OnExhaust::ErrorOnly),
    ("all stays at expiry", |config| config.on_expiry = OnExpiry::KeepPrivate),
    ("close at expiry", |config| config.on_expiry = OnExpiry::Close),
    ("close when oversized", |config| config.oversize = Oversize::ErrorClose),
    ("private by public", |config| config.private_via_public = PrivateViaPublic::AcceptIfAuth),
    ("private by public is an error", |config| config.private_via_public = PrivateViaPublic::Error),
    ("scope is an error", |config| config.scope_missing = ScopeMissing::Error),
    ("tokens bind", |config| config.token_binds = TokenBinds::Connection),
    ("no pings, words for numbers", |config| {
        config.server_ping_s = 0.0;
        config.market.weird_strings = true;
    }),
    ("slow aggregation, always a redundant change", |config| {
        config.market.agg2_ms = 2_000;
        config.market.redundant_change = 1.0;
    }),
    ("late and out of step", |config| {
        config.latency_ms = nova_deribit_simulator::Latency { mean: 20.0, jitter: 15.0 }
    }),
];

#[tokio::test]
async fn a_private_conversation_is_held_whatever_the_venue_does_where_nobody_knows() {
    for (name, turn) in TURNS {
        let simulator = simulator(turn).await;
        let held = tokio::time::timeout(nova_testkit::net::PATIENCE * 2, conversation(&simulator)).await;
        assert!(held.is_ok(), "under \"{name}\" it got stuck");
    }
}

async fn conversation(simulator: &Simulator) {
    let client = private(simulator).await;
    let mut ticks = client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).await.expect("a ticker");
    let mut updates = client.subscribe(Book::every_event("BTC-PERPETUAL")).await.expect("a book");
    let mut orders = client.subscribe(UserOrders::every_event("BTC-PERPETUAL")).await.expect("own orders");
    for round in 0..2 {
        item(&mut ticks).await;
        let mut book = OrderBook::default();
        while !book.is_live() {
            let _ = book.apply(&item(&mut updates).await);
        }
        crate::requests::rest_an_order(&client).await;
        item(&mut orders).await;
        client.call(GetPositions::default()).await.expect("positions");
        if round == 0 {
            cut(&simulator.control());
            gap(&mut ticks).await;
            client.ready().await.expect("the next link");
        }
    }
    let refused = simulator.control().journal(|journal| journal.errors(10028) + journal.errors(13009));
    assert_eq!(refused, 0);
}
