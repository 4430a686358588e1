//! L2: what belongs to an earlier link has no effect but a counter.

use std::{io, sync::Arc};

use nova_frame_codec::OpCode;
use nova_session::RequestError;
use nova_telemetry::Event;
use nova_testkit::world::{
    Peer, Recorded, World,
    venue::{VenuePeer, VenueRequest},
};
use nova_transport::{ConnectError, Generation, Handshake, Phase, TransportError};

use crate::kit::{Paced, Ready, VenueHandlers, frame, secs, text, venue, wanted};

type Venue = World<VenueHandlers, Paced, VenuePeer>;

/// A world in which this many links have been lost before the present one.
fn after(losses: usize) -> Venue {
    let mut world = venue().ready_with(VenuePeer::default());
    for _ in 0..losses {
        world.cut();
        world.run_until_ready();
    }
    world
}

fn stale<V: Peer>(world: &World<VenueHandlers, Paced, V>) -> u64 {
    let counts = world.events().map(|(_, event)| match event {
        Event::Stale { count } => *count,
        _ => 0,
    });
    counts.sum()
}

/// Does something of an old link, and sees that only the counter knows.
#[track_caller]
fn is_stale(world: &mut Venue, late: impl FnOnce(&mut Recorded<VenueHandlers, Paced>, std::time::Instant)) {
    let id = world.call(VenueRequest::say("still here")).unwrap();
    let before = (format!("{:?}", world.session().state()), world.dials(), stale(world));
    world.with(|session, now| late(session, now));
    let after = (format!("{:?}", world.session().state()), world.dials());
    assert_eq!((before.0, before.1), after);
    // Counters are told with the next event.
    assert!(text(world.wait(id)).contains("still here"));
    assert_eq!(stale(world), before.2 + 1);
}

#[test]
fn c32_whatever_comes_late_from_an_earlier_link_has_no_effect_but_a_counter() {
    // The link just before lies in the other place, the one before that in the same.
    for (losses, old) in [(1, 1), (2, 1), (2, 2), (3, 1)] {
        let mut world = after(losses);
        let old = Generation::new(old);
        let wall = world.wall();
        let io = || Arc::new(io::Error::from(io::ErrorKind::BrokenPipe));
        let refused = ConnectError::Tcp { host: "h".into(), port: 1, source: io() };
        is_stale(&mut world, |session, now| session.handle_frame(now, old, frame(OpCode::Text, b"{}")));
        is_stale(&mut world, |session, now| session.handle_frame(now, old, frame(OpCode::Close, b"")));
        is_stale(&mut world, |session, now| session.handle_frame(now, old, frame(OpCode::Ping, b"?")));
        is_stale(&mut world, |session, now| session.handle_lost(now, old, TransportError::Eof));
        is_stale(&mut world, |session, now| session.handle_lost(now, old, TransportError::Io(io())));
        is_stale(&mut world, |session, now| session.handle_phase(now, old, Phase::Tls));
        is_stale(&mut world, |session, now| session.handle_connect_failed(now, old, refused));
        is_stale(&mut world, |session, now| {
            session.handle_connected(now, wall, old, &Handshake::default());
        });
    }
}

#[test]
fn c32_a_late_flush_of_an_earlier_link_hands_over_nothing() {
    let mut world = after(1);
    world.stop_reading(0);
    let content = nova_session::Content::Request(VenueRequest::Tell("x".into()));
    let notify = crate::kit::ask(|ask| ask.answer = nova_session::Answer::None);
    let id = world.ask(None, content, notify).unwrap();
    world.with(|session, now| session.handle_flushed(now, Generation::new(1)));
    assert!(world.is_open(id));
}

#[test]
fn c32_a_late_acknowledgement_does_not_confirm_on_a_later_link() {
    let mut world = after(0);
    world.peer.ignores.insert("subscribe".into());
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    world.run_for(secs(1));
    world.cut();
    world.run_until_ready();
    // The venue answers on the new link what it was asked on the old one, which had id 1.
    world.peer_does(|_, line| line.text(r#"{"id":1,"result":{"id":1,"on":["a"],"refused":[]}}"#));
    world.run_for(secs(1));
    assert!(world.confirmed(id).is_none());
}

#[test]
fn c32_a_reply_to_what_was_sent_on_an_earlier_link_answers_nobody() {
    let mut world = after(0);
    world.peer.ignores.insert("say".into());
    let lost = world.call(VenueRequest::say("x")).unwrap();
    let number = lost.get();
    world.run_for(secs(1));
    world.cut();
    assert!(matches!(world.outcome(lost), Some(Err(RequestError::SentUnknown { .. }))));
    world.run_until_ready();
    let before = stale(&world);
    world.peer_does(|_, line| line.text(format!(r#"{{"id":{number},"result":{{"id":{number}}}}}"#)));
    world.run_for(secs(1));
    // Counters are told with the next event.
    world.cut();
    assert_eq!(stale(&world), before + 1);
}

#[test]
fn a_reply_to_what_has_not_been_sent_answers_nobody() {
    let mut world = after(0);
    world.stop_reading(0);
    let sent = world.call(VenueRequest::say("x")).unwrap();
    let queued = world.call(VenueRequest::say("y")).unwrap();
    let number = queued.get();
    world.peer_does(|_, line| line.text(format!(r#"{{"id":{number},"result":{{"id":{number}}}}}"#)));
    world.run_for(secs(1));
    assert!(world.is_open(sent) && world.is_open(queued), "a peer cannot know the answer in advance");
}

#[test]
fn a_flush_that_ends_after_its_link_is_forgotten() {
    let mut world = after(0);
    world.with(|session, now| session.handle_flushed(now, Generation::new(99)));
    assert!(world.session().state().is_ready());
}
