//! From an open link to a usable session: settings, login, topics, and then the rest.

use std::time::Instant;

use nova_testkit::{
    net::Certificates,
    venue::{Logins, Op, Reception, Rules, Venue, adapter::*},
};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::InitialConnect,
    connect::{Connector, Roots, TlsOptions},
    prelude::*,
    session::EndCause,
};

use crate::kit::{connect, count, gap, generous, item, ops, prepare, published, ready_after, until, venue};

#[tokio::test]
async fn settings_login_and_topics_precede_user_traffic_on_every_link() {
    let venue = generous().await;
    let client = connect(venue.adapter().with_heartbeat(secs(60)).with_cancel_on_drop()).await;
    let _prices = client.subscribe(Prices("BTC")).required().await.unwrap();
    let _fills = client.subscribe(Fills).required().await.unwrap();
    client.call(Order::buy("first", "BTC")).await.unwrap();
    let first = [Op::Set, Op::Login, Op::Set, Op::Subscribe, Op::Subscribe, Op::Order];
    assert_eq!(ops(&venue, 1), first);
    for round in 1..=5 {
        let before = venue.accepted() as u64;
        venue.rule(|rules| rules.receptions = [Reception::Vanish].into());
        venue.close(1001, "out for lunch");
        until(&client, "the loss", |state| !state.is_ready()).await;
        // It waits for the next usable link, and may not overtake what makes it usable.
        client.call(Time).wait_for_link(secs(5)).await.unwrap();
        ready_after(&client, before).await;
        let newest = venue.accepted() as u64;
        assert_eq!(ops(&venue, newest), [Op::Set, Op::Login, Op::Set, Op::Subscribe, Op::Time], "{round}");
        venue.look(|core| {
            let seat = core.seat(newest).unwrap();
            assert_eq!((seat.key(), seat.heartbeat()), (Some("alice"), Some(secs(60))));
            assert!(seat.cancels_on_drop());
        });
    }
    assert!(venue.look(|core| core.complaints().is_empty()));
}

#[tokio::test]
async fn over_tls_all_is_the_same() {
    let certificates = Certificates::generate();
    let venue = Venue::start_tls(Rules::generous(), &certificates).await.unwrap();
    let tls = TlsOptions::new().with_roots(Roots::ExtraOnly);
    let tls = tls.with_extra_roots_pem(certificates.root_pem().as_bytes()).unwrap();
    let transport = Wire::new(Connector::new().with_tls(tls));
    let client = Connect::new(venue.adapter(), transport).connect().await.unwrap();
    let mut deltas = client.subscribe(Deltas("BTC")).await.unwrap();
    venue.tick("deltas.BTC", 1000);
    for n in 1..=1000 {
        assert_eq!(item(&mut deltas).await.n, n);
    }
    client.shutdown(secs(1)).await.unwrap();
}

#[tokio::test]
async fn a_refused_login_is_fatal_and_names_the_reason_but_not_the_secret() {
    let secret = "not-the-right-one";
    let on_a_list = Logins::Refused { code: 403, message: "you are on a list".into() };
    for (logins, why) in [(Logins::Checked, "wrong signature"), (on_a_list, "you are on a list")] {
        let venue = venue(|rules| rules.logins = logins).await;
        let adapter = venue.adapter().with_credentials("alice", secret);
        assert!(!format!("{adapter:?}").contains(secret));
        let end = prepare(adapter).connect().await.unwrap_err();
        let EndCause::LoginRefused(refusal) = &end else { panic!("{end:?}") };
        assert_eq!((refusal.code, refusal.message.as_str()), (Some(403), why));
        let shown = format!("{end:?} {end} {:?}", websockex_nova::Error::from(end.clone()));
        assert!(!shown.contains(secret), "{shown}");
        assert_eq!(venue.accepted(), 1);
        assert_eq!(ops(&venue, 1), [Op::Login]);
    }
}

#[tokio::test]
async fn a_login_refused_for_lack_of_credits_is_made_again_later() {
    let too_many = Logins::Refused { code: 429, message: "too many logins".into() };
    let venue = venue(|rules| rules.logins = too_many).await;
    let adapter = venue.adapter().with_settings(|settings| settings.initial_connect = InitialConnect::Retry);
    let client = prepare(adapter).start();
    venue.wait_for("the first login", |core| core.requests(1).count() == 1).await;
    venue.rule(|rules| rules.logins = Logins::Checked);
    // A second or two later, though the client is else in a hurry.
    let began = Instant::now();
    assert_eq!(ready_after(&client, 1).await, 2);
    assert!(began.elapsed() > millis(900), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_login_is_renewed_before_it_expires() {
    let venue = venue(|rules| rules.login_life = secs(2)).await;
    // Due 50 ms after the login.
    let client = connect(venue.adapter().with_renewal_lead(millis(1950))).await;
    let mut fills = client.subscribe(Fills).await.unwrap();
    venue
        .wait_for("the renewal", |core| core.requests(1).filter(|(op, _)| *op == Op::Login).count() == 2)
        .await;
    client.call(Order::buy("late", "BTC")).await.unwrap();
    assert_eq!(item(&mut fills).await.client_id, "late");
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn a_login_that_ran_out_is_made_again_with_all_that_hangs_on_it() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut fills = client.subscribe(Fills).await.unwrap();
    client.call(Order::buy("before", "BTC")).await.unwrap();
    assert_eq!(item(&mut fills).await.client_id, "before");
    venue.expire_logins();
    ready_after(&client, 1).await;
    venue
        .wait_for("the topic", |core| core.seats().any(|(link, seat)| link == 2 && !seat.topics().is_empty()))
        .await;
    client.call(Order::buy("after", "BTC")).await.unwrap();
    let missed = gap(&mut fills).await;
    assert_eq!(missed.cause.name(), "disconnected");
    assert_eq!(item(&mut fills).await.client_id, "after");
    assert_eq!(count(&venue, Op::Login), 2);
}

#[tokio::test]
async fn without_credentials_nothing_private_is_asked_for_by_itself() {
    let venue = generous().await;
    let client = connect(venue.adapter().without_credentials()).await;
    let _prices = client.subscribe(Prices("BTC")).await.unwrap();
    assert_eq!(published(&venue), ["prices.BTC"]);
    let refused = client.call(Order::buy("x", "BTC")).await.unwrap_err();
    let RequestError::Refused(refusal) = refused else { panic!("{refused:?}") };
    assert_eq!(group(&refusal), Group::Login);
    assert_eq!(count(&venue, Op::Login), 0);
}
