//! L16: lifecycle is out of band, each fact once, and nothing a peer says can forge one.

use std::{
    task::{Context, Poll, Waker},
    time::{Instant, SystemTime},
};

use nova_behaviour::{Handlers, Kept, Settings};
use nova_ratelimit::Stated;
use nova_reconnect::Linear;
use nova_session::{Content, Session, Start};
use nova_telemetry::{Event, Outcome};
use nova_testkit::world::{
    EchoPeer,
    venue::{VenuePeer, VenueRequest},
};

use nova_transport::{Generation, Phase};

use crate::kit::{Fifo, FifoWorld, Paced, Ready, ask, fifo, millis, secs, venue};

#[test]
fn a_life_is_told_in_order_and_each_fact_once() {
    let mut world = fifo().ready_with(EchoPeer::default());
    let id = world.echo(1, ask(|_| {})).unwrap();
    world.wait(id).unwrap();
    world.cut();
    world.run_until_ready();
    world.with(|session, now| session.shutdown(now, secs(1)));
    world.run_until_closed();
    let names: Vec<_> =
        world.events().map(|(_, event)| event.name()).filter(|name| *name != "traffic").collect();
    let link = ["phase_began", "phase_began", "phase_began", "phase_began", "connected", "ready"];
    let expected = [
        &["connecting"][..],
        &link,
        &["settled", "lost", "reconnect_scheduled", "connecting"],
        &link,
        &["closing", "lost", "closed"],
    ];
    assert_eq!(names, expected.concat());
}

#[test]
fn durations_are_those_of_the_virtual_clock() {
    let mut world = fifo().ready_with(EchoPeer::default());
    world.run_for(secs(7));
    let id = world.echo(1, ask(|_| {})).unwrap();
    world.wait(id).unwrap();
    world.cut();
    let mut seen = 0;
    for (_, event) in world.events() {
        match event {
            Event::Connected { took, .. } | Event::Ready { took, .. } => {
                seen += 1;
                assert_eq!(*took, millis(80));
            }
            Event::Settled { took, outcome, .. } => {
                seen += 1;
                assert_eq!((*took, *outcome), (millis(20), Outcome::Reply));
            }
            Event::Lost { lived, .. } => {
                seen += 1;
                assert_eq!(*lived, secs(7) + millis(20));
            }
            _ => {}
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn an_end_names_its_request_and_the_link_it_was_last_handed_to() {
    let mut world = fifo().ready_with(EchoPeer::default());
    let answered = world.echo(1, ask(|_| {})).unwrap();
    world.wait(answered).unwrap();
    world.cut();
    world.echo(2, ask(|_| {})).unwrap_err();
    let never = world.echo(3, ask(|ask| ask.wait = Some(secs(9)))).unwrap();
    world.cancel(never);
    world.run_until_ready();
    let lost = world.echo(4, ask(|_| {})).unwrap();
    let again = world.echo(5, ask(|ask| ask.replay = true)).unwrap();
    // They are on their way.
    world.run_for(millis(5));
    world.cut();
    world.wait(lost).unwrap_err();
    // It waits to be sent again, and was sent all the same.
    world.cancel(again);
    let ends: Vec<_> = world
        .events()
        .filter_map(|(_, event)| match event {
            Event::Settled { request, link, outcome, .. } => {
                Some((*request, link.map(|link| link.get()), *outcome))
            }
            _ => None,
        })
        .collect();
    let refused = answered.get() + 1;
    let expected = [
        (answered.get(), Some(1), Outcome::Reply),
        (refused, None, Outcome::NotSent),
        (never.get(), None, Outcome::Cancelled),
        (lost.get(), Some(2), Outcome::SentUnknown),
        (again.get(), Some(2), Outcome::Cancelled),
    ];
    assert_eq!(ends, expected);
}

#[test]
fn counters_equal_the_traffic() {
    let mut world = fifo().ready_with(EchoPeer::default());
    for mark in 0..100 {
        let id = world.echo(mark, ask(|_| {})).unwrap();
        world.wait(id).unwrap();
    }
    let mut sums = [0; 4];
    for (_, event) in world.events() {
        if let Event::Traffic { frames_received, bytes_received, frames_sent, bytes_sent } = event {
            let counts = [frames_received, bytes_received, frames_sent, bytes_sent];
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
    }
    let bytes = 10 * 6 + 90 * 7;
    assert_eq!(sums, [100, bytes, 100, bytes]);
}

#[test]
fn a_queue_nobody_empties_is_bounded_and_its_losses_are_counted() {
    // Without a world, which would take the events as they come.
    let mut settings = Settings::default();
    settings.events = 8;
    let now = Instant::now();
    let start = Start { now, wall: SystemTime::UNIX_EPOCH, seed: 1 };
    let handlers = Handlers::new(Fifo);
    let mut session =
        Session::<_, Paced>::new(handlers, Linear::default(), Stated::default(), settings, start);
    for _ in 0..100 {
        let content = Content::Request(Kept::from("x"));
        let id = session.request(now, content, ask(|ask| ask.wait = Some(secs(9)))).unwrap();
        session.cancel(now, id);
    }
    session.abandon(now);
    let cx = Context::from_waker(Waker::noop());
    let mut records = Vec::new();
    assert_eq!(session.poll_events(now, &mut records, &cx), Poll::Ready(true));
    // What happens after the end is told to nobody.
    session.request(now, Content::Request(Kept::from("x")), ask(|_| {})).unwrap_err();
    session.handle_phase(now, Generation::new(1), Phase::Tcp);
    let mut rest = Vec::new();
    assert_eq!(session.poll_events(now, &mut rest, &cx), Poll::Ready(false));
    assert!(rest.is_empty());
    let dropped: u64 = records
        .iter()
        .map(|record| if let Event::EventsDropped { count } = record.event { count } else { 0 })
        .sum();
    let told = records.iter().filter(|record| matches!(record.event, Event::Settled { .. })).count();
    assert!(told <= 8);
    assert_eq!(dropped + told as u64, 100);
    assert!(matches!(records.last().unwrap().event, Event::Closed));
}

#[test]
fn c33_whatever_a_peer_says_no_lifecycle_event_comes_of_it() {
    let mut world = venue().ready_with(VenuePeer::default());
    let before: Vec<_> = world.events().map(|(_, event)| event.name()).collect();
    let words = ["ready", "lost", "closed", "connected", "logged_in"];
    world.peer_does(|_, line| {
        for word in words {
            line.text(format!(r#"{{"event":"{word}","topic":"{word}","item":{{"{word}":1}}}}"#));
            line.text(format!(r#"{{"id":77,"result":"{word}"}}"#));
            line.text(word);
            line.binary(word.as_bytes());
            line.pong(word.as_bytes());
        }
    });
    world.run_for(secs(1));
    let id = world.call(VenueRequest::say("x")).unwrap();
    world.wait(id).unwrap();
    let all: Vec<_> = world.events().map(|(_, event)| event.name()).collect();
    let harmless = ["traffic", "stale", "undecodable", "settled"];
    assert_eq!(all[..before.len()], before);
    assert!(all[before.len()..].iter().all(|name| harmless.contains(name)), "{all:?}");
    assert_eq!(world.dials(), 1);
}
