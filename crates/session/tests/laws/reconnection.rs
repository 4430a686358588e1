//! L1, L4, L10: one scheduler, paced, told when to stop.

use std::time::Duration;

use nova_behaviour::{ConnectionHandler, DisconnectAction, Handlers, InitialConnect, Policies};
use nova_reconnect::{Exponential, Jittered, Linear, Retries};
use nova_session::{EndCause, State};
use nova_telemetry::Event;
use nova_testkit::world::{
    AcceptThenClose, EchoPeer, Network, Peer, Reception, Refusing, Scripted, Setup, SilentPeer, World,
};
use nova_transport::{ConnectError, Endpoint, LostReason, Phase};

use crate::kit::{Fifo, FifoWorld, Ready, Recorder, ask, fifo, millis, secs, steady};

fn instant() -> Setup<Handlers<Fifo>, crate::kit::Paced> {
    fifo().with_network(Network::instant())
}

fn gaps(times: &[Duration]) -> Vec<Duration> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn attempts_are_paced_by_the_strategy() {
    let mut world = instant().meet(Refusing::with(Reception::nobody()));
    world.run_for(secs(10));
    assert_eq!(gaps(&world.peer.refused), vec![secs(1); 10]);
    let policies = Policies::default().with_reconnect(Exponential::new(millis(100), secs(1)));
    let mut world = instant().with_policies(policies).meet(Refusing::with(Reception::nobody()));
    world.run_for(secs(5));
    let expected = [100, 200, 400, 800, 1000, 1000].map(millis);
    assert_eq!(gaps(&world.peer.refused)[..6], expected);
}

#[test]
fn jitter_comes_from_the_seed_and_stays_under_its_envelope() {
    let run = |seed| {
        let setup = steady(Setup::new(Handlers::new(Fifo)).with_network(Network::instant()));
        let mut world = setup.with_seed(seed).meet(Refusing::with(Reception::nobody()));
        world.run_for(secs(300));
        gaps(&world.peer.refused)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    for (attempt, gap) in run(3).into_iter().enumerate() {
        assert!(gap <= secs(1 << attempt.min(6)).min(secs(60)), "attempt {attempt}: {gap:?}");
    }
}

#[test]
fn retry_after_overrides_the_schedule() {
    for status in [429, 503] {
        let peer = Scripted::new([Reception::retry_after(status, 7)], EchoPeer::default());
        let mut world = instant().meet(peer);
        world.run_until_ready();
        let waited = world.elapsed();
        assert!((secs(7)..=millis(7700)).contains(&waited), "{status}: {waited:?}");
    }
}

#[test]
fn close_codes_1012_and_1013_override_the_schedule() {
    for (code, least, most) in [(1012, 5, 30), (1013, 10, 60)] {
        for seed in 0..20 {
            let mut world = instant().with_seed(seed).meet(AcceptThenClose::with_code(code));
            world.run_until("it comes again", |world| world.dials() == 2);
            let waited = world.elapsed();
            assert!((secs(least)..=secs(most)).contains(&waited), "{code}: {waited:?}");
        }
    }
}

#[test]
fn c11_accept_then_close_for_ten_minutes_is_at_most_40_attempts() {
    for seed in 0..50 {
        for peer in
            [AcceptThenClose::default(), AcceptThenClose::with_code(1000), AcceptThenClose::with_code(1001)]
        {
            let mut world = steady(Setup::new(Handlers::new(Fifo))).with_seed(seed).meet(peer);
            world.run_for(secs(600));
            let attempts = world.peer.accepted.len();
            assert!((10..=40).contains(&attempts), "seed {seed}: {attempts} attempts");
        }
    }
}

#[test]
fn c11_a_fatal_close_code_stops_at_once() {
    for code in [1003, 1008, 1010] {
        let mut world = fifo().meet(AcceptThenClose::with_code(code));
        world.run_until_closed();
        assert_eq!(world.peer.accepted.len(), 1);
        let State::Closed(EndCause::Failed(LostReason::ClosedByPeer(Some(frame)))) = world.session().state()
        else {
            panic!("{:?}", world.session().state());
        };
        assert_eq!(frame.code().get(), code);
    }
}

#[test]
fn c12_a_fatal_refusal_stops_at_once() {
    for status in [401, 403, 404, 410] {
        let mut world = fifo().meet(Refusing::with(Reception::status(status)));
        world.run_until_closed();
        assert_eq!(world.dials(), 1);
    }
}

#[test]
fn c31_a_phase_that_hangs_is_given_up_and_named() {
    for phase in [Phase::Resolve, Phase::Tcp, Phase::Tls, Phase::Upgrade] {
        let mut world = fifo().meet(Scripted::new([Reception::Hang(phase)], EchoPeer::default()));
        world.run_until_ready();
        let error = world.events().find_map(|(at, event)| match event {
            Event::ConnectFailed { error, .. } => Some((at, error.clone())),
            _ => None,
        });
        let (at, error) = error.unwrap();
        assert!(matches!(error, ConnectError::TimedOut { phase: named, .. } if named == phase), "{error}");
        assert!(at <= secs(6));
    }
}

#[test]
fn the_first_failure_ends_a_session_that_is_not_to_retry_it() {
    let mut world = fifo()
        .with_settings(|settings| settings.initial_connect = InitialConnect::FailFast)
        .meet(Refusing::with(Reception::nobody()));
    world.run_until_closed();
    assert_eq!(world.dials(), 1);
    assert!(matches!(world.session().state(), State::Closed(EndCause::Failed(LostReason::Connect(_)))));
}

#[test]
fn a_session_that_was_ready_retries_whatever_the_rule_for_the_first_connect() {
    let mut world = fifo()
        .with_settings(|settings| settings.initial_connect = InitialConnect::FailFast)
        .ready_with(EchoPeer::default());
    world.cut();
    world.run_until_ready();
}

#[test]
fn exhausted_limits_end_the_session_and_say_so() {
    let policies =
        Policies::default().with_reconnect(Linear::every(secs(1)).with_retries(Retries::Limited(3)));
    let mut world = instant().with_policies(policies).meet(Refusing::with(Reception::nobody()));
    world.run_until_closed();
    assert_eq!(world.dials(), 1 + 3);
    assert!(matches!(world.session().state(), State::Closed(EndCause::Exhausted { attempts: 3, .. })));
    assert_eq!(world.count("gave_up"), 1);
}

#[test]
fn the_count_of_attempts_starts_again_only_after_a_stable_time() {
    let policies = Policies::default().with_reconnect(Exponential::new(secs(1), secs(64)));
    let mut world = instant().with_policies(policies).ready_with(Recorder::of(EchoPeer::default()));
    for lived in [1, 9, 3, 10, 60] {
        world.run_for(secs(lived));
        world.cut();
        world.run_until_ready();
    }
    let attempts: Vec<_> = world.peer.attempts.iter().map(|incoming| incoming.attempt).collect();
    assert_eq!(attempts, [0, 1, 2, 3, 1, 1]);
}

#[test]
fn a_link_that_never_gets_ready_does_not_start_the_count_again() {
    struct Deaf;
    impl Peer for Deaf {
        fn connected(&mut self, line: &mut nova_testkit::world::Line<'_>) {
            line.hang_up_after(secs(25));
        }
        fn message(&mut self, _: &mut nova_testkit::world::Line<'_>, _: &nova_frame_codec::Message<'_>) {}
    }
    let handlers =
        nova_testkit::world::venue::handlers().with_auth(nova_testkit::world::venue::Login::default());
    let policies = Policies::default().with_reconnect(Exponential::new(secs(1), secs(64)));
    let setup = steady(Setup::new(handlers)).with_policies(policies).with_network(Network::instant());
    let mut world = setup.meet(Recorder::of(Deaf));
    world.run_until("five attempts", |world| world.dials() == 5);
    let attempts: Vec<_> = world.peer.attempts.iter().map(|incoming| incoming.attempt).collect();
    assert_eq!(attempts, [0, 1, 2, 3, 4]);
}

/// What `reconnect()` does in the state that `reach` leads to: how many links it dials besides.
fn links_by_reconnect<V: Peer>(
    peer: V,
    reach: impl FnOnce(&mut World<Handlers<Fifo>, crate::kit::Paced, V>),
) -> (u64, &'static str) {
    let mut world = fifo().meet(peer);
    reach(&mut world);
    let (before, state) = (world.dials(), world.session().state().name());
    for _ in 0..3 {
        world.with(|session, now| session.reconnect(now));
    }
    world.run_until("settled", |world| {
        world.session().state().is_ready() || world.session().state().is_closed()
    });
    (world.dials() - before, state)
}

#[test]
fn reconnect_in_any_state_gives_one_new_link_at_most_however_often_it_is_asked() {
    assert_eq!(links_by_reconnect(EchoPeer::default(), |_| {}), (0, "connecting"));
    assert_eq!(links_by_reconnect(EchoPeer::default(), World::run_until_ready), (1, "ready"));
    let waiting = Scripted::new([Reception::nobody()], EchoPeer::default());
    assert_eq!(links_by_reconnect(waiting, |world| world.run_for(millis(100))), (1, "waiting"));
    assert_eq!(
        links_by_reconnect(EchoPeer::default(), |world| {
            world.run_until_ready();
            world.with(|session, now| session.shutdown(now, secs(1)));
        }),
        (0, "closing")
    );
    assert_eq!(
        links_by_reconnect(EchoPeer::default(), |world| {
            world.with(|session, now| session.shutdown(now, secs(1)));
            world.run_until_closed();
        }),
        (0, "closed")
    );
}

#[test]
fn reconnect_while_waiting_begins_at_once() {
    let mut world = instant().meet(Scripted::new([Reception::retry_after(503, 1000)], EchoPeer::default()));
    world.run_for(secs(1));
    world.with(|session, now| session.reconnect(now));
    world.run_until_ready();
    assert_eq!(world.elapsed(), secs(1));
}

#[test]
fn several_triggers_at_once_give_one_reconnection() {
    for round in 0..3 {
        let mut world = fifo().with_seed(round).ready_with(EchoPeer::default());
        world.peer_does(|_, line| (line.close(1001), line.raw([0xC1, 0]), line.reset()));
        world.with(|session, now| session.reconnect(now));
        world.go_half_open();
        world.cut();
        world.run_until_ready();
        world.run_for(secs(60));
        assert_eq!((world.dials(), world.count("lost")), (2, 1));
    }
}

struct Decides(DisconnectAction);

impl ConnectionHandler for Decides {
    fn disconnected(&mut self, _: &LostReason, _: u32) -> DisconnectAction {
        self.0.clone()
    }
}

fn deciding<V: Peer>(action: DisconnectAction, peer: V) -> World<Handlers<Fifo, Decides>, Policies, V> {
    let handlers = Handlers::new(Fifo).with_connection(Decides(action));
    steady(Setup::new(handlers).with_network(Network::instant())).meet(peer)
}

#[test]
fn the_disconnect_callback_can_stop_what_would_be_retried() {
    let mut world = deciding(DisconnectAction::Stop, Refusing::with(Reception::nobody()));
    world.run_until_closed();
    assert!(matches!(world.session().state(), State::Closed(EndCause::Stopped)));
    assert_eq!(world.dials(), 1);
}

#[test]
fn the_disconnect_callback_can_retry_what_would_stop() {
    let peer = Scripted::new([Reception::status(403), Reception::status(403)], EchoPeer::default());
    let mut world = deciding(DisconnectAction::Reconnect, peer);
    world.run_until_ready();
    assert_eq!(world.dials(), 3);
}

#[test]
fn the_disconnect_callback_can_choose_another_endpoint_from_then_on() {
    let other = Endpoint::parse("wss://other.example/").unwrap();
    let peer = Scripted::new([Reception::nobody(), Reception::nobody()], EchoPeer::default());
    let mut world = deciding(DisconnectAction::ReconnectTo(Box::new(other.clone())), peer);
    world.run_until_ready();
    let chosen: Vec<_> = world.peer.attempts.iter().map(|incoming| incoming.endpoint.clone()).collect();
    assert_eq!(chosen, [None, Some(other.clone()), Some(other)]);
}

#[test]
fn the_default_of_the_disconnect_callback_is_the_verdict() {
    let mut world = deciding(DisconnectAction::Default, Refusing::with(Reception::status(403)));
    world.run_until_closed();
    assert_eq!(world.dials(), 1);
}

#[test]
fn c40_a_jump_of_the_wall_clock_causes_nothing() {
    let day = secs(86_400);
    let mut world = fifo().ready_with(EchoPeer::default());
    for _ in 0..3 {
        world.jump_wall_ahead(day);
        world.run_for(secs(60));
        world.jump_wall_back(2 * day);
        world.run_for(secs(60));
        world.jump_wall_ahead(day);
    }
    assert_eq!(world.dials(), 1);
}

#[test]
fn c40_a_process_that_slept_an_hour_recovers_once_and_in_order() {
    let mut world = fifo().ready_with(EchoPeer::default());
    world.run_for(secs(7));
    // The server has forgotten the link meanwhile.
    world.go_half_open();
    world.sleep_process(secs(3600));
    world.run_for(secs(21));
    assert_eq!(world.dials(), 2);
    let id = world.echo(1, ask(|_| {})).unwrap();
    world.wait(id).unwrap();
}

#[test]
fn c40_a_process_that_slept_while_waiting_dials_once() {
    let mut world = fifo().meet(Scripted::new([Reception::nobody()], EchoPeer::default()));
    world.run_for(millis(100));
    world.sleep_process(secs(3600));
    world.run_until_ready();
    assert_eq!(world.dials(), 2);
}

#[test]
fn c39_a_herd_that_loses_its_server_for_a_minute_returns_spread_out() {
    const CLIENTS: u64 = 2000;
    struct Away(Duration, Vec<Duration>);
    impl Peer for Away {
        fn receive(&mut self, incoming: &nova_testkit::world::Incoming) -> Reception {
            self.1.push(incoming.at);
            if incoming.at >= self.0 { Reception::Accept } else { Reception::nobody() }
        }
        fn message(&mut self, _: &mut nova_testkit::world::Line<'_>, _: &nova_frame_codec::Message<'_>) {}
    }
    let mut seconds = vec![0; 200];
    for seed in 0..CLIENTS {
        let setup = steady(
            Setup::new(Handlers::new(Fifo))
                .with_network(Network::instant())
                .with_policies(Policies::default().with_reconnect(Jittered::default())),
        );
        let mut world = setup.with_seed(seed).with_trace(50).ready_with(Away(secs(0), Vec::new()));
        world.run_for(secs(20));
        world.peer.0 = secs(80);
        world.cut();
        world.run_until_ready();
        let returned = world.peer.1.last().unwrap();
        seconds[usize::try_from(returned.as_secs()).unwrap()] += 1;
    }
    let busiest = seconds.iter().max().unwrap();
    assert!(busiest * 100 < CLIENTS * 8, "{busiest} of {CLIENTS} in one second");
}

#[test]
fn c01_a_silent_server_in_login_is_left_after_the_opening_deadline() {
    let handlers =
        nova_testkit::world::venue::handlers().with_auth(nova_testkit::world::venue::Login::default());
    let mut world = steady(Setup::new(handlers)).meet(SilentPeer::default());
    world.run_until("given up", |world| world.count("lost") == 1);
    assert!(world.elapsed() <= secs(31));
}
