//! The closing handshake (RFC 6455 §7), whoever begins it.

use nova_session::State;
use nova_telemetry::Event;
use nova_testkit::world::{EchoPeer, SilentPeer, What};
use nova_transport::LostReason;

use crate::kit::{FifoWorld, Ready, Recorder, ask, fifo, millis, secs};

fn lost(events: &mut dyn DoubleEndedIterator<Item = (std::time::Duration, &Event)>) -> Option<LostReason> {
    events.rev().find_map(|(_, event)| match event {
        Event::Lost { reason, .. } => Some(reason.clone()),
        _ => None,
    })
}

#[test]
fn a_peer_that_closes_gets_its_code_back_and_then_the_end_of_the_stream() {
    for code in [1000, 1001, 1011, 3999, 4000] {
        let mut world = fifo().ready_with(Recorder::of(SilentPeer::default()));
        world.peer_does(|_, line| line.close(code));
        world.run_for(millis(100));
        assert_eq!(world.peer.on(1), [&format!("close {code}"), "gone"]);
        assert!(
            matches!(lost(&mut world.events()), Some(LostReason::ClosedByPeer(Some(frame))) if frame.code().get() == code)
        );
        assert!(matches!(world.session().state(), State::Waiting { .. }));
    }
}

#[test]
fn a_peer_that_closes_without_a_code_gets_none() {
    let mut world = fifo().ready_with(Recorder::of(SilentPeer::default()));
    world.peer_does(|_, line| line.close(None));
    world.run_for(millis(100));
    assert_eq!(world.peer.on(1), ["close", "gone"]);
    assert!(matches!(lost(&mut world.events()), Some(LostReason::ClosedByPeer(None))));
}

#[test]
fn a_peer_that_closes_and_never_ends_the_stream_is_dropped_at_the_deadline() {
    let mut world = fifo()
        .with_settings(|settings| settings.close_deadline = millis(500))
        .ready_with(Recorder::of(SilentPeer::default()));
    world.peer_does(|_, line| line.close(1000));
    world.run_for(millis(10));
    let began = world.elapsed();
    // The peer's end stays half open: it never answers the end of our stream.
    world.go_half_open();
    world.run_until("dropped", |world| world.held() == 0);
    assert_eq!(world.elapsed() - began, millis(500));
}

#[test]
fn our_own_close_is_answered_and_the_next_link_follows_at_once() {
    let mut world = fifo().ready_with(Recorder::of(EchoPeer::default()));
    let began = world.elapsed();
    world.with(|session, now| session.reconnect(now));
    world.run_until("the next link is dialled", |world| world.dials() == 2);
    assert_eq!(world.peer.on(1), ["close 1000", "gone"]);
    assert!(world.elapsed() - began <= millis(40), "two round trips: {:?}", world.elapsed() - began);
}

#[test]
fn our_own_close_that_nobody_answers_ends_at_the_deadline() {
    let mut world = fifo().ready_with(Recorder::of(SilentPeer::default()));
    let began = world.elapsed();
    world.with(|session, now| session.reconnect(now));
    world.run_until("the next link is dialled", |world| world.dials() == 2);
    assert_eq!(world.elapsed() - began, secs(1));
}

#[test]
fn both_closing_at_once_is_one_handshake() {
    let mut world = fifo().ready_with(Recorder::of(SilentPeer::default()));
    world.with(|session, now| session.reconnect(now));
    world.peer_does(|_, line| line.close(1001));
    world.run_for(millis(50));
    assert_eq!(world.peer.on(1), ["close 1000", "gone"], "one close frame, and it is our own");
}

#[test]
fn the_end_of_the_stream_without_a_close_frame_is_a_loss_like_any_other() {
    let mut world = fifo().ready_with(EchoPeer::default());
    world.peer_does(|_, line| line.hang_up());
    world.run_for(millis(20));
    assert_eq!(lost(&mut world.events()).unwrap().kind(), "eof");
    world.run_until_ready();
    assert_eq!(world.dials(), 2);
}

#[test]
fn nothing_is_sent_after_a_close_frame_although_more_waits() {
    let mut world = fifo().ready_with(Recorder::of(SilentPeer::default()));
    world.peer_does(|_, line| (line.close(1000), line.ping(b"late"), line.text("late")));
    for mark in 0..5 {
        world.echo(mark, ask(|ask| ask.wait = Some(secs(60)))).unwrap();
    }
    world.run_for(millis(100));
    assert_eq!(world.peer.on(1).iter().position(|what| *what == "close 1000"), Some(5));
    assert_eq!(world.peer.on(1).len(), 7, "{:?}", world.peer.on(1));
}

#[test]
fn violations_are_answered_with_their_code_and_then_dropped() {
    let table: &[(&[u8], u16)] = &[
        (&[0xC1, 0], 1002),                           // a reserved bit
        (&[0x83, 0], 1002),                           // a reserved opcode
        (&[0x09, 0], 1002),                           // a fragmented ping
        (&[0x81, 0x81, 0, 0, 0, 0, b'x'], 1002),      // masked by a server
        (&[0x80, 0], 1002),                           // continues nothing
        (&[0x01, 0, 0x81, 0], 1002),                  // interrupted
        (&[0x88, 1, 3], 1002),                        // half a close code
        (&[0x88, 2, 0x03, 0xED], 1002),               // close code 1005
        (&[0x89, 126, 0, 126], 1002),                 // a long ping
        (&[0x81, 1, 0xFF], 1007),                     // text that is not UTF-8
        (&[0x01, 1, 0xC3, 0x80, 1, b'x'], 1007),      // nor across fragments
        (&[0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0], 1009), // 4 GiB announced
    ];
    for (bytes, code) in table {
        let mut world = fifo().ready_with(Recorder::of(SilentPeer::default()));
        world.peer_does(|_, line| line.raw(*bytes));
        world.run_for(millis(100));
        assert_eq!(world.peer.on(1).first(), Some(&format!("close {code}").as_str()), "{bytes:x?}");
        assert_eq!(lost(&mut world.events()).unwrap().kind(), "protocol", "{bytes:x?}");
        world.run_for(secs(2));
        assert!(world.session().state().is_ready(), "it comes back: {bytes:x?}");
        assert_eq!(world.dials(), 2);
    }
}

#[test]
fn c36_endless_fragments_are_refused_at_the_bound_with_1009() {
    let mut world = fifo()
        .with_settings(|settings| settings.message_bytes = 1000)
        .ready_with(Recorder::of(SilentPeer::default()));
    world.peer_does(|_, line| {
        line.frame_after(secs(0), false, nova_frame_codec::OpCode::Binary, vec![0; 400]);
        for _ in 0..10 {
            line.frame_after(secs(0), false, nova_frame_codec::OpCode::Continuation, vec![0; 400]);
        }
    });
    world.run_for(millis(100));
    assert_eq!(world.peer.on(1).first(), Some(&"close 1009"));
}

#[test]
fn after_a_violation_nothing_more_of_that_peer_is_heard() {
    let mut world = fifo().ready_with(EchoPeer::default());
    let id = world.echo(1, ask(|_| {})).unwrap();
    world.peer_does(|_, line| {
        line.raw([0xC1, 0]);
        line.text("word#1");
    });
    world.run_for(millis(100));
    let outcome = world.outcome(id).unwrap();
    assert!(outcome.is_err(), "{outcome:?}");
}

#[test]
fn what_lingers_of_a_closed_link_is_dropped_before_the_next_is_dialled() {
    let mut world =
        fifo().with_settings(|settings| settings.close_deadline = secs(30)).ready_with(SilentPeer::default());
    world.peer_does(|_, line| line.close(1000));
    world.run_for(millis(100));
    world.run_until_ready();
    let order: Vec<_> = world
        .trace()
        .iter()
        .filter_map(|(_, what)| match what {
            What::Dials(link) => Some(format!("dials {}", link.get())),
            What::Drops(link) => Some(format!("drops {}", link.get())),
            _ => None,
        })
        .collect();
    assert_eq!(order, ["dials 1", "drops 1", "dials 2"]);
}
