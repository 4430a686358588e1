//! L8: control before session before user, each bounded, and user traffic only when ready.

use nova_behaviour::Kept;
use nova_session::{Content, RequestError};
use nova_testkit::world::{
    EchoPeer, Faults, SilentPeer, Way, World,
    venue::{Login, LoginRule, VenuePeer, VenueRequest},
};

use crate::kit::{FifoWorld, Ready, Recorder, VenueHandlers, ask, fifo, millis, secs, venue, wanted};

/// A socket that takes 16 KiB each round trip, so that what is asked for waits in the lanes.
const SLOW: Faults = Faults { up: Way { window: Some(16 << 10), ..Way::NONE }, down: Way::NONE };

fn long(mark: u64) -> Content<crate::kit::Fifo> {
    Content::Request(Kept::from(format!("{}#{mark}", "x".repeat(40 << 10))))
}

#[test]
fn control_overtakes_a_full_user_lane() {
    let mut world = fifo().with_faults(SLOW).ready_with(Recorder::of(SilentPeer::default()));
    for mark in 0..10 {
        world.ask(Some(mark), long(mark), ask(|_| {})).unwrap();
    }
    world.peer_does(|_, line| line.ping(b"?"));
    world.run_for(secs(5));
    let heard = world.peer.on(1);
    let place = heard.iter().position(|what| *what == "pong ?").unwrap();
    assert!(place <= 2, "no later than what the socket had taken already: {heard:?}");
    assert_eq!(heard.len(), 11);
}

#[test]
fn c20_a_login_and_subscriptions_overtake_a_full_user_lane() {
    let mut world: World<VenueHandlers, _, _> =
        venue().with_faults(SLOW).ready_with(Recorder::of(VenuePeer::default()));
    for _ in 0..10 {
        world.call(VenueRequest::say("x".repeat(40 << 10))).unwrap();
    }
    world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(5));
    let heard = world.peer.on(1);
    let place = heard.iter().position(|what| what.contains("subscribe")).unwrap();
    assert!(place <= 2, "no later than what the socket had taken already: {heard:?}");
}

#[test]
fn user_traffic_waits_for_login_and_required_topics() {
    let handlers = nova_testkit::world::venue::handlers().with_auth(Login::default());
    let peer = VenuePeer { login: LoginRule::Grants(None), pause: millis(100), ..VenuePeer::default() };
    let mut world = crate::kit::steady(nova_testkit::world::Setup::new(handlers)).meet(Recorder::of(peer));
    let said = world.ask(None, Content::Request(VenueRequest::say("x")), ask(|ask| ask.wait = Some(secs(9))));
    world.subscribe(wanted(&["a"], |wanted| wanted.required = true)).unwrap();
    world.wait(said.unwrap()).unwrap();
    let order: Vec<_> = world.peer.on(1).iter().map(|text| text.split('"').nth(3).unwrap()).collect();
    assert_eq!(order, ["login", "subscribe", "say"]);
    assert_eq!(world.peer.inner.complaints, <[String; 0]>::default());
}

#[test]
fn of_a_flood_of_pings_the_latest_is_answered_and_the_rest_is_bounded() {
    let mut world = fifo().with_faults(SLOW).ready_with(Recorder::of(SilentPeer::default()));
    for mark in 0..3 {
        world.ask(Some(mark), long(mark), ask(|_| {})).unwrap();
    }
    world.peer_does(|_, line| (0..1000).for_each(|n: u32| line.ping(n.to_string().as_bytes())));
    world.run_for(secs(5));
    let pongs: Vec<_> = world.peer.on(1).into_iter().filter(|what| what.starts_with("pong")).collect();
    assert!(pongs.len() <= 512, "{}", pongs.len());
    assert_eq!(pongs.last(), Some(&"pong 999"));
    assert_eq!(world.dials(), 1, "the link lives on");
}

#[test]
fn a_flood_of_heartbeats_nobody_reads_the_answers_of_is_closed_with_1008() {
    let mut world = venue().with_faults(SLOW).ready_with(Recorder::of(VenuePeer::default()));
    for _ in 0..3 {
        world.call(VenueRequest::say("x".repeat(40 << 10))).unwrap();
    }
    world.peer_does(|_, line| (0..1000).for_each(|n| line.text(format!(r#"{{"beat":{n}}}"#))));
    world.run_for(millis(500));
    assert!(world.peer.on(1).contains(&"close 1008"), "{:?}", world.peer.on(1).last());
    world.run_until_ready();
    assert_eq!(world.dials(), 2, "and then it comes back by plan");
}

#[test]
fn a_heartbeat_is_answered_ahead_of_everything() {
    let mut world = venue().with_faults(SLOW).ready_with(Recorder::of(VenuePeer::default()));
    for _ in 0..10 {
        world.call(VenueRequest::say("x".repeat(40 << 10))).unwrap();
    }
    world.peer_does(|_, line| line.text(r#"{"beat":7}"#));
    world.run_for(secs(5));
    let heard = world.peer.on(1);
    let place = heard.iter().position(|what| *what == r#"{"beat":7}"#).unwrap();
    assert!(place <= 2, "{heard:?}");
}

#[test]
fn both_bounds_of_the_user_lane_hold_and_its_marks_are_told_once() {
    let mut world = fifo()
        .with_settings(|settings| settings.lanes.user = nova_behaviour::Bound { count: 16, bytes: 1 << 20 })
        .with_faults(SLOW)
        .ready_with(EchoPeer::default());
    let taken = (0..30).filter(|mark| world.ask(Some(*mark), long(*mark), ask(|_| {})).is_ok()).count();
    assert_eq!(taken, 16 + 1, "sixteen wait, one is in the socket");
    assert_eq!((world.count("high_water"), world.count("low_water")), (1, 0));
    world.run_for(secs(20));
    assert_eq!((world.count("high_water"), world.count("low_water")), (1, 1));
    assert_eq!(world.session().live_requests(), 0);
}

#[test]
fn requests_leave_in_the_order_in_which_they_were_made() {
    let mut world = fifo().meet(EchoPeer::keeping());
    let ids: Vec<_> =
        (0..20).map(|mark| world.echo(mark, ask(|ask| ask.wait = Some(secs(9)))).unwrap()).collect();
    let outcomes: Vec<Result<_, RequestError>> = ids.into_iter().map(|id| world.wait(id)).collect();
    assert!(outcomes.iter().all(Result::is_ok));
    let heard: Vec<_> = world.peer.heard.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(heard, (0..20).map(|mark| format!("word#{mark}")).collect::<Vec<_>>());
}
