//! When it is tried again, and when not.

use std::time::Instant;

use nova_testkit::{
    net::{PATIENCE, within},
    venue::{Heard, Reception, Venue, adapter::*},
};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::InitialConnect, prelude::*, reconnect::Jittered, session::EndCause, transport::LostReason,
};

use crate::kit::{connect, generous, ready_after, venue};

fn attempts(venue: &Venue) -> Vec<Instant> {
    let attempts = |core: &nova_testkit::venue::Core| {
        core.journal().filter(|entry| entry.heard == Heard::Attempt).map(|entry| entry.at).collect()
    };
    venue.look(attempts)
}

#[tokio::test]
async fn c11_accept_then_close_is_paced_like_a_refusal() {
    tokio::join!(
        is_paced(Reception::AcceptThenClose(1001)),
        is_paced(Reception::AcceptThenCut),
        is_paced(Reception::Vanish)
    );
}

/// Ten minutes of the default pace, 400 times as fast: 1.5 s of 2.5 ms doubling up to 150 ms.
async fn is_paced(reception: Reception) {
    let venue = venue(|rules| rules.reception = reception).await;
    let policies = Policies::default().with_reconnect(Jittered::new(millis(5) / 2, millis(150)));
    // Without a login it is ready as soon as it is accepted, and must not count that as success.
    let adapter = venue.adapter().without_credentials().with_settings(|settings| {
        settings.initial_connect = InitialConnect::Retry;
        settings.stable_after = millis(25);
    });
    let client = Connect::new(adapter, Wire::default()).with_policies(policies).with_seed(7).start();
    let closed = tokio::time::timeout(millis(1500), client.closed()).await;
    assert!(closed.is_err(), "it gave up: {closed:?}");
    let attempts = attempts(&venue).len();
    assert!((8..=40).contains(&attempts), "{attempts} attempts with {reception:?}");
}

#[tokio::test]
async fn c11_a_fatal_close_code_stops_at_once() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    venue.close(4403, "banned");
    let end = within(PATIENCE, "the end", client.closed()).await;
    assert!(
        matches!(&end, EndCause::Failed(LostReason::ClosedByPeer(Some(frame))) if frame.code().get() == 4403)
    );
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn retry_after_overrides_the_pace() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    venue.rule(|rules| {
        rules.receptions = [Reception::Refuse { status: 503, retry_after: Some(1) }].into();
    });
    venue.close(1001, "");
    ready_after(&client, 1).await;
    let attempts = attempts(&venue);
    let pause = attempts[2] - attempts[1];
    assert!((secs(1)..secs(2)).contains(&pause), "{pause:?}");
}

#[tokio::test]
async fn a_venue_that_went_away_is_found_again_on_its_port() {
    let mut venue = generous().await;
    let client = connect(venue.adapter()).await;
    let _prices = client.subscribe(Prices("BTC")).required().await.unwrap();
    venue.stop().await;
    let call = client.call(Time).wait_for_link(secs(5));
    let (answer, ()) = tokio::join!(call, async {
        tokio::time::sleep(millis(50)).await;
        venue.restart().await.unwrap();
    });
    // The call may have been on the link that went.
    assert!(matches!(answer, Ok(_) | Err(RequestError::SentUnknown { .. })), "{answer:?}");
    ready_after(&client, 1).await;
    client.call(Time).await.unwrap();
}
