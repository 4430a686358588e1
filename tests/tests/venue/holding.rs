//! What a client holds and may change while it lives: a shared budget, settings, the wanted set,
//! what goes first.

use nova_testkit::{
    net::Ending,
    venue::{Credits, Heard, Op, adapter::*},
};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::{Bound, KeepAlive},
    prelude::*,
    reconnect::Linear,
    telemetry::Event,
};

use crate::kit::{connect, generous, prepare, ready_after, topic_state, venue};

#[tokio::test]
async fn clients_that_share_a_budget_come_back_one_after_the_other() {
    let venue = generous().await;
    let budget = ReconnectBudget::new(1, 1, millis(150)).unwrap();
    let mut clients = Vec::new();
    for _ in 0..3 {
        let client = prepare(venue.adapter()).with_reconnect_budget(budget.clone()).connect().await.unwrap();
        clients.push(client);
    }
    venue.cut(Ending::Reset);
    for client in &clients {
        ready_after(client, 1).await;
    }
    let attempts: Vec<_> = venue.look(|core| {
        core.journal().filter(|entry| entry.heard == Heard::Attempt).map(|entry| entry.at).collect()
    });
    let pauses: Vec<_> = attempts[3..].windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses.len(), 2);
    assert!(pauses.iter().all(|pause| *pause >= millis(120)), "{pauses:?}");
}

#[tokio::test]
async fn new_settings_take_effect_on_the_link_there_is() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut events = client.events();
    let soon = KeepAlive { every: millis(20), deadline: secs(4), misses: 1 };
    client.reconfigure(|settings| settings.keep_alive = soon).unwrap();
    venue
        .wait_for("a probe on the new schedule", |core| core.journal().any(|e| e.heard == Heard::Ping))
        .await;
    assert!(matches!(client.state(), State::Ready { link } if link.get() == 1), "the link stays");
    loop {
        if let Event::Reconfigured = events.next().await.unwrap().event {
            break;
        }
    }
}

#[tokio::test]
async fn a_wrong_setting_is_named_and_changes_nothing() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let _held_back = client.subscribe(Prices("BTC")).holding_back(millis(900)).await.unwrap();
    let wrong = client.reconfigure(|settings| {
        settings.call_deadline = secs(7);
        settings.keep_alive.deadline = millis(900);
    });
    assert_eq!(wrong.unwrap_err().name, "keep_alive.deadline");
    let mut deadline = None;
    client.reconfigure(|settings| deadline = Some(settings.call_deadline)).unwrap();
    assert_ne!(deadline, Some(secs(7)), "all or nothing");
    let bound = Bound { count: 0, bytes: 0 };
    assert_eq!(client.reconfigure(|settings| settings.lanes.user = bound).unwrap_err().name, "lanes.user");
}

#[tokio::test]
async fn the_wanted_set_of_one_client_is_restored_by_the_next() {
    let venue = generous().await;
    let first = connect(venue.adapter()).await;
    let _held = first.subscribe(Prices("BTC")).await.unwrap();
    let left = first.subscribe(Prices("ETH")).await.unwrap();
    left.unsubscribe();
    let stored = serde_json::to_string(&first.wanted()).unwrap();
    assert_eq!(stored, r#"["prices.BTC"]"#);
    first.shutdown(secs(1)).await.ok();

    let second = connect(venue.adapter()).await;
    second.restore(&serde_json::from_str::<Vec<_>>(&stored).unwrap());
    let is_on = |core: &nova_testkit::venue::Core| {
        core.seats().next_back().is_some_and(|(_, seat)| seat.topics().contains("prices.BTC"))
    };
    venue.wait_for("the restored topic", is_on).await;
    // Taken over by a subscription, it is asked for no second time, and leaves with it.
    let taken = second.subscribe(Prices("BTC")).await.unwrap();
    second.forget_restored();
    assert!(topic_state(&second, "prices.BTC").is_some());
    let asked = venue.look(|core| core.requests(2).filter(|(op, _)| *op == Op::Subscribe).count());
    assert_eq!(asked, 1);
    taken.unsubscribe();
    assert!(second.wanted().is_empty());
}

#[tokio::test]
async fn after_a_loss_urgent_topics_are_asked_for_first() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let _usual = client.subscribe(Prices("AAA")).await.unwrap();
    let _urgent = client.subscribe(Prices("MMM")).priority(9).await.unwrap();
    let _required = client.subscribe(Prices("ZZZ")).required().await.unwrap();
    venue.cut(Ending::Fin);
    ready_after(&client, 1).await;
    let asked: String = venue.look(|core| {
        let subscribes = core.requests(2).filter(|(op, _)| *op == Op::Subscribe);
        subscribes.map(|(_, text)| text.to_owned()).collect()
    });
    let places = ["ZZZ", "MMM", "AAA"].map(|name| asked.find(name).unwrap_or(usize::MAX));
    assert!(places.is_sorted() && places[2] < usize::MAX, "{asked}");
}

#[tokio::test]
async fn an_urgent_call_overtakes_those_that_wait_for_credits() {
    let terms = Credits::new(2, millis(100));
    let venue = venue(|rules| rules.credits = Some(Credits::new(9, millis(1)))).await;
    let policies =
        Policies::default().with_reconnect(Linear::every(millis(1))).with_limiter(limiter(terms).unwrap());
    let client =
        Connect::new(venue.adapter(), Wire::default()).with_policies(policies).connect().await.unwrap();
    let order = |id: &str| Order::buy(id, "BTC");
    let usual = ["a", "b", "c"].map(|id| client.call(order(id)));
    let [a, b, c] = usual;
    let urgent = client.call(order("urgent")).priority(1);
    let (a, b, c, urgent) = tokio::join!(a, b, c, urgent);
    assert!(a.is_ok() && b.is_ok() && c.is_ok() && urgent.is_ok());
    let placed: Vec<_> = venue.look(|core| {
        let orders = core.requests(1).filter(|(op, _)| *op == Op::Order);
        orders.map(|(_, text)| text.contains("urgent")).collect()
    });
    let place = placed.iter().position(|is_urgent| *is_urgent);
    assert!(place.is_some_and(|place| place <= 1), "{placed:?}");
}
