//! L12: limits are credits; what must wait waits in order, what can never go fails at once.

use nova_behaviour::{Handlers, Kept, Policies, Quiet, RateLimitHandler, RetryTransient};
use nova_ratelimit::{Budget, BudgetId, Charge, ChargeError, TokenBuckets};
use nova_reconnect::Linear;
use nova_session::{NotSent, RequestError};
use nova_testkit::world::{
    EchoPeer, Marks, Peer, Setup, World,
    venue::{self, Topics, VenueDialect, VenuePeer, VenueRequest, Words},
};

use crate::kit::{Fifo, Ready, Recorder, ask, millis, secs, steady, wanted};

const CREDITS: BudgetId = BudgetId::new("credits");

/// A request costs as many tokens as its mark says, and one at least.
struct ByMark;

impl RateLimitHandler<Fifo> for ByMark {
    fn price(&mut self, request: &Kept) -> Charge {
        let Kept::Text(text) = request else { return Charge::FREE };
        let mark: u32 = text.rsplit_once('#').and_then(|(_, mark)| mark.parse().ok()).unwrap_or(1);
        Charge::one(CREDITS, if mark >= 1000 { mark / 1000 } else { 1 })
    }
}

type Limited = Handlers<
    Fifo,
    Quiet,
    RetryTransient,
    nova_behaviour::NoSubscriptions,
    nova_behaviour::NoAuth,
    nova_behaviour::NoSettings,
    ByMark,
>;
type Priced = Policies<Linear, TokenBuckets>;

fn buckets(capacity: u32) -> Priced {
    let limiter = TokenBuckets::new().with_budget(CREDITS, Budget::new(capacity)).unwrap();
    Policies::default().with_reconnect(Linear::every(secs(1))).with_limiter(limiter)
}

fn limited<V: Peer>(capacity: u32, peer: V) -> World<Limited, Priced, V> {
    let handlers = Handlers::new(Fifo).with_limits(ByMark);
    steady(Setup::new(handlers).with_policies(buckets(capacity)).with_marks(Marks::HASH)).ready_with(peer)
}

fn echo<V: Peer>(
    world: &mut World<Limited, Priced, V>,
    mark: u64,
) -> Result<nova_behaviour::RequestId, RequestError> {
    let content = nova_session::Content::Request(Kept::from(format!("word#{mark}")));
    world.ask(Some(mark), content, ask(|_| {}))
}

#[test]
fn a_burst_goes_at_once_and_the_rest_as_credits_return_in_order() {
    let mut world = limited(3, Recorder::of(EchoPeer::default()));
    let began = world.elapsed() + millis(10);
    let ids: Vec<_> = (0..8).map(|mark| echo(&mut world, mark).unwrap()).collect();
    world.run_for(secs(10));
    let times: Vec<_> = world
        .peer
        .heard
        .iter()
        .filter(|(.., what)| what != "ping")
        .map(|(at, ..)| (*at - began).as_secs())
        .collect();
    assert_eq!(times, [0, 0, 0, 1, 2, 3, 4, 5]);
    let order: Vec<_> = world.peer.on(1).into_iter().filter(|what| *what != "ping").collect();
    assert_eq!(order, (0..8).map(|mark| format!("word#{mark}")).collect::<Vec<_>>());
    assert!(ids.into_iter().all(|id| world.outcome(id).unwrap().is_ok()));
}

#[test]
fn a_dear_request_is_not_overtaken_by_cheap_ones() {
    let mut world = limited(5, Recorder::of(EchoPeer::default()));
    for mark in [4000, 5001, 1, 2] {
        echo(&mut world, mark).unwrap();
    }
    world.run_for(secs(20));
    let order: Vec<_> = world.peer.on(1).into_iter().filter(|what| *what != "ping").collect();
    assert_eq!(order, ["word#4000", "word#5001", "word#1", "word#2"]);
}

#[test]
fn what_costs_more_than_a_budget_holds_fails_at_once() {
    let mut world = limited(5, EchoPeer::keeping());
    let refused = echo(&mut world, 6000);
    let Err(RequestError::NotSent(NotSent::Charge(ChargeError::TooCostly { cost: 6, capacity: 5, .. }))) =
        refused
    else {
        panic!("{refused:?}");
    };
    world.run_for(secs(10));
    assert_eq!(world.peer.heard, []);
}

#[test]
fn a_deadline_passes_while_credits_are_awaited_as_not_sent() {
    let mut world = limited(1, EchoPeer::default());
    echo(&mut world, 1).unwrap();
    echo(&mut world, 2).unwrap();
    let content = nova_session::Content::Request(Kept::from("word#3"));
    let id = world.ask(Some(3), content, ask(|ask| ask.deadline = Some(millis(1500)))).unwrap();
    let outcome = world.wait(id);
    assert!(matches!(outcome, Err(RequestError::TimedOut { sent: false })), "{outcome:?}");
}

#[test]
fn pongs_and_heartbeat_answers_need_no_credits() {
    let mut world = limited(1, Recorder::of(EchoPeer::default()));
    (0..5).for_each(|mark| _ = echo(&mut world, mark).unwrap());
    world.peer_does(|_, line| line.ping(b"?"));
    world.run_for(millis(30));
    assert_eq!(world.peer.on(1), ["word#0", "pong ?"]);
}

#[test]
fn what_waits_for_credits_at_a_loss_is_reported_and_not_sent_on_the_next_link() {
    let mut world = limited(1, Recorder::of(EchoPeer::default()));
    let ids: Vec<_> = (0..3).map(|mark| echo(&mut world, mark).unwrap()).collect();
    world.run_for(millis(50));
    world.cut();
    world.run_until_ready();
    world.run_for(secs(10));
    assert!(world.outcome(ids[0]).unwrap().is_ok());
    for id in &ids[1..] {
        assert!(matches!(world.outcome(*id), Some(Err(RequestError::NotSent(NotSent::LinkLost(_))))));
    }
    assert!(world.peer.on(2).iter().all(|what| *what == "ping"));
}

#[test]
fn shutdown_does_not_wait_for_credits() {
    let mut world = limited(1, EchoPeer::default());
    let ids: Vec<_> = (0..9).map(|mark| echo(&mut world, mark).unwrap()).collect();
    world.with(|session, now| session.shutdown(now, secs(60)));
    let began = world.elapsed();
    world.run_until_closed();
    assert!(world.elapsed() - began < secs(1));
    let outcomes: Vec<_> = ids.into_iter().map(|id| world.outcome(id).unwrap().is_ok()).collect();
    assert_eq!(outcomes, [true, false, false, false, false, false, false, false, false]);
    assert_eq!(world.session().shutdown_report().not_sent, 8);
}

/// Subscribing costs a token, saying something nothing.
struct ByVerb;

impl RateLimitHandler<VenueDialect> for ByVerb {
    fn price(&mut self, request: &VenueRequest) -> Charge {
        match request {
            VenueRequest::Subscribe(_) => Charge::one(CREDITS, 1),
            _ => Charge::FREE,
        }
    }
}

#[test]
fn c10_five_hundred_topics_go_out_as_credits_allow_and_resume_where_they_stopped() {
    let limiter = TokenBuckets::new().with_budget(CREDITS, Budget::new(10).with_refill(10, secs(3))).unwrap();
    let policies = Policies::default().with_reconnect(Linear::every(secs(1))).with_limiter(limiter);
    let handlers = venue::handlers().with_limits(ByVerb);
    let mut world: World<Handlers<Words, Quiet, RetryTransient, Topics, _, _, ByVerb>, _, _> =
        steady(Setup::new(handlers).with_policies(policies)).ready_with(Recorder::of(VenuePeer::default()));
    let names: Vec<_> = (0..500).map(|number| format!("t{number:03}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    world.subscribe(wanted(&names, |_| {})).unwrap();
    // Others are not held up by subscriptions that wait for credits of their own.
    let said = world.call(VenueRequest::say("x")).unwrap();
    world.run_for(millis(100));
    assert!(world.outcome(said).unwrap().is_ok());
    world.run_for(secs(60));
    world.cut();
    world.run_for(secs(170));
    assert_eq!(world.peer.inner.topics().len(), 500);
    assert_eq!(world.peer.inner.complaints, <[String; 0]>::default());
    for link in [1, 2] {
        let times: Vec<_> = world
            .peer
            .heard
            .iter()
            .filter(|(_, on, what)| *on == link && what.contains("subscribe"))
            .map(|(at, ..)| *at)
            .collect();
        for (index, at) in times.iter().enumerate() {
            let in_window = times[index..].iter().take_while(|other| **other < *at + secs(3)).count();
            assert!(in_window <= 10 + 10, "{in_window} in three seconds");
        }
    }
}
