//! Where scenarios work: a fresh world for each, and what they have in common.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use nova_behaviour::{Adapter, Behaviour, Body, InitialConnect, Kept, Policies, RequestId, Settings, Topic};
use nova_ratelimit::{Admission, Charge, ChargeError, Limiter};
use nova_reconnect::Linear;
use nova_session::{Arrival, Ask, Content, Delivery, Settlement, SubscriptionId, Wanted};

use super::{
    service::Service,
    stage::{Mood, Stage, say},
};
use crate::world::{Setup, World};

/// Makes adapters and services.
pub(super) struct Bench<'a, A, S> {
    pub(super) make_adapter: &'a dyn Fn() -> A,
    pub(super) make_service: &'a dyn Fn() -> S,
}

/// The language of an adapter.
pub(super) type DialectOf<A> = <<A as Adapter>::Handlers as Behaviour>::Dialect;

/// The world of an adapter and a service.
type WorldOf<A, S> = World<<A as Adapter>::Handlers, Policies<Linear, Gate>, Stage<S, DialectOf<A>>>;

/// One session with the adapter's handlers, and the service.
pub(super) struct Scene<A: Adapter, S: Service<DialectOf<A>>> {
    pub(super) world: WorldOf<A, S>,
    /// Whether the limiter lets requests through.
    pub(super) gate: Gate,
}

/// A limiter that is open or shut.
#[derive(Clone, Debug)]
pub(super) struct Gate(Arc<AtomicBool>);

impl Gate {
    pub(super) fn shut(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Limiter for Gate {
    fn check(&self, _charge: &Charge) -> Result<(), ChargeError> {
        Ok(())
    }

    fn admit(&mut self, now: Instant, _charge: &Charge) -> Result<Admission, ChargeError> {
        let is_open = self.0.load(Ordering::Relaxed);
        Ok(if is_open { Admission::Now } else { Admission::Later(now + Duration::from_secs(3600)) })
    }
}

impl<A: Adapter, S: Service<DialectOf<A>>> Bench<'_, A, S> {
    pub(super) fn service(&self) -> S {
        (self.make_service)()
    }

    /// A session that has begun to connect.
    pub(super) fn scene(&self) -> Scene<A, S> {
        self.scene_in(Mood::Good, |_| {})
    }

    pub(super) fn scene_in(&self, mood: Mood, change: impl FnOnce(&mut Settings)) -> Scene<A, S> {
        let gate = Gate(Arc::new(AtomicBool::new(true)));
        let reconnect = Linear::every(Duration::from_millis(100));
        let policies = Policies::default().with_reconnect(reconnect).with_limiter(gate.clone());
        let setup = Setup::of((self.make_adapter)()).with_policies(policies).with_settings(|settings| {
            settings.initial_connect = InitialConnect::Retry;
            change(settings);
        });
        let mut stage = Stage::new(self.service());
        stage.mood = mood;
        Scene { world: setup.meet(stage), gate }
    }

    /// A session that is ready.
    pub(super) fn ready(&self) -> Result<Scene<A, S>, String> {
        let mut scene = self.scene();
        scene.until_ready()?;
        Ok(scene)
    }
}

impl<A: Adapter, S: Service<DialectOf<A>>> Scene<A, S> {
    /// Lets time pass until this holds.
    pub(super) fn within(
        &mut self,
        span: Duration,
        what: &str,
        mut holds: impl FnMut(&mut Self) -> bool,
    ) -> Result<(), String> {
        let end = self.world.elapsed() + span;
        while !holds(self) {
            if self.world.next_at().is_none_or(|at| at > end) {
                let state = self.world.session().state().name();
                return Err(format!("not within {span:?}: {what} (the session is {state})"));
            }
            self.world.step();
        }
        Ok(())
    }

    pub(super) fn until_ready(&mut self) -> Result<(), String> {
        self.within(MINUTE, "ready", |scene| scene.world.session().state().is_ready())
    }

    /// Makes the call of this number.
    pub(super) fn call(&mut self, number: u32) -> Result<RequestId, String> {
        self.call_with(number, Ask::default())
    }

    pub(super) fn call_with(&mut self, number: u32, ask: Ask) -> Result<RequestId, String> {
        let request = self.world.peer.service.call(number);
        let asked = self.world.ask(None, Content::Request(request), ask);
        asked.map_err(|error| format!("call {number} was not accepted: {error}"))
    }

    /// Waits for the reply to the call of this number, which must be its own.
    pub(super) fn reply(&mut self, id: RequestId, number: u32) -> Result<(), String> {
        self.within(MINUTE, "the end of the call", |scene| !scene.world.is_open(id))?;
        match self.world.outcome(id) {
            Some(Ok(Settlement::Reply(body))) if self.world.peer.service.answers(number, body.as_body()) => {
                Ok(())
            }
            Some(Ok(Settlement::Reply(_))) => Err(format!("call {number} got another reply than its own")),
            other => Err(format!("call {number} ended without a reply: {other:?}")),
        }
    }

    /// Makes a call and waits for its reply.
    pub(super) fn call_works(&mut self, number: u32) -> Result<(), String> {
        let id = self.call(number)?;
        self.reply(id, number)
    }

    /// Subscribes to the topics of these numbers; `None` if the service has none.
    pub(super) fn subscribe(
        &mut self,
        numbers: &[u32],
    ) -> Result<Option<Vec<(Topic, SubscriptionId)>>, String> {
        let mut made = Vec::new();
        for &number in numbers {
            let Some(topic) = self.world.peer.service.topic(number) else { return Ok(None) };
            let id = self.want(&topic, true)?;
            made.push((topic, id));
        }
        for (topic, id) in &made {
            self.confirmed(topic, *id)?;
        }
        Ok(Some(made))
    }

    pub(super) fn want(&mut self, topic: &Topic, required: bool) -> Result<SubscriptionId, String> {
        let mut wanted = Wanted::new(vec![topic.clone()]);
        wanted.required = required;
        self.world.subscribe(wanted).map_err(|error| format!("subscribing is not accepted: {error}"))
    }

    pub(super) fn confirmed(&mut self, topic: &Topic, id: SubscriptionId) -> Result<(), String> {
        let what = format!("the confirmation of {topic}");
        self.within(MINUTE, &what, |scene| scene.world.confirmed(id).is_some())?;
        match self.world.confirmed(id) {
            Some(Ok(())) => Ok(()),
            other => Err(format!("{topic} was not confirmed: {other:?}")),
        }
    }

    /// Lets the service say something of its own accord, and lets it arrive.
    pub(super) fn say(&mut self, message: Kept) {
        self.world.peer_tries(|_, line| say(line, Duration::ZERO, vec![message]));
        self.world.run_for(Duration::from_millis(50));
    }

    /// Publishes the next item of a topic; its message, for what can be told of it.
    pub(super) fn publish(&mut self, topic: &Topic) -> Result<(), String> {
        let item = self.world.peer.service.publish(topic);
        self.say(item.ok_or_else(|| format!("the service has a topic {topic} and no item of it"))?);
        Ok(())
    }

    /// The items that wait, and the causes of the gaps.
    pub(super) fn take(&mut self, id: SubscriptionId) -> (Vec<(Arrival, Kept)>, Vec<&'static str>) {
        let (mut items, mut gaps) = (Vec::new(), Vec::new());
        for (delivery, body) in self.world.take_all(id) {
            match delivery {
                Delivery::Item(arrival) => items.push((arrival, body)),
                Delivery::Gap(gap) => gaps.push(gap.cause.name()),
            }
        }
        (items, gaps)
    }

    /// How many messages of this kind came on a link.
    pub(super) fn heard(&self, link: u64, is_it: impl Fn(&S, Body<'_>) -> bool) -> usize {
        self.world.peer.on(link).filter(|body| is_it(&self.world.peer.service, *body)).count()
    }

    /// Cuts the link and waits until the session is ready on the next one.
    pub(super) fn cut(&mut self) -> Result<(), String> {
        let before = self.world.dials();
        self.world.cut();
        self.within(MINUTE, "ready on the next link", |scene| {
            scene.world.session().state().is_ready() && scene.world.dials() > before
        })
    }
}

pub(super) const MINUTE: Duration = Duration::from_secs(60);
