//! L9: probes on schedule, and a silent peer is given up without ceremony.

use std::time::Duration;

use nova_behaviour::KeepAlive;
use nova_frame_codec::Message;
use nova_session::{Condition, Overflow};
use nova_telemetry::Event;
use nova_testkit::world::{EchoPeer, Line, Peer, SilentPeer, What, venue::VenuePeer};
use nova_transport::LostReason;

use crate::kit::{FifoWorld, Ready, Recorder, ask, fifo, millis, secs, venue, wanted};

/// Says a word at equal distances and answers nothing.
struct Chatty {
    every: Duration,
    says_pong: bool,
}

impl Peer for Chatty {
    fn connected(&mut self, line: &mut Line<'_>) {
        line.wake_after(self.every, 0);
    }

    fn timer(&mut self, line: &mut Line<'_>, _: u64) {
        if self.says_pong {
            line.pong(b"not what you asked");
        } else {
            line.text("word");
        }
        line.wake_after(self.every, 0);
    }

    fn message(&mut self, _: &mut Line<'_>, _: &Message<'_>) {}

    fn control(&mut self, _: &mut Line<'_>, _: &Message<'_>) {}
}

#[test]
fn probes_are_sent_on_schedule_whatever_the_traffic() {
    let mut world = fifo().ready_with(Recorder::of(EchoPeer::default()));
    let opened = world.elapsed();
    for mark in 0..600 {
        world.echo(mark, ask(|_| {})).unwrap();
        world.run_for(millis(100));
    }
    let latency = millis(10);
    let probes: Vec<_> =
        world.peer.times("ping").iter().map(|at| (*at - opened - latency).as_secs()).collect();
    assert_eq!(probes, [15, 30, 45, 60][..probes.len()]);
    assert!(probes.len() >= 3);
    assert_eq!(world.count("ponged"), probes.len());
}

#[test]
fn c01_all_packets_dropped_ends_ready_within_interval_and_deadline() {
    let mut world = fifo().ready_with(EchoPeer::default());
    world.run_for(secs(100));
    let silent_from = world.elapsed();
    world.go_half_open();
    world.run_until("not ready", |world| !world.session().state().is_ready());
    let KeepAlive { every, deadline, .. } = KeepAlive::default();
    assert!(world.elapsed() - silent_from <= every + deadline);
    world.run_until_ready();
    assert_eq!(world.dials(), 2);
}

#[test]
fn c02_a_silent_peer_is_dropped_without_a_close_frame_even_with_a_blocked_writer() {
    let mut world = fifo().ready_with(SilentPeer::default());
    world.stop_reading(0);
    world.echo(1, ask(|_| {})).unwrap();
    let opened = world.elapsed();
    world.run_until("not ready", |world| !world.session().state().is_ready());
    assert_eq!(world.elapsed() - opened, secs(20));
    assert_eq!(world.held(), 0, "the socket is dropped at once");
    let closes = world.trace().iter().filter(
        |(_, what)| matches!(what, What::Sends(_, code, ..) if *code == nova_frame_codec::OpCode::Close),
    );
    assert_eq!(closes.count(), 0);
    let lost = world.events().find_map(|(_, event)| match event {
        Event::Lost { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert!(matches!(lost, Some(LostReason::Silent)));
}

#[test]
fn any_frame_counts_as_life() {
    let mut world = fifo().ready_with(Chatty { every: secs(4), says_pong: false });
    world.run_for(secs(600));
    assert_eq!((world.dials(), world.count("ponged")), (1, 0));
}

#[test]
fn a_pong_nobody_asked_for_is_life_but_no_answer() {
    let mut world = fifo().ready_with(Chatty { every: secs(4), says_pong: true });
    world.run_for(secs(600));
    assert_eq!((world.dials(), world.count("ponged")), (1, 0));
}

#[test]
fn chatter_rarer_than_the_deadline_of_a_probe_does_not_hide_a_peer_that_answers_nothing() {
    // Its words come 14 s after each other: none within five seconds of the first probe.
    let mut world = fifo().ready_with(Chatty { every: secs(14), says_pong: false });
    world.run_for(secs(21));
    assert_eq!(world.dials(), 2);
}

#[test]
fn c05_misses_and_deadline_are_tolerated_as_configured() {
    let keep_alive = KeepAlive { every: secs(10), deadline: secs(3), misses: 3 };
    let mut world = fifo()
        .with_settings(|settings| settings.keep_alive = keep_alive)
        .ready_with(Recorder::of(SilentPeer::default()));
    let opened = world.elapsed();
    world.run_until("not ready", |world| !world.session().state().is_ready());
    assert_eq!(world.elapsed() - opened, secs(10 + 3 * 3));
    let probes: Vec<_> = world.peer.times("ping").iter().map(|at| (*at - opened).as_secs()).collect();
    assert_eq!(probes, [10, 13, 16]);
}

#[test]
fn c05_a_stall_below_the_tolerance_causes_no_reconnect() {
    let mut world = fifo().ready_with(EchoPeer::default());
    for _ in 0..20 {
        world.network.latency = millis(2400);
        world.run_for(secs(20));
        world.network.latency = millis(10);
        world.run_for(secs(20));
    }
    assert_eq!(world.dials(), 1);
}

#[test]
fn a_slow_loris_is_alive_as_long_as_its_bytes_come() {
    let mut world = fifo().ready_with(SilentPeer::default());
    // The header of a long frame, and then a byte every two seconds.
    world.peer_does(|_, line| line.raw([0x82, 100]));
    for _ in 0..50 {
        world.run_for(secs(2));
        world.peer_does(|_, line| line.raw([0]));
    }
    assert_eq!(world.dials(), 1);
}

#[test]
fn time_in_which_we_paused_reading_is_not_held_against_the_peer() {
    let keep_alive = KeepAlive { every: secs(10), deadline: millis(1200), misses: 1 };
    let mut world =
        venue().with_settings(|settings| settings.keep_alive = keep_alive).ready_with(VenuePeer::default());
    let overflow = Overflow::Block { max_pause: secs(1) };
    let bound = nova_behaviour::Bound { count: 2, bytes: 1 << 20 };
    let id = world
        .subscribe(wanted(&["a"], |wanted| (wanted.overflow, wanted.bound) = (overflow, Some(bound))))
        .unwrap();
    world.run_for(secs(1));
    world.network.latency = millis(800);
    // The probe goes out ten seconds after the link has opened. Just before it, the queue fills, and
    // reading pauses for a second; the pong comes after 1.6 s.
    let probe = secs(10) + millis(80);
    let pause = probe - millis(50) - world.network.latency - world.elapsed();
    world.run_for(pause);
    world.peer_does(|peer, line| (0..2).for_each(|_| _ = peer.publish(line, "a", "x")));
    world.run_for(secs(3));
    assert_eq!(world.session().delivery_counts(id).unwrap().received, 2);
    assert_eq!((world.dials(), world.count("ponged")), (1, 1));
}

#[test]
fn a_peer_that_falls_silent_while_reading_pauses_is_still_given_up() {
    let mut world = venue().ready_with(VenuePeer::default());
    let bound = nova_behaviour::Bound { count: 2, bytes: 1 << 20 };
    world.subscribe(wanted(&["a"], |wanted| wanted.bound = Some(bound))).unwrap();
    world.run_for(secs(1));
    world.peer_does(|peer, line| (0..2).for_each(|_| _ = peer.publish(line, "a", "x")));
    world.go_half_open();
    world.run_for(secs(22));
    assert_eq!(world.count("lost"), 1);
}

#[test]
fn without_probes_nothing_wakes_an_idle_session() {
    let mut world = fifo()
        .with_settings(|settings| settings.keep_alive = KeepAlive::OFF)
        .ready_with(SilentPeer::default());
    assert_eq!(world.session().poll_timeout(), None);
    assert!(!world.step(), "nothing is ever going to happen");
}

#[test]
fn c30_an_idle_session_wakes_for_probes_only() {
    let mut world = fifo().ready_with(EchoPeer::default());
    world.run_for(secs(1));
    let mut steps = 0;
    let end = world.elapsed() + secs(150);
    while world.next_at().is_some_and(|at| at <= end) {
        world.step();
        steps += 1;
    }
    // Each probe: its time, its arrival, the pong's arrival, and the verdict.
    assert!(steps <= 10 * 4, "{steps} wake-ups in ten intervals");
}

#[test]
fn a_deadline_longer_than_the_interval_does_not_spin() {
    let keep_alive = KeepAlive { every: secs(5), deadline: secs(8), misses: 1 };
    let mut world =
        fifo().with_settings(|settings| settings.keep_alive = keep_alive).ready_with(EchoPeer::default());
    world.run_for(secs(100));
    assert_eq!(world.dials(), 1);
    world.go_half_open();
    world.run_for(secs(15));
    assert_eq!(world.count("lost"), 1);
}

#[test]
fn c37_a_peer_whose_bytes_come_one_at_a_time_is_served_like_any_other() {
    let mut world =
        venue().with_faults(nova_testkit::world::Faults::byte_by_byte()).ready_with(VenuePeer::default());
    let id = world.subscribe(wanted(&["a"], |_| {})).unwrap();
    let mut steps = 0;
    let end = world.elapsed() + secs(120);
    while world.next_at().is_some_and(|at| at <= end) {
        world.step();
        steps += 1;
    }
    assert!(matches!(world.confirmed(id), Some(Ok(()))));
    assert_eq!(world.dials(), 1);
    assert!(steps < 600, "{steps} wake-ups in two minutes");
}

#[test]
fn a_probe_under_way_leaves_the_session_ready_and_a_missed_one_does_not() {
    let keep_alive = KeepAlive { every: secs(15), deadline: secs(5), misses: 2 };
    let mut world =
        fifo().with_settings(|settings| settings.keep_alive = keep_alive).ready_with(SilentPeer::default());
    assert_eq!(world.session().health(world.now()).condition, Condition::Well);
    world.run_for(secs(16));
    let health = world.session().health(world.now());
    assert_eq!((health.condition, health.is_ready()), (Condition::Impaired, true), "{:?}", health.ailments);
    // The first deadline is over, and the second probe is under way: the link stands, but is doubted.
    world.run_for(secs(5));
    assert!(world.session().state().is_ready());
    let health = world.session().health(world.now());
    assert_eq!(health.condition, Condition::Down, "{:?}", health.ailments);
}
