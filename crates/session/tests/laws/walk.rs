//! A random walk over everything an application, a peer and a network can do, with all checks on.

use std::{io, sync::Arc, time::Duration};

use nova_behaviour::{
    Body, Bound, Handlers, InitialConnect, Kept, Policies, Quiet, RateLimitHandler, RequestId, RetryTransient,
};
use nova_frame_codec::OpCode;
use nova_ratelimit::{Budget, BudgetId, Charge, TokenBuckets};
use nova_reconnect::Jittered;
use nova_session::{Answer, Ask, Content, Overflow, SubscriptionId};
use nova_testkit::world::{
    Keep, Network, Setup, World,
    venue::{self, Login, LoginRule, Topics, VenueDialect, VenuePeer, VenueRequest, Words},
};
use nova_transport::{ConnectError, Generation, Handshake, Phase, TransportError};

use crate::kit::{ask, frame, millis, secs, wanted};

const CREDITS: BudgetId = BudgetId::new("credits");

pub(crate) struct Priced;

impl RateLimitHandler<VenueDialect> for Priced {
    fn price(&mut self, request: &VenueRequest) -> Charge {
        match request {
            VenueRequest::Say(what) => Charge::one(CREDITS, 1 + what.len() as u32 % 3),
            VenueRequest::Subscribe(_) => Charge::one(CREDITS, 2),
            _ => Charge::FREE,
        }
    }
}

pub(crate) type Everything =
    Handlers<Words, Quiet, RetryTransient, Topics, Login, nova_behaviour::NoSettings, Priced>;
pub(crate) type Walk = World<Everything, Policies<Jittered, TokenBuckets>, VenuePeer>;

/// A session and all around it, at the beginning of a walk.
pub(crate) fn begin(seed: u64, keep: Option<Keep>) -> Walk {
    let handlers = venue::handlers()
        .with_subscriptions(Topics { batch: 1 + seed as usize % 4 })
        .with_auth(Login { lead: secs(5), ..Login::default() })
        .with_limits(Priced);
    let limiter = TokenBuckets::new().with_budget(CREDITS, Budget::new(20).with_refill(20, secs(1))).unwrap();
    let reconnect = Jittered::new(millis(200), secs(5));
    let setup = Setup::new(handlers)
        .with_policies(Policies::default().with_reconnect(reconnect).with_limiter(limiter))
        .with_settings(|settings| {
            settings.initial_connect = InitialConnect::Retry;
            settings.call_deadline = secs(8);
            settings.in_flight = 40;
            settings.message_bytes = 4000;
            settings.lanes.user = Bound { count: 20, bytes: 4000 };
            settings.subscription = Bound { count: 5, bytes: 200 };
        })
        .with_network(Network::default().with_jitter(millis(30)))
        .with_marks(venue::MARKS)
        .with_random_faults()
        .with_seed(seed);
    let peer = VenuePeer {
        login: LoginRule::Grants(Some(secs(30))),
        spread: millis(400),
        refuses: ["e".to_owned()].into(),
        ..VenuePeer::default()
    };
    let setup = match keep {
        Some(keep) => setup.recorded(keep),
        None => setup,
    };
    setup.meet(peer)
}

/// What a walk has in its hands.
#[derive(Default)]
struct Hands {
    calls: Vec<RequestId>,
    streams: Vec<SubscriptionId>,
}

fn any<T: Copy>(world: &mut Walk, of: &[T]) -> Option<T> {
    let place = world.chance().usize(0..of.len().max(1));
    of.get(place).copied()
}

fn calls(world: &mut Walk, hands: &mut Hands) {
    let size = world.chance().usize(0..300);
    let choice = ask(|ask: &mut Ask| {
        let chance = world.chance();
        ask.deadline = chance.bool().then(|| millis(chance.u64(0..6000)));
        ask.wait = chance.bool().then(|| millis(chance.u64(0..6000)));
        ask.replay = chance.u8(..) < 80;
    });
    let asked = match world.chance().u8(0..8) {
        0 => world.ping(Some(secs(3))),
        1 => {
            let request = Content::Request(VenueRequest::Tell("x".repeat(size)));
            world.ask(None, request, ask(|ask| ask.answer = Answer::None))
        }
        2 => {
            let matcher =
                |body: Body<'_>| body.as_text().is_some_and(|text| text.contains("nothing has this"));
            let matching = ask(|ask| ask.answer = Answer::Matching(Box::new(matcher)));
            // A number that no id comes near to.
            let mark = world.chance().u64(1 << 40..1 << 50);
            let raw = Kept::Text(format!(r#"{{"id":{mark},"say":"x"}}"#));
            world.ask(Some(mark), Content::Raw(raw), matching)
        }
        _ => world.ask(None, Content::Request(VenueRequest::say("y".repeat(size))), choice),
    };
    hands.calls.extend(asked.ok());
}

fn subscriptions(world: &mut Walk, hands: &mut Hands) {
    match world.chance().u8(0..6) {
        0 | 1 => {
            let names: Vec<_> =
                ["a", "b", "c", "d", "e"].into_iter().filter(|_| world.chance().bool()).collect();
            let rules = [
                Overflow::default(),
                Overflow::Block { max_pause: millis(1) },
                Overflow::DropOldest,
                Overflow::DropNewest,
                Overflow::Conflate,
                Overflow::Close,
            ];
            let overflow = any(world, &rules).unwrap();
            let required = world.chance().u8(..) < 40;
            let fresh = world.chance().bool().then(|| secs(7));
            let id = world.subscribe(wanted(&names, |wanted| {
                (wanted.overflow, wanted.required, wanted.fresh_within) = (overflow, required, fresh);
            }));
            hands.streams.extend(id.ok());
        }
        2 if !hands.streams.is_empty() => {
            let place = world.chance().usize(0..hands.streams.len());
            world.unsubscribe(hands.streams.remove(place));
        }
        3 => {
            if let Some(id) = any(world, &hands.streams.clone()) {
                world.take_all(id);
            }
        }
        4 => {
            if let Some(id) = any(world, &hands.streams.clone()) {
                let _ = world.confirmed(id);
            }
        }
        _ => {
            if let Some(id) = any(world, &hands.streams.clone()) {
                world.take(id);
            }
        }
    }
}

fn peer_acts(world: &mut Walk) {
    let number = world.chance().u8(0..24);
    let noise: Vec<u8> = std::iter::repeat_with(|| world.chance().u8(..)).take(9).collect();
    world.peer_tries(|peer, line| match number {
        0 => line.close(1001),
        1 => line.close(None),
        2 => line.hang_up(),
        3 => line.reset(),
        4 => line.raw(noise),
        5 => (0..100).for_each(|_| line.ping(b"?")),
        6 => (0..70).for_each(|number| line.text(format!(r#"{{"beat":{number}}}"#))),
        7 => line.text("not json"),
        8 => line.text(r#"{"id":3,"result":{"id":3}}"#),
        9 => line.frame_after(Duration::ZERO, false, OpCode::Text, b"begun".to_vec()),
        10 => line.pong(&noise),
        11 => peer.pause = millis(3000),
        12 => peer.pause = Duration::ZERO,
        13 => drop(peer.ignores.insert("say".into())),
        14 => peer.ignores.clear(),
        15 => line.binary(vec![0; 5000]),
        _ => {
            for topic in ["a", "b", "c", "d"] {
                (0..number / 8).for_each(|_| _ = peer.publish(line, topic, "item"));
            }
        }
    });
}

fn network_acts(world: &mut Walk) {
    match world.chance().u8(0..10) {
        0 => world.cut(),
        1 => world.go_half_open(),
        2 => world.stop_reading(100),
        3 => world.jump_wall_ahead(secs(86_400)),
        4 => world.jump_wall_back(secs(86_400)),
        5 => {
            let span = millis(world.chance().u64(0..40_000));
            world.sleep_process(span);
        }
        6 => world.network.latency = millis(world.chance().u64(0..300)),
        7 => world.network.latency = millis(10),
        _ => {
            let receptions = [
                nova_testkit::world::Reception::nobody(),
                nova_testkit::world::Reception::status(500),
                nova_testkit::world::Reception::retry_after(503, 3),
                nova_testkit::world::Reception::Hang(Phase::Tls),
            ];
            let place = world.chance().usize(0..receptions.len());
            world.peer.receptions.push_back(receptions[place].clone());
        }
    }
}

/// Something late, of a link that is not the present one, or nothing at all.
fn late(world: &mut Walk) {
    let present = world.link().map_or(world.dials(), Generation::get);
    let old = Generation::new(world.chance().u64(0..present.max(1)));
    if world.link() == Some(old) {
        return;
    }
    let (number, wall) = (world.chance().u8(0..8), world.wall());
    world.with(|session, now| match number {
        0 => session.handle_frame(now, old, frame(OpCode::Text, br#"{"id":1,"result":{"id":1}}"#)),
        1 => session.handle_frame(now, old, frame(OpCode::Close, &[3, 232])),
        2 => session.handle_lost(now, old, TransportError::Eof),
        3 => session.handle_flushed(now, old),
        4 => session.handle_connected(now, wall, old, &Handshake::default()),
        5 => session.handle_phase(now, old, Phase::Tcp),
        6 => {
            let source = Arc::new(io::Error::from(io::ErrorKind::TimedOut));
            session.handle_connect_failed(now, old, ConnectError::Resolve { host: "h".into(), source });
        }
        _ => session.handle_timeout(now),
    });
}

/// Walks to the end.
pub(crate) fn walk(world: &mut Walk) {
    let (seed, mut hands) = (world.seed(), Hands::default());
    let steps = world.chance().u32(20..250);
    for _ in 0..steps {
        match world.chance().u8(0..64) {
            0..16 => calls(world, &mut hands),
            16..32 => subscriptions(world, &mut hands),
            32..48 => peer_acts(world),
            48..52 => network_acts(world),
            52..56 => late(world),
            56..58 => {
                if let Some(id) = any(world, &hands.calls) {
                    world.cancel(id);
                }
            }
            58 => world.with(|session, now| session.reconnect(now)),
            59 => drop(world.with(|session, now| session.authenticate(now))),
            _ => {}
        }
        let pause = match world.chance().u8(0..4) {
            0 => Duration::ZERO,
            1 => millis(world.chance().u64(0..30)),
            2 => millis(world.chance().u64(0..500)),
            _ => millis(world.chance().u64(0..4000)),
        };
        world.run_for(pause);
        if world.session().state().is_closed() {
            break;
        }
    }
    let within = millis(world.chance().u64(0..2000));
    let began = world.elapsed();
    let was_closed = world.session().state().is_closed();
    world.with(|session, now| session.shutdown(now, within));
    world.run_until_closed();
    assert!(
        was_closed || world.elapsed() - began <= within,
        "seed {seed}: it took {:?}",
        world.elapsed() - began
    );
    for id in hands.streams {
        world.take_all(id);
        world.unsubscribe(id);
    }
    world.run_for(secs(60));
    let complaints: Vec<_> =
        world.peer.complaints.iter().filter(|text| text.contains("before login")).collect();
    assert!(complaints.is_empty(), "seed {seed}: {complaints:?}");
}

#[test]
fn whatever_happens_all_laws_hold() {
    let (mut dials, mut ready) = (0, 0);
    for seed in 0..300 {
        let mut world = begin(seed, None);
        walk(&mut world);
        dials += world.dials();
        ready += world.count("ready");
    }
    assert!(dials > 1000 && ready > 300, "the walks go somewhere: {dials} dials, {ready} times ready");
}
