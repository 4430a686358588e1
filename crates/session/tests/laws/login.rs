//! L3, L11: login on every link, renewed in time, and nothing private before it.

use std::time::{Duration, SystemTime};

use nova_behaviour::{
    AuthHandler, Behaviour, Class, ErrorHandler, Fault, Grant, Handlers, Policies, Quiet, Refusal,
    RetryTransient, Verdict,
};
use nova_session::{EndCause, NotSent, RequestError, State};
use nova_testkit::world::{
    Setup, World,
    venue::{self, Login, LoginRule, Topics, VenuePeer, VenueRequest, Words},
};

use crate::kit::{Ready, Recorder, ask, millis, secs, steady, venue, wanted};

type WithLogin<E = RetryTransient> = Handlers<Words, Quiet, E, Topics, Login>;

fn setup(lead: Duration) -> Setup<WithLogin> {
    let login = Login { lead, ..Login::default() };
    steady(Setup::new(venue::handlers().with_auth(login)).with_marks(venue::MARKS))
}

fn peer(rule: LoginRule) -> Recorder<VenuePeer> {
    Recorder::of(VenuePeer { login: rule, ..VenuePeer::default() })
}

fn logins(world: &World<impl Behaviour, Policies, Recorder<VenuePeer>>) -> Vec<Duration> {
    let heard = world.peer.heard.iter().filter(|(.., text)| text.contains("login"));
    heard.map(|(at, ..)| *at).collect()
}

#[test]
fn c13_login_comes_first_and_again_on_every_link() {
    let mut world = setup(secs(0)).ready_with(peer(LoginRule::Grants(None)));
    world.subscribe(wanted(&["a"], |_| {})).unwrap();
    for round in 0..5 {
        let said = world.call(VenueRequest::say(round.to_string())).unwrap();
        world.wait(said).unwrap();
        world.cut();
        world.run_until_ready();
    }
    world.run_for(secs(1));
    assert_eq!(world.peer.inner.complaints, <[String; 0]>::default());
    for link in 1..=6 {
        assert!(world.peer.on(link)[0].contains("login"), "link {link}");
    }
    assert_eq!((world.dials(), world.count("logged_in")), (6, 6));
}

#[test]
fn nothing_is_ready_before_the_login_is_granted() {
    let mut world = setup(secs(0)).meet(Recorder::of(VenuePeer {
        login: LoginRule::Grants(None),
        pause: secs(3),
        ..VenuePeer::default()
    }));
    world.run_for(secs(3));
    assert_eq!(world.session().state().name(), "opening");
    let early = world.call(VenueRequest::say("early"));
    assert!(matches!(early, Err(RequestError::NotSent(NotSent::NotReady))));
    world.run_until_ready();
    assert_eq!(world.peer.on(1).len(), 1);
}

#[test]
fn c13_a_grant_is_renewed_before_it_expires_without_being_asked() {
    let mut world = setup(secs(60)).ready_with(peer(LoginRule::Grants(Some(secs(300)))));
    world.run_for(secs(1000));
    let times = logins(&world);
    let gaps: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
    assert_eq!(gaps, [240, 240, 240, 240], "a minute before each expiry");
    assert_eq!(world.dials(), 1, "on the same link");
}

#[test]
fn a_grant_shorter_than_its_lead_is_renewed_at_half_its_time_and_not_without_pause() {
    let mut world = setup(secs(60)).ready_with(peer(LoginRule::Grants(Some(secs(20)))));
    world.run_for(secs(100));
    assert!((9..=11).contains(&logins(&world).len()), "{:?}", logins(&world));
}

#[test]
fn a_grant_of_no_time_at_all_does_not_spin() {
    let mut world = setup(secs(60)).ready_with(peer(LoginRule::Grants(Some(secs(0)))));
    world.run_for(secs(10));
    assert!(logins(&world).len() < 100, "{} logins in ten seconds", logins(&world).len());
}

#[test]
fn c13_a_refused_login_is_fatal() {
    let mut world = setup(secs(0)).meet(peer(LoginRule::Refuses));
    world.run_until_closed();
    let state = world.session().state();
    assert!(
        matches!(&state, State::Closed(EndCause::LoginRefused(refusal)) if refusal.code == Some(401)),
        "{state:?}"
    );
    assert_eq!((world.dials(), logins(&world).len(), world.count("login_refused")), (1, 1, 1));
}

#[test]
fn c13_a_renewal_that_is_refused_is_fatal_as_well() {
    let mut world = setup(secs(60)).ready_with(peer(LoginRule::Grants(Some(secs(300)))));
    world.peer.inner.login = LoginRule::Refuses;
    world.run_until_closed();
    assert!(matches!(world.session().state(), State::Closed(EndCause::LoginRefused(_))));
    assert!(world.elapsed() < secs(245));
}

struct Patient;

impl ErrorHandler for Patient {
    fn verdict(&mut self, _: &Fault<'_>, _: Class, _: u32) -> Verdict {
        Verdict::Retry
    }
}

#[test]
fn a_refused_login_is_tried_again_by_plan_if_the_error_handler_says_so() {
    let handlers = venue::handlers().with_auth(Login::default()).with_errors(Patient);
    let mut world = steady(Setup::new(handlers)).meet(peer(LoginRule::Refuses));
    world.run_for(secs(20));
    assert!(world.dials() > 2);
    world.peer.inner.login = LoginRule::Grants(None);
    world.run_until_ready();
}

#[test]
fn an_unanswered_login_is_not_established_and_tried_again() {
    let mut world = setup(secs(0)).meet(peer(LoginRule::Ignores));
    world.run_until("given up", |world| world.count("lost") == 1);
    assert!(world.elapsed() <= secs(31));
    world.peer.inner.login = LoginRule::Grants(None);
    world.run_until_ready();
    assert_eq!(world.dials(), 2);
}

#[test]
fn each_login_knows_the_time_and_a_fresh_number() {
    let day = secs(86_400);
    let mut world = setup(secs(0)).ready_with(peer(LoginRule::Grants(None)));
    let first = world.wall();
    world.jump_wall_ahead(day);
    world.cut();
    world.run_until_ready();
    let nonces: Vec<_> = world
        .peer
        .heard
        .iter()
        .filter(|(.., text)| text.contains("login"))
        .map(|(.., text)| text.clone())
        .collect();
    assert_ne!(nonces[0].split("login").nth(1), nonces[1].split("login").nth(1));
    assert!(world.wall().duration_since(first).unwrap() >= day);
}

struct Clock(Vec<SystemTime>);

impl AuthHandler<venue::VenueDialect> for Clock {
    fn login(&mut self, moment: nova_behaviour::LoginMoment) -> Option<VenueRequest> {
        self.0.push(moment.wall);
        let seconds = moment.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        Some(VenueRequest::Login(seconds))
    }

    fn answered(&mut self, answer: Result<nova_behaviour::Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        answer.map(|_| Grant::default().with_expires_in(secs(300)))
    }
}

#[test]
fn c40_a_login_signs_with_the_wall_time_of_its_own_link() {
    let mut world = steady(Setup::new(venue::handlers().with_auth(Clock(Vec::new()))))
        .ready_with(peer(LoginRule::Grants(None)));
    let seconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    world.jump_wall_back(secs(86_400));
    world.cut();
    world.run_until_ready();
    let last = world.peer.on(2)[0].to_owned();
    let signed: u64 = last.rsplit_once(':').unwrap().1.trim_end_matches('}').parse().unwrap();
    assert!(seconds(world.wall()).abs_diff(signed) <= 1, "{last}");
}

#[test]
fn authenticate_logs_in_anew_on_the_same_link() {
    let mut world = setup(secs(0)).ready_with(peer(LoginRule::Grants(None)));
    let ticket = world.with(|session, now| session.authenticate(now)).unwrap();
    world.run_for(secs(1));
    let cx = std::task::Context::from_waker(std::task::Waker::noop());
    let polled = world.with(|session, _| session.poll_login(ticket, &cx));
    assert!(matches!(polled, std::task::Poll::Ready(Ok(_))), "{polled:?}");
    assert_eq!((logins(&world).len(), world.dials()), (2, 1));
}

#[test]
fn authenticate_without_login_or_link_says_why_not() {
    let mut world = venue().meet(VenuePeer::default());
    let refused = world.with(|session, now| session.authenticate(now));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::Unsupported(_)))));
    let mut world = setup(secs(0)).meet(peer(LoginRule::Grants(None)));
    let refused = world.with(|session, now| session.authenticate(now));
    assert!(matches!(refused, Err(RequestError::NotSent(NotSent::NotReady))));
}

#[test]
fn c13_sleeping_past_the_expiry_gives_one_renewal() {
    let mut world = setup(secs(60)).ready_with(peer(LoginRule::Grants(Some(secs(300)))));
    world.sleep_process(secs(3600));
    world.run_for(secs(10));
    assert_eq!((logins(&world).len(), world.dials()), (2, 1));
    let id = world.call(VenueRequest::say("x")).unwrap();
    world.wait(id).unwrap();
    let _ = (ask(|_| {}), millis(0));
}
