//! Handlers of one's own in an adapter that is derived: whatever overrides a role wins.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use nova_testkit::{
    net::{PATIENCE, within},
    venue::{Op, Rules, Venue, adapter::*},
};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::{Class, ConnectionHandler, Endpoints, ErrorHandler, Fault, Verdict},
    prelude::{Adapter, *},
    telemetry::{LoggingHandler, MetricsCollector, Record},
};

/// The venue, by handlers that were written by hand.
#[derive(Adapter)]
#[adapter(subscriptions = VenueTopics, limits = VenueCredits, settings(call_deadline = "40ms"))]
struct Mixed {
    endpoints: Endpoints,
    messages: VenueMessages,
    auth: VenueLogin,
    connection: Named,
    errors: Strict,
    connection_settings: VenueSettings,
    logging: Counting,
    metrics: Counting,
    #[adapter(skip)]
    _note: &'static str,
}

struct Named;

impl ConnectionHandler for Named {
    fn status(&self) -> Option<String> {
        Some("named".to_owned())
    }
}

/// Ends the session with its first link.
struct Strict(Arc<AtomicU32>);

impl ErrorHandler for Strict {
    fn verdict(&mut self, _fault: &Fault<'_>, _class: Class, _attempts: u32) -> Verdict {
        self.0.fetch_add(1, Ordering::Relaxed);
        Verdict::Stop
    }
}

#[derive(Clone, Default)]
struct Counting(Arc<AtomicU32>);

impl LoggingHandler for Counting {
    fn log(&mut self, _record: &Record) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl MetricsCollector for Counting {
    fn collect(&mut self, _record: &Record) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn every_role_is_filled_by_what_was_given_for_it() {
    let venue = Venue::start(Rules::generous()).await.unwrap();
    let (verdicts, logged, measured) = (Arc::default(), Counting::default(), Counting::default());
    let mut connection_settings = VenueSettings::default();
    connection_settings.heartbeat = Some(secs(3600));
    let adapter = Mixed {
        endpoints: venue.endpoint().into(),
        messages: VenueMessages::default(),
        auth: VenueLogin::default().with_credentials(Credentials::new("alice", Rules::ALICES_SECRET)),
        connection: Named,
        errors: Strict(Arc::clone(&verdicts)),
        connection_settings,
        logging: logged.clone(),
        metrics: measured.clone(),
        _note: "whatever",
    };
    let client = Connect::new(adapter, Wire::default()).connect();
    let client = within(PATIENCE, "the client", client).await.unwrap();
    // Messages, login, settings of the connection, subscriptions.
    let prices =
        within(PATIENCE, "the subscription", client.subscribe(Prices("BTC")).into_future()).await.unwrap();
    let ops: Vec<Op> = venue.look(|core| core.requests(1).map(|(op, _)| op).collect());
    assert_eq!(ops, [Op::Set, Op::Login, Op::Subscribe]);
    assert_eq!(client.status().handler.as_deref(), Some("named"));
    // The settings' deadline.
    venue.rule(|rules| rules.unanswered.extend([Op::Time]));
    let late = within(PATIENCE, "the deadline", client.call(Time).into_future()).await;
    assert!(matches!(late, Err(RequestError::TimedOut { sent: true })), "{late:?}");
    // The error handler's verdict.
    venue.close(1001, "going away");
    within(PATIENCE, "the end", client.closed()).await;
    assert_eq!((verdicts.load(Ordering::Relaxed), venue.accepted()), (1, 1));
    assert!(logged.0.load(Ordering::Relaxed) > 0 && measured.0.load(Ordering::Relaxed) > 0);
    drop(prices);
}

#[derive(Adapter)]
#[adapter(messages = VenueMessages, settings(call_deadline = "20ms", in_flight = 7))]
struct Patient {
    endpoint: Endpoint,
}

#[tokio::test]
async fn what_the_application_sets_comes_before_the_settings_of_the_adapter() {
    let venue = Venue::start(Rules::generous()).await.unwrap();
    venue.rule(|rules| rules.unanswered.extend([Op::Time]));
    let patient = Patient { endpoint: venue.endpoint() };
    assert_eq!(patient.settings().in_flight, 7);
    let prepared = Connect::new(patient, Wire::default()).with_settings(|settings| {
        assert_eq!(settings.call_deadline, millis(20));
        settings.call_deadline = millis(150);
    });
    let client = within(PATIENCE, "the client", prepared.connect()).await.unwrap();
    let began = std::time::Instant::now();
    let late = within(PATIENCE, "the deadline", client.call(Time).into_future()).await;
    assert!(matches!(late, Err(RequestError::TimedOut { sent: true })), "{late:?}");
    assert!(began.elapsed() >= millis(150), "{:?}", began.elapsed());
}
