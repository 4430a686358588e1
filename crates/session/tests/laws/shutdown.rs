//! L14: shutdown returns, in any phase, within its time, and tells the truth.

use std::time::Duration;

use nova_behaviour::{Handlers, Kept};
use nova_session::{Content, EndCause, NotSent, RequestError, State};
use nova_testkit::world::{
    EchoPeer, Faults, Peer, Reception, Refusing, Setup, SilentPeer, World,
    venue::{self, Login, VenuePeer},
};
use nova_transport::{Generation, Handshake};

use crate::kit::{Fifo, FifoWorld, Paced, Ready, Recorder, ask, fifo, millis, secs, steady, text};

type Echoes<V> = World<Handlers<Fifo>, Paced, V>;

/// Shuts down within `within` and tells after how long it was closed.
#[track_caller]
fn shut_down<H: nova_behaviour::Behaviour, P: nova_behaviour::Policy, V: Peer>(
    world: &mut World<H, P, V>,
    within: Duration,
) -> Duration {
    let began = world.elapsed();
    world.with(|session, now| session.shutdown(now, within));
    world.run_until_closed();
    let took = world.elapsed() - began;
    assert!(took <= within, "{took:?}");
    assert!(matches!(world.session().state(), State::Closed(EndCause::Shutdown)));
    took
}

#[test]
fn c16_shutdown_while_connecting_is_immediate_and_the_dial_is_dropped() {
    for after in [0, 10, 50, 79] {
        let mut world = fifo().meet(EchoPeer::default());
        world.run_for(millis(after));
        assert_eq!(world.session().state().name(), "connecting");
        assert_eq!(shut_down(&mut world, secs(1)), Duration::ZERO);
        assert!(world.session().shutdown_report().is_clean);
        assert_eq!(world.held(), 0);
    }
}

#[test]
fn c16_a_dial_that_completes_after_the_end_changes_nothing() {
    let mut world = fifo().meet(EchoPeer::default());
    shut_down(&mut world, secs(1));
    let wall = world.wall();
    world.with(|session, now| session.handle_connected(now, wall, Generation::new(1), &Handshake::default()));
    world.run_for(secs(100));
    assert!(world.session().state().is_closed());
    assert_eq!((world.held(), world.dials()), (0, 1));
}

#[test]
fn c16_shutdown_while_waiting_is_immediate() {
    let mut world = fifo().meet(Refusing::with(Reception::nobody()));
    world.run_for(millis(500));
    assert_eq!(world.session().state().name(), "waiting");
    assert_eq!(shut_down(&mut world, secs(1)), Duration::ZERO);
    world.run_for(secs(100));
    assert_eq!(world.dials(), 1);
}

#[test]
fn c16_shutdown_while_logging_in_holds_the_closing_handshake() {
    let handlers = venue::handlers().with_auth(Login::default());
    let mut world = steady(Setup::new(handlers)).meet(VenuePeer { pause: secs(5), ..VenuePeer::default() });
    world.run_for(secs(1));
    assert_eq!(world.session().state().name(), "opening");
    assert!(shut_down(&mut world, secs(1)) < secs(1));
    assert!(world.session().shutdown_report().is_clean);
}

#[test]
fn c14_a_clean_shutdown_is_a_handshake_after_which_nothing_is_left() {
    let mut world = fifo().ready_with(Recorder::of(EchoPeer::default()));
    let took = shut_down(&mut world, secs(5));
    assert_eq!(took, millis(20), "one round trip: the peer answers, and ends its stream at once");
    assert_eq!(world.peer.on(1), ["close 1000", "gone"]);
    assert!(world.session().shutdown_report().is_clean);
    world.run_for(secs(100));
    assert_eq!((world.held(), world.dials()), (0, 1));
}

#[test]
fn c15_a_peer_that_never_answers_the_close_is_left_in_time() {
    let mut world = fifo().ready_with(SilentPeer::default());
    let sent = world.echo(1, ask(|_| {})).unwrap();
    assert_eq!(shut_down(&mut world, secs(2)), secs(2));
    let report = world.session().shutdown_report();
    assert_eq!((report.sent_unknown, report.not_sent, report.is_clean), (1, 0, false));
    assert!(matches!(world.outcome(sent), Some(Err(RequestError::SentUnknown { .. }))));
}

#[test]
fn c15_a_full_send_buffer_cannot_delay_shutdown_and_the_report_is_true() {
    let mut world = fifo().ready_with(SilentPeer::default());
    world.stop_reading(10);
    let ids: Vec<_> = (0..5).map(|mark| world.echo(mark, ask(|_| {})).unwrap()).collect();
    assert_eq!(shut_down(&mut world, millis(300)), millis(300));
    let report = world.session().shutdown_report();
    assert_eq!((report.sent_unknown, report.not_sent, report.is_clean), (1, 4, false));
    let unsent = ids.into_iter().map(|id| world.outcome(id).unwrap().unwrap_err().is_unsent());
    assert_eq!(unsent.collect::<Vec<_>>(), [false, true, true, true, true]);
}

#[test]
fn c15_a_dead_network_cannot_delay_shutdown() {
    let mut world = fifo().ready_with(EchoPeer::default());
    world.go_half_open();
    assert_eq!(shut_down(&mut world, secs(1)), secs(1));
    assert!(!world.session().shutdown_report().is_clean);
}

#[test]
fn what_was_queued_is_sent_and_answered_before_the_close_frame() {
    let slow =
        Faults { up: nova_testkit::world::Way { window: Some(64), ..Default::default() }, ..Faults::NONE };
    let mut world = fifo().with_faults(slow).ready_with(Recorder::of(EchoPeer::default()));
    let ids: Vec<_> = (0..8).map(|mark| world.echo(mark, ask(|_| {})).unwrap()).collect();
    shut_down(&mut world, secs(5));
    assert_eq!(world.peer.on(1)[8..], ["close 1000", "gone"]);
    for (mark, id) in ids.into_iter().enumerate() {
        assert_eq!(text(world.outcome(id).unwrap()), format!("word#{mark}"));
    }
}

#[test]
fn requests_are_refused_from_then_on() {
    let mut world: Echoes<_> = fifo().ready_with(SilentPeer::default());
    world.with(|session, now| session.shutdown(now, secs(1)));
    for _ in 0..2 {
        let refused = world.echo(1, ask(|ask| ask.wait = Some(secs(5))));
        assert!(matches!(refused, Err(RequestError::NotSent(NotSent::Closed(EndCause::Shutdown)))));
        world.run_until_closed();
    }
}

#[test]
fn what_waits_for_a_link_ends_with_the_session() {
    let mut world = fifo().meet(EchoPeer::default());
    let id = world.echo(1, ask(|ask| ask.wait = Some(secs(50)))).unwrap();
    shut_down(&mut world, secs(1));
    assert!(matches!(world.outcome(id), Some(Err(RequestError::NotSent(NotSent::Closed(_))))));
    assert_eq!(world.session().shutdown_report().not_sent, 1);
}

#[test]
fn a_second_shutdown_can_only_shorten_the_time() {
    let mut world = fifo().ready_with(SilentPeer::default());
    let began = world.elapsed();
    world.with(|session, now| session.shutdown(now, secs(10)));
    world.with(|session, now| session.shutdown(now, secs(60)));
    world.with(|session, now| session.shutdown(now, secs(1)));
    world.run_until_closed();
    assert_eq!(world.elapsed() - began, secs(1));
}

#[test]
fn shutdown_during_the_closing_handshake_of_a_reconnect_ends_in_time() {
    for answers in [false, true] {
        let mut world = fifo()
            .with_settings(|settings| settings.close_deadline = secs(30))
            .ready_with(Recorder::of(SilentPeer::default()));
        world.with(|session, now| session.reconnect(now));
        if answers {
            world.peer_does(|_, line| line.close(1000));
        }
        world.run_for(millis(15));
        shut_down(&mut world, secs(1));
        assert_eq!((world.held(), world.dials()), (0, 1));
    }
}

#[test]
fn a_shutdown_does_not_wait_for_a_link_that_breaks_meanwhile() {
    let mut world = fifo().ready_with(SilentPeer::default());
    world.with(|session, now| session.shutdown(now, secs(60)));
    world.cut();
    assert!(world.session().state().is_closed());
    assert!(!world.session().shutdown_report().is_clean);
}

#[test]
fn abandoned_by_its_driver_it_ends_at_once_and_everybody_is_told() {
    let mut world = fifo().ready_with(SilentPeer::default());
    let id = world.echo(1, ask(|_| {})).unwrap();
    world.with(|session, now| session.abandon(now));
    assert!(matches!(world.session().state(), State::Closed(EndCause::Abandoned)));
    assert!(matches!(world.outcome(id), Some(Err(RequestError::SentUnknown { .. }))));
}

#[test]
fn a_shutdown_within_no_time_at_all_ends_at_once() {
    let mut world = fifo().ready_with(EchoPeer::default());
    let content = Content::Request(Kept::from("x#1"));
    world.ask(Some(1), content, ask(|_| {})).unwrap();
    assert_eq!(shut_down(&mut world, Duration::ZERO), Duration::ZERO);
}

#[test]
fn an_endless_time_for_shutdown_is_a_long_one() {
    let mut world = fifo().ready_with(EchoPeer::default());
    world.with(|session, now| session.shutdown(now, Duration::MAX));
    world.run_until_closed();
}
