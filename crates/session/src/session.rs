//! The session: one value that holds all that must survive a reconnect.
//!
//! The chapters of its life are in the children: `lifecycle` (dial, open, lose, plan, end),
//! `opening` (what makes a link usable), `login`, `inbound`, `outbound`, `calls`, `refusals`,
//! `standing` (what it says of itself), `subscriptions`, `timeouts`.

mod calls;
mod inbound;
mod lifecycle;
mod login;
mod opening;
mod outbound;
mod refusals;
mod standing;
mod subscriptions;
mod timeouts;

use std::{
    task::{Context, Poll, Waker},
    time::{Duration, Instant, SystemTime},
};

use nova_behaviour::{
    Behaviour, ConnectionHandler, Endpoints, Grant, InvalidSetting, Observers, Policy, RateLimitHandler,
    Refusal, Settings, Verdict,
};
use nova_ratelimit::Limiter;
use nova_reconnect::Pacer;
use nova_telemetry::{Event, Record};
use nova_transport::{Endpoint, Generation, LostReason, Phase};

use crate::{
    beat::Beat,
    deliveries::Deliveries,
    delivery::GapCause,
    events::Events,
    guard::guarded,
    lane::{Lane, Mark},
    link::{Link, Outgoing, Slot},
    requests::Requests,
    standing::{Decider, MessageSizes},
    state::{EndCause, ShutdownReport, State, Step},
    tape::{Said, Tape},
    topics::Topics,
    wakes::{Wakes, remember, remember_also},
    wall::WallClock,
};

pub use calls::{Answer, Ask, Content};
pub use outbound::Transmit;
pub use subscriptions::Wanted;
pub use timeouts::Sleep;

/// One conversation with one service, over as many links as it takes.
///
/// `H` is what the protocol means, `P` how the application treats the network. See the crate's
/// documentation for how to drive it.
pub struct Session<H: Behaviour, P: Policy> {
    handlers: H,
    pacer: Pacer<P::Strategy>,
    limiter: P::Limiter,
    settings: Settings,
    chance: fastrand::Rng,
    wall: WallClock,
    life: Life,
    /// Since when `life` is what it is.
    since: Instant,
    /// Counts the changes of `life`, for those who watch it.
    version: u64,
    was_ready: bool,
    /// Where to go from now on, if a handler said so.
    redirected: Option<Endpoint>,
    /// The verdict for which a link is being closed; the loss that follows is not judged again.
    verdict: Option<Verdict>,
    /// The generation of the newest link.
    newest: Generation,
    slots: [Slot; 2],
    requests: Requests,
    /// The user lane: it outlives links, for requests that wait for the next.
    outbox: Lane<Outgoing>,
    /// When the limiter lets the next request through.
    limited_until: Option<Instant>,
    /// Until when nothing priced goes out, because the server said that we ask too much.
    held_until: Option<Instant>,
    topics: Topics,
    deliveries: Deliveries,
    events: Events,
    /// How the last login ended, and how many have ended.
    last_login: (u64, Result<Grant, Refusal>),
    login_waiters: Vec<Waker>,
    report: ShutdownReport,
    sizes: MessageSizes,
    /// Until when the timekeeper sleeps.
    armed: Option<Instant>,
    timekeeper: Option<Waker>,
    watchers: Vec<Waker>,
    wakes: Wakes,
    tape: Tape,
}

/// What a session is told at its start, since it cannot know it by itself.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The monotonic clock.
    pub now: Instant,
    /// Wall time.
    pub wall: SystemTime,
    /// From which all its random choices follow.
    pub seed: u64,
}

/// An order to open a link.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Dial {
    /// The link.
    pub link: Generation,
    /// 0 for the first connect, then the number of the reconnection attempt.
    pub attempt: u32,
    /// Where to, if a handler chose it; otherwise ask the [`Endpoints`].
    pub endpoint: Option<Endpoint>,
}

impl Dial {
    /// Resolves where to dial.
    ///
    /// # Errors
    ///
    /// The source of endpoints failed.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as the source of endpoints.
    pub async fn endpoint(&self, endpoints: &Endpoints) -> Result<Endpoint, nova_transport::ConnectError> {
        match &self.endpoint {
            Some(endpoint) => Ok(endpoint.clone()),
            None => endpoints.resolve(self.attempt).await,
        }
    }
}

/// The session's own view of its state.
#[derive(Debug)]
enum Life {
    Waiting {
        until: Instant,
        cause: LostReason,
        /// Who chose the pause.
        decider: Decider,
        /// Whether to dial as soon as the old link is gone.
        hurries: bool,
    },
    Linking {
        link: Generation,
        phase: Option<Phase>,
    },
    Opening {
        link: Generation,
        step: Step,
        deadline: Instant,
    },
    Ready {
        link: Generation,
    },
    Closing {
        until: Instant,
        cause: EndCause,
    },
    Closed(EndCause),
}

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// A session whose first attempt is due at once.
    pub fn new(
        handlers: H,
        reconnect: P::Strategy,
        limiter: P::Limiter,
        settings: Settings,
        start: Start,
    ) -> Self {
        Self::begin(handlers, (reconnect, limiter), settings, start, Tape::default())
    }

    /// As [`new`](Self::new), with a tape that notes what foreign code answers. Whoever records the
    /// session [takes](Tape::take) the answers after each input.
    pub fn taped(
        handlers: H,
        reconnect: P::Strategy,
        limiter: P::Limiter,
        settings: Settings,
        start: Start,
    ) -> Self {
        Self::begin(handlers, (reconnect, limiter), settings, start, Tape::running(start.now))
    }

    fn begin(
        handlers: H,
        (reconnect, limiter): (P::Strategy, P::Limiter),
        settings: Settings,
        start: Start,
        tape: Tape,
    ) -> Self {
        let mut this = Self {
            handlers,
            pacer: Pacer::new(reconnect, settings.stable_after),
            limiter,
            chance: fastrand::Rng::with_seed(start.seed),
            wall: WallClock::new(start.now, start.wall),
            life: Life::Closed(EndCause::Shutdown),
            since: start.now,
            version: 0,
            was_ready: false,
            redirected: None,
            verdict: None,
            newest: Generation::default(),
            slots: Default::default(),
            requests: Requests::default(),
            outbox: Lane::new(settings.lanes.user),
            limited_until: None,
            held_until: None,
            topics: Topics::default(),
            deliveries: Deliveries::default(),
            events: Events::new(settings.events),
            last_login: (0, Ok(Grant::default())),
            login_waiters: Vec::new(),
            report: ShutdownReport::default(),
            sizes: MessageSizes::default(),
            armed: None,
            timekeeper: None,
            watchers: Vec::new(),
            wakes: Wakes::default(),
            tape,
            settings,
        };
        match this.settings.check().and_then(|()| this.learn_budgets(start.now)) {
            Ok(()) => this.dial(start.now),
            Err(invalid) => this.life = Life::Closed(EndCause::Settings(invalid)),
        }
        this
    }

    /// Tells the limiter what the service grants.
    fn learn_budgets(&mut self, now: Instant) -> Result<(), InvalidSetting> {
        let (limits, limiter) = (self.handlers.limits(), &mut self.limiter);
        let learn = || limits.budgets().into_iter().try_for_each(|(id, b)| limiter.learn(id, b));
        let learnt = self.tape.ask(learn, |learnt| Said::Budgets(learnt.is_ok()));
        match learnt {
            Ok(learnt) => learnt.map_err(|_| InvalidSetting::new("budgets", "able to pay and to refill")),
            Err(_) => {
                self.panicked(now, "limits");
                Ok(())
            }
        }
    }

    /// Changes the settings while the session runs, without touching its link. What is under way
    /// keeps the deadlines it was given; everything else follows the new settings from here on.
    ///
    /// # Errors
    ///
    /// A setting makes no sense; then none is changed.
    pub fn reconfigure(&mut self, now: Instant, settings: Settings) -> Result<(), InvalidSetting> {
        settings.check()?;
        if !self.deliveries.pauses_are_below(settings.keep_alive.deadline) {
            let must_be = "longer than the pause of every subscription that holds the link back";
            return Err(InvalidSetting::new("keep_alive.deadline", must_be));
        }
        let beats_anew = settings.keep_alive != self.settings.keep_alive;
        self.outbox.set_bound(settings.lanes.user);
        for link in self.slots.iter_mut().filter_map(|slot| slot.link.as_mut()) {
            link.control.set_bound(settings.lanes.control);
            link.session.set_bound(settings.lanes.session);
            if beats_anew && link.lived(now).is_some() {
                link.beat = Beat::new(settings.keep_alive, now);
            }
        }
        self.events.set_limit(settings.events);
        self.pacer.set_stable_after(settings.stable_after);
        self.settings = settings;
        self.emit(now, Event::Reconfigured);
        self.arm();
        Ok(())
    }

    /// Where the session stands.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.life {
            Life::Waiting { until, cause, .. } => {
                State::Waiting { until: *until, attempt: self.pacer.attempt(), cause: cause.clone() }
            }
            Life::Linking { link, phase } => {
                State::Connecting { link: *link, attempt: self.pacer.attempt(), phase: *phase }
            }
            Life::Opening { link, step, .. } => State::Opening { link: *link, step: *step },
            Life::Ready { link } => State::Ready { link: *link },
            Life::Closing { .. } => State::Closing,
            Life::Closed(cause) => State::Closed(cause.clone()),
        }
    }

    /// Counts the changes of state.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Counts the logins that have ended, well or not.
    #[must_use]
    pub const fn logins(&self) -> u64 {
        self.last_login.0
    }

    /// The state with its version, once the version differs from the one `seen`.
    /// Whoever waits is remembered until the next change, also after having given up.
    pub fn poll_state(&mut self, seen: Option<u64>, cx: &Context<'_>) -> Poll<(u64, State)> {
        if seen == Some(self.version) {
            remember_also(&mut self.watchers, cx);
            return Poll::Pending;
        }
        Poll::Ready((self.version, self.state()))
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What a shutdown has left behind so far; complete once the session is closed.
    #[must_use]
    pub const fn shutdown_report(&self) -> ShutdownReport {
        self.report
    }

    /// How many requests have not ended.
    #[must_use]
    pub const fn live_requests(&self) -> usize {
        self.requests.live()
    }

    /// What the connection handler says about itself.
    pub fn handler_status(&mut self) -> Option<String> {
        guarded(|| self.handlers.connection().status()).ok().flatten()
    }

    /// A reply could not be decoded by whoever took it: it is counted.
    pub fn handle_undecodable_reply(&mut self) {
        self.events.counters.undecodable += 1;
        self.events.nudge(&mut self.wakes);
    }

    /// Takes out the handlers that only watch; the shell feeds them outside the lock. `None` the
    /// second time.
    pub fn take_observers(&mut self) -> Option<Observers<H::Logging, H::Metrics>> {
        self.handlers.take_observers()
    }

    /// Moves all events into `records`, oldest first. Ready with `false` when no more will come.
    pub fn poll_events(&mut self, now: Instant, records: &mut Vec<Record>, cx: &Context<'_>) -> Poll<bool> {
        if self.events.drain(now, records, cx) {
            Poll::Ready(true)
        } else if matches!(self.life, Life::Closed(_)) {
            Poll::Ready(false)
        } else {
            Poll::Pending
        }
    }

    /// What foreign code answers is noted here.
    pub const fn tape(&mut self) -> &mut Tape {
        &mut self.tape
    }

    /// The wakers that are due. Take them before unlocking, wake them after.
    pub fn take_wakes(&mut self) -> Wakes {
        std::mem::take(&mut self.wakes)
    }

    fn set_life(&mut self, now: Instant, life: Life) {
        self.since = now;
        self.life = life;
        self.version += 1;
        self.watchers.drain(..).for_each(|waker| self.wakes.add(Some(waker)));
    }

    fn emit(&mut self, now: Instant, event: Event) {
        self.events.emit(now, event, &mut self.wakes);
    }

    fn emit_mark(&mut self, now: Instant, lane: nova_telemetry::Lane, mark: Option<Mark>) {
        match mark {
            Some(Mark::High) => self.emit(now, Event::HighWater { lane }),
            Some(Mark::Low) => self.emit(now, Event::LowWater { lane }),
            None => {}
        }
    }

    /// So many streams have a hole from here on.
    fn gaps_opened(&mut self, now: Instant, cause: &GapCause, count: u64) {
        if count > 0 {
            self.emit(now, Event::GapsOpened { cause: cause.name(), count });
        }
    }

    fn panicked(&mut self, now: Instant, handler: &'static str) {
        self.emit(now, Event::HandlerPanicked { handler });
    }

    /// The place of a link that is still there.
    fn index(&self, link: Generation) -> Option<usize> {
        let index = slot_of(link);
        self.link(index).filter(|known| known.generation == link).map(|_| index)
    }

    fn link(&self, index: usize) -> Option<&Link> {
        self.slots[index].link.as_ref()
    }

    fn link_mut(&mut self, index: usize) -> Option<&mut Link> {
        self.slots[index].link.as_mut()
    }

    /// The link the session lives on, once it is open.
    fn active(&self) -> Option<Generation> {
        match self.life {
            Life::Opening { link, .. } | Life::Ready { link } => Some(link),
            _ => None,
        }
    }

    fn wake_writer(&mut self, index: usize) {
        let writer = self.slots[index].writer.take();
        self.wakes.add(writer);
    }

    fn wake_active_writer(&mut self) {
        if let Some(index) = self.active().and_then(|link| self.index(link)) {
            self.wake_writer(index);
        }
    }

    fn stale(&mut self) {
        self.events.counters.stale += 1;
    }
}

/// The first of two generations in a row goes to one place, the second to the other.
const fn slot_of(link: Generation) -> usize {
    (link.get() % 2) as usize
}

/// A random share of a span.
fn share(chance: &mut fastrand::Rng, span: Duration) -> Duration {
    let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(chance.u64(0..=nanos))
}

/// Sets who is woken when a wait is over.
fn wait(place: &mut Option<Waker>, cx: &Context<'_>) {
    remember(place, cx);
}
