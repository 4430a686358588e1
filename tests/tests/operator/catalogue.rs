//! Each event of the catalogue is emitted by some scenario, and none that is not in it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use nova_testkit::{
    net::{PATIENCE, Port, within},
    venue::{Rules, Venue, adapter::*},
};
use websockex_nova::{
    behaviour::{
        AuthHandler, Body, Bound, Correlation, Grant, Inbound, InitialConnect, Kept, LoginMoment,
        MessageHandler, RateLimitHandler, Refusal, RequestId, Setting, SettingHandler,
    },
    prelude::*,
    ratelimit::{Charge, Stated},
    reconnect::{Linear, Retries},
    telemetry::{CATALOGUE, Observer, Record},
};

use crate::venue::{
    Lines, Logins, Stream, Topics, Words, ended, hears, next, obey, prepare, quick, ready_on, serving, venue,
};

/// The names of all events that were seen, over all clients that are watched.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeSet<&'static str>>>);

impl Observer for Seen {
    fn observe(&mut self, record: &Record) {
        self.0.lock().unwrap().insert(record.event.name());
    }
}

impl Seen {
    fn has(&self, name: &str) -> bool {
        self.0.lock().unwrap().contains(name)
    }

    /// Waits for an event, while time passes.
    async fn wait_for(&self, name: &'static str) {
        let waiting = async {
            while !self.has(name) {
                tokio::time::sleep(millis(2)).await;
            }
        };
        within(PATIENCE, name, waiting).await;
    }

    fn policies(&self) -> Policies<Linear, Stated, Self> {
        quick().with_observer(self.clone())
    }
}

#[tokio::test]
async fn each_documented_event_is_emitted_and_each_emitted_one_is_documented() {
    let seen = Seen::default();
    tokio::join!(
        a_life(&seen),
        nobody_there(&seen),
        logins_that_lapse(&seen),
        logins_that_are_refused(&seen),
        settings(&seen),
        topics(&seen),
        handlers_that_fail(&seen),
        limits(&seen),
        full_queues(&seen),
        full_lanes(&seen),
        too_many_events(&seen),
    );
    let documented: BTreeSet<_> = CATALOGUE.iter().map(|kind| kind.name).collect();
    let seen = seen.0.lock().unwrap();
    let never: Vec<_> = documented.difference(&seen).collect();
    assert!(never.is_empty(), "documented, but emitted by none of these scenarios: {never:?}");
    let unknown: Vec<_> = seen.difference(&documented).collect();
    assert!(unknown.is_empty(), "emitted, but not documented: {unknown:?}");
}

/// connecting, phase_began, connected, ready, settled, traffic, ponged, stale, reconfigured, lost,
/// reconnect_scheduled, closing, closed.
async fn a_life(seen: &Seen) {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines)).with_policies(seen.policies()).connect().await.unwrap();
    client.call("say hello").await.unwrap();
    client.ping().await.unwrap();
    // A reply that nobody waits for.
    client.call("hear 999 ok").await.unwrap();
    client.reconfigure(|settings| settings.call_deadline = secs(7)).unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    client.shutdown(secs(1)).await.unwrap();
    seen.wait_for("closed").await;
}

/// connect_failed, gave_up.
async fn nobody_there(seen: &Seen) {
    let closed = Port::reserve().unwrap();
    let strategy = Linear::every(millis(1)).with_retries(Retries::Limited(1));
    let policies = Policies::default().with_reconnect(strategy).with_observer(seen.clone());
    let client = prepare(&format!("ws://{}/", closed.addr()), Handlers::new(Lines))
        .with_policies(policies)
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .start();
    ended(&client).await;
    seen.wait_for("gave_up").await;
}

/// Renews at once, and takes a refusal that says `stale` for a lapsed login.
struct Lapsing(Logins);

impl AuthHandler<Words> for Lapsing {
    fn login(&mut self, moment: LoginMoment) -> Option<String> {
        self.0.login(moment)
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        self.0.answered(answer)
    }

    fn renewal_lead(&self) -> Duration {
        secs(60) - millis(10)
    }

    fn has_lapsed(&mut self, refusal: &Refusal) -> bool {
        refusal.message == "stale"
    }
}

/// logged_in, renewal_refused, login_lapsed.
async fn logins_that_lapse(seen: &Seen) {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        for answer in ["ok 60000", "no", "ok 3600000"] {
            let login = conn.recv_text().await;
            let id = login.split(' ').next().unwrap_or_default();
            conn.send_text(&format!("{id} {answer}")).await;
        }
        obey(&mut conn).await;
    })
    .await;
    let handlers = Handlers::new(Lines).with_auth(Lapsing(Logins::default()));
    let client = prepare(&venue.url(), handlers).with_policies(seen.policies()).connect().await.unwrap();
    hears(venue.journal(), "the recovery", |text| text.ends_with("login 3")).await;
    // A login that was made within the last second is not doubted.
    let doubted = async {
        while !seen.has("login_lapsed") {
            client.call("deny stale").await.unwrap_err();
            tokio::time::sleep(millis(50)).await;
        }
    };
    within(PATIENCE, "login_lapsed", doubted).await;
}

/// login_refused.
async fn logins_that_are_refused(seen: &Seen) {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.recv_text().await;
        conn.send_text("1 no such user").await;
        obey(&mut conn).await;
    })
    .await;
    let handlers = Handlers::new(Lines).with_auth(Logins::default());
    prepare(&venue.url(), handlers).with_policies(seen.policies()).connect().await.unwrap_err();
    seen.wait_for("login_refused").await;
}

struct Wants;

impl SettingHandler<Words> for Wants {
    fn wanted(&mut self) -> Vec<Setting<String>> {
        ["say fine", "deny it"].map(|request| Setting::new("test", request.to_owned()).optional()).into()
    }
}

/// setting_made, setting_refused.
async fn settings(seen: &Seen) {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_connection_settings(Wants);
    let client = prepare(&venue.url(), handlers).with_policies(seen.policies()).connect().await.unwrap();
    seen.wait_for("setting_made").await;
    seen.wait_for("setting_refused").await;
    drop(client);
}

/// topics_asked, topics_confirmed, topic_refused, topic_stale, gaps_opened.
async fn topics(seen: &Seen) {
    let rules = Rules::generous().with(|rules| {
        rules.refused_topics.insert("prices.NO".into());
        rules.silent_topics.insert("prices.MUTE".into());
        rules.items_per_second = Some(100.0);
    });
    let venue = Venue::start(rules).await.unwrap();
    let client = Client::prepare(venue.adapter()).with_policies(seen.policies()).connect().await.unwrap();
    client.subscribe(Prices("NO")).await.unwrap_err();
    let _stale = client.subscribe(Prices("MUTE")).fresh_within(millis(50)).await.unwrap();
    seen.wait_for("topic_stale").await;
    venue.close(1001, "");
    seen.wait_for("gaps_opened").await;
}

/// Panics over a line that says so.
struct Nervous;

impl MessageHandler for Nervous {
    type Dialect = Words;
    type Error = crate::venue::Nonsense;

    fn encode(&mut self, id: RequestId, line: String, out: &mut Kept) -> Result<Correlation, Self::Error> {
        assert!(!line.contains("panic"), "as the test demands");
        Lines.encode(id, line, out)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Self::Error> {
        Lines.route(message)
    }
}

/// undecodable, handler_panicked.
async fn handlers_that_fail(seen: &Seen) {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Nervous)).with_policies(seen.policies()).connect().await.unwrap();
    client.call("hear gibberish").await.unwrap();
    client.call("say panic").await.unwrap_err();
    seen.wait_for("undecodable").await;
    seen.wait_for("handler_panicked").await;
}

struct Patient;

impl RateLimitHandler<Words> for Patient {
    fn price(&mut self, _: &String) -> Charge {
        Charge::FREE
    }

    fn held_back(&mut self, refusal: &Refusal) -> Option<Duration> {
        (refusal.message == "slowly").then(|| millis(1))
    }
}

/// held_back.
async fn limits(seen: &Seen) {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_limits(Patient);
    let client = prepare(&venue.url(), handlers).with_policies(seen.policies()).connect().await.unwrap();
    client.call("deny slowly").await.unwrap_err();
    seen.wait_for("held_back").await;
}

/// queue_high_water, queue_low_water, items_dropped.
async fn full_queues(seen: &Seen) {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_subscriptions(Topics);
    let client = prepare(&venue.url(), handlers).with_policies(seen.policies()).connect().await.unwrap();
    let bound = Bound { count: 16, bytes: 1 << 20 };
    let mut stream = client.subscribe(Stream("a")).bound(bound).dropping_oldest().await.unwrap();
    for _ in 0..20 {
        client.call("hear * a item").await.unwrap();
    }
    while stream.counts().queued > 0 {
        next(&mut stream).await.unwrap();
    }
    seen.wait_for("queue_low_water").await;
    seen.wait_for("items_dropped").await;
}

/// high_water, low_water.
async fn full_lanes(seen: &Seen) {
    let mut venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_policies(seen.policies())
        .with_settings(|settings| settings.lanes.user.count = 4)
        .connect()
        .await
        .unwrap();
    venue.stop().await;
    crate::venue::until(&client, "the loss", |state| !state.is_ready()).await;
    // They wait for a link in the lane, and fill it.
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.call("say late").wait_for_link(PATIENCE).await })
        })
        .collect();
    seen.wait_for("high_water").await;
    venue.restart().await.unwrap();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    seen.wait_for("low_water").await;
}

/// events_dropped.
async fn too_many_events(seen: &Seen) {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_policies(seen.policies())
        .with_settings(|settings| settings.events = 1)
        .connect()
        .await
        .unwrap();
    // Each change is an event, and nobody is let in between to take them.
    for _ in 0..3 {
        client.reconfigure(|settings| settings.call_deadline = secs(7)).unwrap();
    }
    seen.wait_for("events_dropped").await;
}
