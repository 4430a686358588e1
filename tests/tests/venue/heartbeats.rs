//! Signs of life, the venue's own and the protocol's.

use nova_testkit::venue::{Credits, Heard, adapter::*};
use nova_tests::Wire;
use websockex_nova::{behaviour::KeepAlive, prelude::*, reconnect::Linear, transport::LostReason};

use crate::kit::{connect, generous, item, ready_after, until, venue};

#[tokio::test]
async fn a_heartbeat_is_answered_ahead_of_a_full_queue_of_the_limiter() {
    let venue = venue(|rules| rules.alive_patience = millis(500)).await;
    let policies = Policies::default()
        .with_reconnect(Linear::every(millis(1)))
        .with_limiter(limiter(Credits::new(4, secs(3600))).unwrap());
    let adapter = venue.adapter().without_credentials().with_heartbeat(millis(20));
    let client = Connect::new(adapter, Wire::default()).with_policies(policies).connect().await.unwrap();
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.call(Time).await })
        })
        .collect();
    venue
        .wait_for("ten answers", |core| {
            core.journal().filter(|entry| entry.heard == Heard::Alive).count() >= 10
        })
        .await;
    // The heartbeat's setting took one credit of three, two calls the others.
    assert_eq!(venue.look(|core| core.requests(1).count()), 3);
    assert_eq!((venue.accepted(), client.status().live_requests), (1, 98));
    calls.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn pings_that_are_swallowed_end_the_link_and_traffic_keeps_it() {
    let venue = venue(|rules| rules.answers_pings = false).await;
    let adapter = venue.adapter().with_settings(|settings| {
        settings.keep_alive = KeepAlive { every: millis(50), deadline: millis(100), misses: 1 };
    });
    venue.rule(|rules| rules.items_per_second = Some(100.0));
    let client = connect(adapter).await;
    let mut prices = client.subscribe(Prices("BTC")).required().holding_back(millis(50)).await.unwrap();
    // Several probes go unanswered meanwhile.
    for _ in 0..50 {
        item(&mut prices).await;
    }
    assert_eq!(venue.accepted(), 1);
    venue.rule(|rules| rules.publishes = false);
    let lost = until(&client, "the verdict", |state| matches!(state, State::Waiting { .. })).await;
    assert!(matches!(lost, State::Waiting { cause: LostReason::Silent, .. }), "{lost:?}");
    venue.rule(|rules| rules.answers_pings = true);
    ready_after(&client, 1).await;
}

#[tokio::test]
async fn a_client_that_answers_nothing_would_be_closed() {
    // That the heartbeat is real: a message handler that ignores it loses its link.
    struct Deaf(VenueMessages);
    use websockex_nova::behaviour::{
        Adapter as _, Body, Correlation, Inbound, Kept, MessageHandler, RequestId,
    };
    impl MessageHandler for Deaf {
        type Dialect = VenueDialect;
        type Error = Unreadable;

        fn encode(
            &mut self,
            id: RequestId,
            request: Request,
            out: &mut Kept,
        ) -> Result<Correlation, Unreadable> {
            self.0.encode(id, request, out)
        }

        fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Unreadable> {
            let routed = self.0.route(message)?;
            Ok(if matches!(routed, Inbound::Answer(_)) { Inbound::Ignore } else { routed })
        }
    }
    let venue = generous().await;
    venue.rule(|rules| rules.alive_patience = millis(20));
    let adapter = venue.adapter().with_heartbeat(millis(20));
    let (endpoints, handlers) = (venue.endpoint(), adapter.into_handlers());
    let deaf = speaking(endpoints, handlers.with_messages(Deaf(VenueMessages::default())));
    let client = Connect::new(deaf, Wire::default()).connect().await.unwrap();
    let lost = until(&client, "the loss", |state| matches!(state, State::Waiting { .. })).await;
    let State::Waiting { cause: LostReason::ClosedByPeer(Some(frame)), .. } = &lost else {
        panic!("{lost:?}")
    };
    assert_eq!(frame.code().get(), 4008);
}
