//! L13: nobody is trusted; a handler that panics or errs harms itself only (C-27, C-29).

use std::time::{Duration, SystemTime};

use nova_behaviour::{
    AuthHandler, Body, Class, Confirmation, ConnectAction, ConnectionHandler, Continuity, Correlation,
    DisconnectAction, ErrorHandler, Fault, FrameAction, Grant, Handlers, Inbound, Kept, LoginMoment,
    MessageHandler, Position, RateLimitHandler, Refusal, RequestId, RetryTransient, Setting, SettingHandler,
    SubscriptionHandler, Topic, TopicRequest, Verdict,
};
use nova_frame_codec::Message;
use nova_ratelimit::Charge;
use nova_session::{Answer, Content, NotSent, RequestError, State};
use nova_telemetry::Event;
use nova_testkit::world::{
    Setup, World,
    venue::{self, Login, LoginRule, Topics, VenueDialect, VenuePeer, VenueRequest, Words},
};
use nova_transport::{Handshake, LostReason};

use crate::kit::{Paced, Ready, ask, each_second, millis, secs, steady, text, venue, wanted};

/// Panics wherever it is told to, and behaves like the venue's handlers otherwise.
#[derive(Clone)]
struct Bomb {
    at: &'static str,
    login: Login,
}

impl Bomb {
    fn pass(&self, place: &str) {
        if self.at == place {
            blast();
        }
    }
}

/// Panics, without the noise of the panic hook.
fn blast() -> ! {
    std::panic::resume_unwind(Box::new("as the test wants it"))
}

impl MessageHandler for Bomb {
    type Dialect = VenueDialect;
    type Error = serde_json::Error;

    fn encode(
        &mut self,
        id: RequestId,
        request: VenueRequest,
        out: &mut Kept,
    ) -> Result<Correlation, Self::Error> {
        if matches!(request, VenueRequest::Say(_)) {
            self.pass("encode");
        }
        Words.encode(id, request, out)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Self::Error> {
        if message.as_text().is_some_and(|text| text.contains("poison")) {
            self.pass("route");
        }
        Words.route(message)
    }
}

impl ConnectionHandler for Bomb {
    fn connected(&mut self, _: &Handshake) -> ConnectAction {
        self.pass("connected");
        ConnectAction::Proceed
    }

    fn disconnected(&mut self, _: &LostReason, _: u32) -> DisconnectAction {
        self.pass("disconnected");
        DisconnectAction::Default
    }

    fn frame(&mut self, _: &Message<'_>) -> FrameAction {
        self.pass("frame");
        FrameAction::Pass
    }

    fn status(&self) -> Option<String> {
        self.pass("status");
        None
    }
}

impl ErrorHandler for Bomb {
    fn classify(&self, fault: &Fault<'_>, wall: SystemTime) -> Class {
        self.pass("classify");
        RetryTransient.classify(fault, wall)
    }

    fn verdict(&mut self, fault: &Fault<'_>, class: Class, attempts: u32) -> Verdict {
        self.pass("verdict");
        RetryTransient.verdict(fault, class, attempts)
    }
}

impl SubscriptionHandler<VenueDialect> for Bomb {
    fn is_supported(&self) -> bool {
        self.pass("is_supported");
        true
    }

    fn batch(&self) -> usize {
        self.pass("batch");
        1
    }

    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<VenueRequest> {
        self.pass("subscribe");
        Topics { batch: 1 }.subscribe(topics)
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<VenueRequest> {
        self.pass("unsubscribe");
        Topics { batch: 1 }.unsubscribe(topics)
    }

    fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        self.pass("confirmation");
        Topics { batch: 1 }.answered(asked, answer)
    }

    fn continuity(&mut self, _: &str, _: Option<u64>, _: Position) -> Continuity {
        self.pass("continuity");
        Continuity::Unbroken
    }
}

impl AuthHandler<VenueDialect> for Bomb {
    fn is_required(&self) -> bool {
        self.pass("is_required");
        true
    }

    fn login(&mut self, moment: LoginMoment) -> Option<VenueRequest> {
        self.pass("login");
        self.login.login(moment)
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        self.pass("grant");
        self.login.answered(answer)
    }

    fn renewal_lead(&self) -> Duration {
        self.pass("renewal_lead");
        secs(1)
    }
}

impl SettingHandler<VenueDialect> for Bomb {
    fn wanted(&mut self) -> Vec<Setting<VenueRequest>> {
        self.pass("wanted");
        vec![Setting::new("nothing", VenueRequest::Subscribe(Vec::new())).after_login()]
    }

    fn answered(&mut self, _: &'static str, answer: Result<Body<'_>, Refusal>) -> Result<(), Refusal> {
        self.pass("setting");
        answer.map(|_| ())
    }
}

impl RateLimitHandler<VenueDialect> for Bomb {
    fn price(&mut self, request: &VenueRequest) -> Charge {
        if matches!(request, VenueRequest::Say(_)) {
            self.pass("price");
        }
        Charge::FREE
    }
}

type Bombs = Handlers<Bomb, Bomb, Bomb, Bomb, Bomb, Bomb, Bomb>;

fn bomb(at: &'static str) -> World<Bombs, Paced, VenuePeer> {
    let bomb = Bomb { at, login: Login::default() };
    let handlers = Handlers::new(bomb.clone())
        .with_connection(bomb.clone())
        .with_errors(bomb.clone())
        .with_subscriptions(bomb.clone())
        .with_auth(bomb.clone())
        .with_connection_settings(bomb.clone())
        .with_limits(bomb);
    let peer = VenuePeer { login: LoginRule::Grants(Some(secs(100))), ..VenuePeer::default() };
    steady(Setup::new(handlers).with_policies(each_second()).with_marks(venue::MARKS)).meet(peer)
}

/// Everything a handler is called for, for a minute; then the end.
fn live(world: &mut World<Bombs, Paced, VenuePeer>) {
    for round in 0..10 {
        let _ = world.call(VenueRequest::say("x"));
        let stream = world.subscribe(wanted(&["a"], |_| {}));
        world.run_for(secs(2));
        world.peer_tries(|peer, line| {
            peer.publish(line, "a", "1");
            peer.publish(line, "a", "2");
            line.text("poison");
            line.ping(b"?");
        });
        world.run_for(secs(2));
        stream.into_iter().for_each(|stream| _ = world.unsubscribe(stream));
        world.with(|session, _| session.handler_status());
        if round == 5 {
            world.cut();
        }
        world.run_for(secs(2));
    }
    world.with(|session, now| session.shutdown(now, secs(1)));
    world.run_until_closed();
}

#[test]
fn c27_a_panic_in_any_handler_is_contained_and_told_and_there_is_no_reconnect_loop() {
    let harmless = [
        "encode",
        "route",
        "connected",
        "disconnected",
        "frame",
        "subscribe",
        "unsubscribe",
        "confirmation",
        "continuity",
        "price",
    ];
    let useless = ["login", "grant", "wanted", "setting"];
    for at in harmless {
        let mut world = bomb(at);
        live(&mut world);
        assert!(world.count("handler_panicked") > 0, "a panic in {at} is told");
        assert_eq!(world.dials(), 2, "the link survives a panic in {at}");
        assert_eq!(world.count("ready"), 2, "{at}");
    }
    // Without these the session is of no use; it is tried again by plan.
    for at in useless {
        let mut world = bomb(at);
        live(&mut world);
        assert!(world.count("handler_panicked") > 0, "a panic in {at} is told");
        assert_eq!(world.count("ready"), 0, "{at}");
        assert!((2..=70).contains(&world.dials()), "{at}: {} dials in a minute", world.dials());
        assert_eq!(world.peer.complaints, <[String; 0]>::default(), "{at}");
    }
    // What is asked on the way has a safe default.
    for at in
        ["classify", "verdict", "is_supported", "is_required", "batch", "renewal_lead", "status", "nowhere"]
    {
        let mut world = bomb(at);
        live(&mut world);
        assert_eq!((world.dials(), world.count("ready")), (2, 2), "{at}");
    }
}

#[test]
fn a_panic_over_a_request_tells_its_caller_and_sends_nothing() {
    for at in ["encode", "price"] {
        let mut world = bomb(at);
        world.run_for(secs(1));
        let refused =
            world.ask(None, Content::Request(VenueRequest::say("x")), ask(|ask| ask.wait = Some(secs(5))));
        assert!(matches!(refused, Err(RequestError::NotSent(NotSent::HandlerPanicked))), "{refused:?}");
    }
}

#[test]
fn a_matcher_that_panics_is_told_and_its_request_ends_at_its_deadline() {
    let mut world = venue().ready_with(VenuePeer::default());
    let matcher = |_: Body<'_>| -> bool { blast() };
    let matching =
        ask(|ask| (ask.answer, ask.deadline) = (Answer::Matching(Box::new(matcher)), Some(secs(3))));
    let bad = world.ask(Some(900), Content::Raw(Kept::from(r#"{"id":900,"say":1}"#)), matching).unwrap();
    let outcome = world.wait(bad);
    assert!(matches!(outcome, Err(RequestError::TimedOut { sent: true })), "{outcome:?}");
    assert!(world.count("handler_panicked") > 0);
    let good = world.call(VenueRequest::say("x")).unwrap();
    assert!(text(world.wait(good)).contains('x'));
    assert_eq!(world.dials(), 1);
}

#[test]
fn c29_an_undecodable_message_is_counted_and_the_link_lives_on() {
    let mut world = venue().ready_with(VenuePeer::default());
    world.peer_does(|_, line| {
        for _ in 0..50 {
            line.text("{not json");
            line.binary([0xFF; 20]);
        }
    });
    let call = world.call(VenueRequest::say("still there?")).unwrap();
    world.wait(call).unwrap();
    let counts = world.events().filter_map(|(_, event)| match event {
        Event::Undecodable { count, .. } => Some(*count),
        _ => None,
    });
    assert_eq!(counts.sum::<u64>(), 100);
    assert_eq!(world.dials(), 1);
}

/// Gives the same verdict over every undecodable message.
struct Judge(Verdict);

impl ErrorHandler for Judge {
    fn verdict(&mut self, fault: &Fault<'_>, _: Class, _: u32) -> Verdict {
        if matches!(fault, Fault::Undecodable(_)) { self.0 } else { Verdict::Retry }
    }
}

#[test]
fn c29_the_policy_may_say_otherwise() {
    for (verdict, dials, is_closed) in
        [(Verdict::Ignore, 1, false), (Verdict::Retry, 2, false), (Verdict::Stop, 1, true)]
    {
        let handlers = venue::handlers().with_errors(Judge(verdict));
        let setup = steady(Setup::new(handlers).with_policies(each_second()));
        let mut world = setup.ready_with(VenuePeer::default());
        world.peer_does(|_, line| line.text("{not json"));
        world.run_for(secs(10));
        assert_eq!((world.dials(), world.session().state().is_closed()), (dials, is_closed), "{verdict:?}");
    }
}

#[test]
fn c27_a_poison_message_that_greets_every_link_makes_no_reconnect_loop() {
    struct Greets(VenuePeer);
    impl nova_testkit::world::Peer for Greets {
        fn connected(&mut self, line: &mut nova_testkit::world::Line<'_>) {
            line.text("{not json");
            self.0.connected(line);
        }
        fn message(&mut self, line: &mut nova_testkit::world::Line<'_>, message: &Message<'_>) {
            self.0.message(line, message);
        }
    }
    let handlers = venue::handlers().with_errors(Judge(Verdict::Retry));
    let mut world = steady(Setup::new(handlers)).meet(Greets(VenuePeer::default()));
    world.run_for(secs(600));
    assert!(world.dials() <= 40, "{} links in ten minutes", world.dials());
}

#[test]
fn handlers_may_speak_first_and_close_and_stop() {
    struct Speaks(ConnectAction);
    impl ConnectionHandler for Speaks {
        fn connected(&mut self, _: &Handshake) -> ConnectAction {
            self.0.clone()
        }
    }
    let run = |action: ConnectAction| {
        let handlers = venue::handlers().with_connection(Speaks(action));
        let mut world = steady(Setup::new(handlers).with_policies(each_second())).meet(VenuePeer::default());
        world.run_for(millis(500));
        world
    };
    let world = run(ConnectAction::Reply(vec![Kept::from("one"), Kept::from("two")]));
    let heard: Vec<_> = world.peer.heard.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!((heard, world.count("ready")), (vec!["one", "two"], 1));
    let code = nova_frame_codec::CloseCode::try_from(4000).unwrap();
    let mut world = run(ConnectAction::Close(code.into()));
    assert!(matches!(world.session().state(), State::Waiting { .. }));
    world.run_for(secs(10));
    assert!(world.dials() > 5 && world.count("ready") == 0);
    let world = run(ConnectAction::Stop);
    assert!(world.session().state().is_closed());
    assert_eq!(world.dials(), 1);
}

/// Policies whose every question is answered by a panic.
struct Panics;

impl nova_reconnect::Strategy for Panics {
    fn delay(&self, _attempt: u32, _jitter: u64) -> Option<std::time::Duration> {
        panic!("a strategy that panics")
    }
}

impl nova_ratelimit::Limiter for Panics {
    fn check(&self, _: &nova_ratelimit::Charge) -> Result<(), nova_ratelimit::ChargeError> {
        Ok(())
    }

    fn admit(
        &mut self,
        _: std::time::Instant,
        _: &nova_ratelimit::Charge,
    ) -> Result<nova_ratelimit::Admission, nova_ratelimit::ChargeError> {
        panic!("a limiter that panics")
    }
}

#[test]
fn c27_policies_that_panic_are_contained_too() {
    struct Priced;
    impl nova_behaviour::RateLimitHandler<crate::kit::Fifo> for Priced {
        fn price(&mut self, _: &nova_behaviour::Kept) -> nova_ratelimit::Charge {
            nova_ratelimit::Charge::one(nova_ratelimit::BudgetId::new("any"), 1)
        }
    }
    let policies = nova_behaviour::Policies::default().with_reconnect(Panics).with_limiter(Panics);
    let handlers = nova_behaviour::Handlers::new(crate::kit::Fifo).with_limits(Priced);
    let setup = nova_testkit::world::Setup::new(handlers).with_policies(policies);
    let mut world = setup.ready_with(nova_testkit::world::EchoPeer::default());
    let id = world.call("dear".into()).unwrap();
    let error = world.wait(id).unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::HandlerPanicked)), "{error:?}");
    world.cut();
    world.run_until_ready();
    assert_eq!(world.dials(), 2, "it comes back after a pause of its own");
}
