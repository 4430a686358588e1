//! Ten minutes of everything that can go wrong at once, by seed: the book is right whenever it says that
//! it is live, positions only rise, and every item is accounted for.
//!
//! In the ordinary suite the venue's clock runs sixty times as fast; `CHAOS_SCALE=1` takes the ten
//! minutes, and `CHAOS_SEED` draws other faults. `cargo xtask soak` does so.

use std::{env, time::Duration};

use nova_deribit_simulator::{
    Config, Control, Scenario, Simulator,
    market::{self, BookView, Interval},
};
use nova_testkit::net::{PATIENCE, within};
use websockex_nova::{
    behaviour::Channel,
    client::SubscribeError,
    deribit::{
        Book, DeribitDialect, OrderBook, Ticker, Trades, UserOrders,
        items::{BookUpdate, Level},
    },
    prelude::*,
    reconnect::Linear,
    session::DeliveryCounts,
    telemetry::Event,
};

use crate::kit::{Trader, adapter, alert, credentials, prepare};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ten_minutes_of_chaos_everything_adds_up() {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<f64>().ok());
    let (scale, seed) = (number("CHAOS_SCALE").unwrap_or(60.0), number("CHAOS_SEED").unwrap_or(7.0) as u64);
    let scenario = Scenario::ready_made("chaos", seed).expect("it is ready-made");
    let length = scenario.length.expect("it ends").div_f64(scale);
    let mut config = scenario.adjust(Config::default().with_seed(seed).with_time_scale(scale));
    // A market that is as lively as it should be in the client's time.
    config.market.rates.scale = (4.0 / scale).min(1.0);
    let simulator = Simulator::start(config).await.expect("a port is free");
    let control = simulator.control();
    // A login that is refused for as long as such a fault lasts must not be tried too often in it.
    let client = trader(&simulator, secs(3).div_f64(scale).max(millis(10))).await;
    control.run_scenario(&scenario);
    let hurry = tokio::spawn(hurry(client.clone(), secs(20).div_f64(scale)));

    let over = tokio::time::Instant::now() + length;
    let (book, tickers, trades, orders) = tokio::join!(
        follow_the_book(&client, &control, over),
        take(&client, || Ticker::every_100ms("ETH-PERPETUAL"), over, |(): &mut (), _| {}),
        take(
            &client,
            || Trades::every_100ms("BTC-PERPETUAL"),
            over,
            |seen: &mut u64, trades| {
                for trade in &trades {
                    assert!(trade.trade_seq > *seen, "{} follows {seen}", trade.trade_seq);
                    *seen = trade.trade_seq;
                }
            }
        ),
        take(&client, || UserOrders::every_event("BTC-PERPETUAL"), over, |(): &mut (), _| {}),
    );
    for counts in [book, tickers, trades, orders] {
        let sum = counts.delivered + counts.conflated + counts.dropped + counts.undecodable + counts.queued;
        assert_eq!(counts.received, sum, "seed {seed}: {counts:?}");
    }
    hurry.abort();
    within(PATIENCE, "the end", client.shutdown(PATIENCE)).await.ok();
    let secrets = [crate::kit::SECRET];
    control
        .journal(|journal| journal.secrets_stay_in_place(&secrets))
        .unwrap_or_else(|failed| panic!("{failed}"));
}

/// A client that gives up nothing.
async fn trader(simulator: &Simulator, pause: Duration) -> Trader {
    let adapter = adapter(simulator).with_credentials(credentials());
    prepare(adapter)
        .with_policies(Policies::default().with_reconnect(Linear::every(pause)))
        .with_settings(|settings| {
            settings.keep_alive = alert(millis(400), millis(300));
            settings.opening_deadline = secs(2);
            settings.call_deadline = secs(1);
        })
        .connect()
        .await
        .expect("nothing has gone wrong yet")
}

/// The pauses after a refusal are in seconds of the client's; the venue lives faster.
async fn hurry(client: Trader, most: Duration) {
    let mut events = client.events();
    while let Some(record) = events.next().await {
        if let Event::ReconnectScheduled { delay, .. } = record.event
            && delay > most
        {
            tokio::time::sleep(most).await;
            client.reconnect();
        }
    }
}

/// Keeps the book until the time is over, and then until it is the venue's.
async fn follow_the_book(client: &Trader, control: &Control, over: tokio::time::Instant) -> DeliveryCounts {
    let channel = || Book::every_100ms("BTC-PERPETUAL");
    let mut updates = subscribe(client, channel).await;
    let mut book = OrderBook::default();
    let mut ended = DeliveryCounts::default();
    let last = over + PATIENCE;
    let mut awaited: Option<BookView> = None;
    loop {
        assert!(
            tokio::time::Instant::now() < last,
            "the book never became the venue's: {:?} at {:?}, {:?}, {:?}, {:?}",
            book.state(),
            book.change_id(),
            client.state(),
            client.topics(),
            client.explain(),
        );
        let Ok(delivery) = tokio::time::timeout_at(last, updates.next()).await else { continue };
        match delivery {
            Some(Delivery::Item(update)) => apply(&mut book, &update),
            Some(Delivery::Gap(_)) => {
                book.gap();
                assert!(book.best_bid().is_none() && book.best_ask().is_none(), "ghosts after a gap");
            }
            // Refused, perhaps by a fault; it is wanted again.
            None => {
                let before = std::mem::replace(&mut updates, subscribe(client, channel).await);
                add(&mut ended, before.unsubscribe());
                book.gap();
            }
        }
        if tokio::time::Instant::now() < over || !book.is_live() {
            continue;
        }
        // The venue may be ahead: what it had sent at some moment arrives a little later.
        if awaited.as_ref().is_none_or(|truth| Some(truth.change_id) < book.change_id()) {
            awaited = sent_last(control);
        }
        if let Some(truth) = awaited.as_ref().filter(|truth| Some(truth.change_id) == book.change_id()) {
            assert_same(&book, truth);
            add(&mut ended, updates.unsubscribe());
            return ended;
        }
    }
}

fn apply(book: &mut OrderBook, update: &BookUpdate) {
    // A change without its base is refused, and the book stays empty until the next snapshot.
    let _ = book.apply(update);
    if let (true, Some(bid), Some(ask)) = (book.is_live(), book.best_bid(), book.best_ask()) {
        assert!(bid.price < ask.price || book.is_crossed(), "a crossed book says so");
    }
}

/// The book as the venue sent it last.
fn sent_last(control: &Control) -> Option<BookView> {
    control.market(|market| {
        let id = market.universe().find("BTC-PERPETUAL")?;
        market.emitted_book(id, Interval::Ms100)
    })
}

/// The book is what the venue sent, level by level.
fn assert_same(book: &OrderBook, truth: &BookView) {
    let kept = |level: Level| (level.price.to_f64(), level.amount.to_f64());
    let number = |text: String| text.parse::<f64>().expect("a decimal is a number");
    let sent = |(price, amount): &(market::Decimal, market::Decimal)| {
        (number(price.to_string()), number(amount.to_string()))
    };
    let sides: [(Vec<_>, &Vec<_>); 2] =
        [(book.bids().map(kept).collect(), &truth.bids), (book.asks().map(kept).collect(), &truth.asks)];
    for (kept, truth) in sides {
        assert_eq!(kept, truth.iter().map(sent).collect::<Vec<_>>());
    }
}

/// Takes whatever comes until the time is over, and subscribes again when it is refused.
async fn take<C, S: Default>(
    client: &Trader,
    channel: impl Fn() -> C,
    over: tokio::time::Instant,
    check: impl Fn(&mut S, C::Item),
) -> DeliveryCounts
where
    C: Channel<Dialect = DeribitDialect>,
{
    let mut ended = DeliveryCounts::default();
    let mut state = S::default();
    let mut items = subscribe(client, &channel).await;
    while let Ok(delivery) = tokio::time::timeout_at(over, items.next()).await {
        match delivery {
            Some(Delivery::Item(item)) => check(&mut state, item),
            Some(Delivery::Gap(_)) => {}
            None => add(
                &mut ended,
                std::mem::replace(&mut items, subscribe(client, &channel).await).unsubscribe(),
            ),
        }
    }
    add(&mut ended, items.unsubscribe());
    ended
}

/// Subscribes, however often that is refused.
async fn subscribe<C>(client: &Trader, channel: impl Fn() -> C) -> Subscription<C::Item>
where
    C: Channel<Dialect = DeribitDialect>,
{
    loop {
        match client.subscribe(channel()).fresh_within(secs(2)).holding_back(millis(100)).await {
            Ok(subscription) => return subscription,
            Err(SubscribeError::NotAccepted(error)) => panic!("the client is closed: {error:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

fn add(sum: &mut DeliveryCounts, counts: DeliveryCounts) {
    sum.received += counts.received;
    sum.delivered += counts.delivered;
    sum.conflated += counts.conflated;
    sum.dropped += counts.dropped;
    sum.undecodable += counts.undecodable;
    sum.queued += counts.queued;
}
