//! Adapters that are each wrong in one place, and fail there by name.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicU64, Ordering},
};

use nova_testkit::{
    conformance::{self, Report},
    venue::{Rules, adapter::*},
};
use websockex_nova::{
    behaviour::{
        AuthHandler, Behaviour, Body, Confirmation, Correlation, Grant, Inbound, Kept, LoginMoment,
        MessageHandler, Refusal, RequestId, SubscriptionHandler, Topic, TopicRequest,
    },
    prelude::*,
};

use crate::venue::{OneLink, adapter};

/// What comes out with these handlers instead of the right ones.
fn report<H: Behaviour<Dialect = VenueDialect>>(spoil: impl Fn(VenueHandlers) -> H) -> Report {
    let endpoint = "wss://venue.example/".parse::<Endpoint>().unwrap();
    let make = || speaking(endpoint.clone(), spoil(adapter().into_handlers()));
    conformance::check(make, || OneLink::new(Rules::generous()))
}

/// A message handler with one thing changed in what it routes.
struct Routing(fn(Inbound<'_>) -> Inbound<'_>);

impl MessageHandler for Routing {
    type Dialect = VenueDialect;
    type Error = Unreadable;

    fn encode(&mut self, id: RequestId, request: Request, out: &mut Kept) -> Result<Correlation, Unreadable> {
        VenueMessages::default().encode(id, request, out)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Unreadable> {
        VenueMessages::default().route(message).map(self.0)
    }
}

#[test]
fn who_never_answers_a_heartbeat_fails_by_name() {
    let report = report(|handlers| {
        handlers.with_messages(Routing(|inbound| match inbound {
            Inbound::Answer(_) => Inbound::Ignore,
            other => other,
        }))
    });
    assert_eq!(
        report.failures(),
        ["a heartbeat is answered once", "a heartbeat is answered while the limiter holds everything back"],
        "{report}"
    );
}

#[test]
fn who_takes_a_refusal_for_a_reply_fails_by_name() {
    let report = report(|handlers| {
        handlers.with_messages(Routing(|inbound| match inbound {
            Inbound::Reply { to, result: Err(_) } => Inbound::Reply { to, result: Ok(Body::Text("{}")) },
            other => other,
        }))
    });
    let failures = report.failures();
    assert!(failures.contains(&"a refused call is refused, and the link lives"), "{report}");
    assert!(!failures.contains(&"a call gets its reply"), "{report}");
}

#[test]
fn who_puts_all_items_into_one_topic_fails_by_name() {
    let report = report(|handlers| {
        handlers.with_messages(Routing(|inbound| match inbound {
            Inbound::Event { position, body, .. } => {
                Inbound::Event { topic: Cow::Borrowed("deltas.BTC"), position, body }
            }
            other => other,
        }))
    });
    assert!(report.failures().contains(&"items go to their own topic alone"), "{report}");
}

#[test]
fn who_panics_over_a_message_fails_by_name() {
    /// Believes that the venue always speaks as it should.
    struct Trusting;
    impl MessageHandler for Trusting {
        type Dialect = VenueDialect;
        type Error = Unreadable;

        fn encode(
            &mut self,
            id: RequestId,
            request: Request,
            out: &mut Kept,
        ) -> Result<Correlation, Unreadable> {
            VenueMessages::default().encode(id, request, out)
        }

        fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Unreadable> {
            Ok(VenueMessages::default().route(message).expect("the venue speaks as it should"))
        }
    }
    let report = report(|handlers| handlers.with_messages(Trusting));
    assert_eq!(report.failures(), ["nothing a service says makes a handler panic"], "{report}");
}

#[test]
fn who_believes_every_topic_to_be_confirmed_fails_by_name() {
    /// Does not read the answer.
    struct Credulous;
    impl SubscriptionHandler<VenueDialect> for Credulous {
        fn batch(&self) -> usize {
            10
        }

        fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<Request> {
            VenueTopics.subscribe(topics)
        }

        fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<Request> {
            VenueTopics.unsubscribe(topics)
        }

        fn answered(&mut self, asked: &[Topic], _: Result<Body<'_>, &Refusal>) -> Confirmation {
            Confirmation { confirmed: asked.to_vec(), ..Confirmation::default() }
        }
    }
    let report = report(|handlers| handlers.with_subscriptions(Credulous));
    assert_eq!(report.failures(), ["a refused topic is refused alone"], "{report}");
}

#[test]
fn who_forgets_to_unsubscribe_fails_by_name() {
    struct Clinging;
    impl SubscriptionHandler<VenueDialect> for Clinging {
        fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<Request> {
            VenueTopics.subscribe(topics)
        }

        fn unsubscribe(&mut self, _: &[Topic]) -> TopicRequest<Request> {
            TopicRequest::Local
        }

        fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
            VenueTopics.answered(asked, answer)
        }
    }
    let report = report(|handlers| handlers.with_subscriptions(Clinging));
    assert_eq!(report.failures(), ["an ended subscription is ended at the service"], "{report}");
}

/// A login handler with one thing changed.
struct Login {
    right: VenueLogin,
    is_required: bool,
    reads: bool,
    draws: bool,
}

impl Login {
    fn new() -> Self {
        let credentials = Credentials::new("alice", Rules::ALICES_SECRET);
        let right = VenueLogin::default().with_credentials(credentials);
        Self { right, is_required: true, reads: true, draws: false }
    }
}

impl AuthHandler<VenueDialect> for Login {
    fn is_required(&self) -> bool {
        self.is_required
    }

    fn login(&mut self, mut moment: LoginMoment) -> Option<Request> {
        static DRAWN: AtomicU64 = AtomicU64::new(0);
        if self.draws {
            moment.nonce = DRAWN.fetch_add(1, Ordering::Relaxed);
        }
        self.right.login(moment)
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        if self.reads { self.right.answered(answer) } else { Ok(Grant::default()) }
    }
}

#[test]
fn who_forgets_the_login_fails_by_name() {
    let report = report(|handlers| handlers.with_auth(Login { is_required: false, ..Login::new() }));
    assert!(report.failures().contains(&"nothing precedes the login"), "{report}");
    assert!(report.failures().contains(&"the login is made anew on every link"), "{report}");
}

#[test]
fn who_does_not_read_the_grant_fails_by_name() {
    let report = report(|handlers| handlers.with_auth(Login { reads: false, ..Login::new() }));
    assert_eq!(
        report.failures(),
        ["a refused login ends the session", "a login is renewed before it expires"],
        "{report}"
    );
}

#[test]
fn who_draws_by_chance_fails_by_name() {
    let report = report(|handlers| handlers.with_auth(Login { draws: true, ..Login::new() }));
    assert_eq!(report.failures(), ["equal beginnings give equal conversations"], "{report}");
}
