//! Shutting down against a venue that does not play along.

use std::{future::IntoFuture, time::Instant};

use nova_testkit::{
    net::{FaultProxy, Flow, Way},
    venue::{Op, Reception, adapter::*},
};
use websockex_nova::{behaviour::InitialConnect, prelude::*};

use crate::kit::{connect, generous, prepare, venue};

#[tokio::test]
async fn c15_shutdown_returns_in_time_though_the_close_is_never_answered() {
    let venue = venue(|rules| {
        rules.answers_close = false;
        rules.unanswered.insert(Op::Order);
    })
    .await;
    let client = connect(venue.adapter()).await;
    let order = tokio::spawn({
        let client = client.clone();
        async move { client.call(Order::buy("lost", "BTC")).await }
    });
    venue.wait_for("the order", |core| core.orders().contains_key("lost")).await;
    let began = Instant::now();
    let report = client.shutdown(millis(200)).await.unwrap_err().report;
    let took = began.elapsed();
    assert!((millis(150)..millis(450)).contains(&took), "{took:?}");
    assert_eq!((report.sent_unknown, report.not_sent, report.is_clean), (1, 0, false));
    assert!(matches!(order.await.unwrap(), Err(RequestError::SentUnknown { .. })));
    venue.wait_for("the end of the socket", |core| core.seats().count() == 0).await;
}

#[tokio::test]
async fn c15_shutdown_returns_in_time_though_the_send_buffer_is_full() {
    let venue = generous().await;
    let proxy = FaultProxy::to(venue.addr()).await.unwrap();
    let client = connect(VenueAdapter::at(proxy.url().parse::<Endpoint>().unwrap())).await;
    proxy.faults().set_flow(Way::ToServer, Flow::Hold);
    let notices: Vec<_> =
        (0..15).map(|_| tokio::spawn(client.notify_text("x".repeat(1 << 20)).into_future())).collect();
    client.watch().changed().await;
    while client.status().live_requests < 10 {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    let report = client.shutdown(millis(200)).await.unwrap_err().report;
    let took = began.elapsed();
    assert!((millis(150)..millis(450)).contains(&took), "{took:?}");
    assert!(report.not_sent > 0 && !report.is_clean, "{report:?}");
    let mut handed = 0;
    for notice in notices {
        handed += u64::from(notice.await.unwrap().is_ok());
    }
    // The kernel took some of them; each of the others is in the report.
    assert_eq!(handed + report.not_sent + report.sent_unknown, 15, "{report:?}");
}

#[tokio::test]
async fn c15_shutdown_is_clean_where_the_venue_plays_along() {
    let venue = generous().await;
    let client = connect(venue.adapter().with_cancel_on_drop()).await;
    let _prices = client.subscribe(Prices("BTC")).await.unwrap();
    client.call(Order::buy("waiting", "BTC").at(1.0)).await.unwrap();
    client.shutdown(secs(5)).await.unwrap();
    assert!(client.shutdown_report().is_clean);
    venue.wait_for("the end of the socket", |core| core.seats().count() == 0).await;
    assert!(!venue.look(|core| core.orders()["waiting"].is_open), "it ended with its connection");
}

#[tokio::test]
async fn c16_shutdown_returns_in_every_phase() {
    for (reception, unanswered) in
        [(Reception::Stall, None), (Reception::Accept, Some(Op::Login)), (Reception::Accept, Some(Op::Set))]
    {
        let venue = venue(|rules| {
            rules.reception = reception;
            rules.unanswered.extend(unanswered);
            rules.answers_close = false;
        })
        .await;
        let adapter = venue.adapter().with_heartbeat(secs(60)).with_settings(|settings| {
            settings.initial_connect = InitialConnect::Retry;
        });
        let client = prepare(adapter).start();
        venue
            .wait_for("the phase", |core| match unanswered {
                None => core.journal().count() > 0,
                Some(op) => core.requests(1).any(|(seen, _)| seen == op),
            })
            .await;
        let began = Instant::now();
        client.shutdown(millis(100)).await.unwrap();
        assert!(began.elapsed() < millis(400), "{:?} in {reception:?} {unanswered:?}", began.elapsed());
        venue.wait_for("the end of the socket", |core| core.seats().count() == 0).await;
    }
}
