//! The run loop: what the shell does with tasks, sockets and a timer, in one thread and no time.

use std::{
    task::Poll,
    time::{Duration, Instant},
};

use nova_behaviour::{Behaviour, Policy};
use nova_session::{Dial, Sleep, State};
use nova_telemetry::Event;

use super::{
    World,
    agenda::Happening,
    checks::Always,
    network::Faults,
    peer::Peer,
    reception::{Incoming, Reception},
    socket::Socket,
    trace::What,
};

impl<H: Behaviour, P: Policy, V: Peer> World<H, P, V> {
    /// Moves on to the next thing that happens, and does all that follows from it. Returns whether
    /// anything was left to happen.
    pub fn step(&mut self) -> bool {
        let Some(at) = self.next_at() else { return false };
        self.clock.advance_to(at);
        self.happen();
        true
    }

    /// Lets all happen that happens within this time.
    pub fn run_for(&mut self, span: Duration) {
        let end = self.elapsed() + span;
        while self.next_at().is_some_and(|at| at <= end) {
            self.step();
        }
        self.clock.advance_to(end);
    }

    /// Runs until this holds, which must be within a day of virtual time.
    ///
    /// # Panics
    ///
    /// If it does not come to hold.
    #[track_caller]
    pub fn run_until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let end = self.elapsed() + DAY;
        while !holds(self) {
            let goes_on = self.next_at().is_some_and(|at| at <= end) && self.step();
            assert!(goes_on, "never came to hold: {what}; now {:?}", self.session.state());
        }
    }

    /// Runs until the session is ready.
    ///
    /// # Panics
    ///
    /// If it does not become so within a day.
    #[track_caller]
    pub fn run_until_ready(&mut self) {
        self.run_until("ready", |world| world.session.state().is_ready());
    }

    /// Runs until the session is closed.
    ///
    /// # Panics
    ///
    /// If it does not become so within a day.
    #[track_caller]
    pub fn run_until_closed(&mut self) {
        self.run_until("closed", |world| world.session.state().is_closed());
    }

    /// The process sleeps for this long: nothing is done meanwhile, neither by the session nor by
    /// whoever carries bytes to it; then all of it is due at once.
    pub fn sleep_process(&mut self, span: Duration) {
        let end = self.elapsed() + span;
        self.clock.advance_to(end);
        self.memory.heard(self.clock.now());
        while self.agenda.next_at().is_some_and(|at| at <= end) {
            self.happen();
        }
        self.pump();
    }

    /// When the next thing happens.
    #[must_use]
    pub fn next_at(&self) -> Option<Duration> {
        let timer = self.sleep.map(|at| self.clock.since_start(at));
        self.agenda.next_at().into_iter().chain(timer).min()
    }

    /// Does what is due on the agenda, one thing, and all that follows from it.
    fn happen(&mut self) {
        if self.agenda.next_at().is_some_and(|at| at <= self.clock.elapsed())
            && let Some((_, link, what)) = self.agenda.pop()
        {
            self.happens(link, what);
        }
        self.pump();
    }

    /// Performs all that the session asks for, until it asks for nothing more.
    pub(super) fn pump(&mut self) {
        let parts: [fn(&mut Self) -> bool; 7] = [
            // First, since time has passed before anything else has happened.
            Self::keep_time,
            Self::drop_links,
            Self::dial,
            Self::read,
            Self::write,
            Self::take_events,
            Self::take_outcomes,
        ];
        for _ in 0..SPINS {
            let mut moved = false;
            for part in parts {
                // As the shell does after every visit to the session.
                self.session.take_wakes().wake();
                moved |= part(self);
            }
            self.session.take_wakes().wake();
            if !moved && !self.timekeeper.is_raised() && !self.events.is_raised() {
                return self.check();
            }
        }
        self.fail("the session never comes to rest");
    }

    /// Ends what the session says is over.
    fn drop_links(&mut self) -> bool {
        let mut moved = false;
        for place in 0..self.lanes.len() {
            let Some(link) = self.lanes[place].link else { continue };
            let Some(index) = self.socket(link) else { continue };
            let Some(client) = &self.sockets[index].client else { continue };
            if self.session.poll_over(link, &client.over.context()).is_pending() {
                client.over.lower();
                continue;
            }
            let was_woken = client.over.lower();
            self.always(was_woken, "whoever waits for the end of a link is woken");
            self.trace.add(self.clock.elapsed(), What::Drops(link));
            self.lanes[place].link = None;
            self.lanes[place].dialler.raise();
            self.abandon(index);
            moved = true;
        }
        moved
    }

    fn dial(&mut self) -> bool {
        let mut moved = false;
        for place in 0..self.lanes.len() {
            let lane = &self.lanes[place];
            if lane.link.is_some() {
                continue;
            }
            let polled = self.session.poll_dial(place, &lane.dialler.context());
            let was_woken = lane.dialler.lower();
            match polled {
                Poll::Pending => {}
                Poll::Ready(Some(dial)) => {
                    self.always(was_woken, "whoever waits for an order to dial is woken");
                    self.begin(place, dial);
                    moved = true;
                }
                Poll::Ready(None) => {
                    let is_closed = self.session.state().is_closed();
                    self.always(is_closed, "only a closed session never dials again");
                }
            }
        }
        moved
    }

    /// A link is dialled: its phases and its end are put on the agenda.
    fn begin(&mut self, place: usize, dial: Dial) {
        let Dial { link, attempt, endpoint, .. } = dial;
        self.memory.dialled(link);
        self.lanes[place].link = Some(link);
        self.trace.add(self.clock.elapsed(), What::Dials(link));
        let faults = match self.planned.pop_front() {
            Some(faults) => faults,
            None if self.is_random => Faults::random(&mut self.chance),
            None => Faults::NONE,
        };
        self.sockets.push(Socket::new(link, faults));
        let mut at = self.clock.elapsed();
        let reception = self.peer.receive(&Incoming { link, attempt, endpoint, at });
        let last = match &reception {
            Reception::Accept => None,
            Reception::Refuse(error) => Some(error.phase()),
            Reception::Hang(phase) => Some(*phase),
        };
        for &phase in self.network.phases.iter().filter(|phase| last.is_none_or(|last| **phase <= last)) {
            self.agenda.add(at, link, Happening::Phase(phase));
            at += 2 * self.network.latency;
        }
        if matches!(reception, Reception::Hang(_)) {
            at += self.network.phase_limit.saturating_sub(2 * self.network.latency);
        }
        self.agenda.add(at, link, Happening::Dialled(reception));
    }

    fn keep_time(&mut self) -> bool {
        let now = self.clock.now();
        let mut moved = false;
        if !self.timekeeper.is_raised() && self.sleep.is_none_or(|at| at > now) {
            return false;
        }
        for _ in 0..SPINS {
            self.timekeeper.lower();
            match self.session.poll_timekeeper(&self.timekeeper.context()) {
                Sleep::Until(at) if at <= now => {
                    self.session.handle_timeout(now);
                    self.session.take_wakes().wake();
                    moved = true;
                }
                Sleep::Until(at) => {
                    self.sleep = Some(at);
                    return moved;
                }
                Sleep::UntilWoken | Sleep::Ended => {
                    self.sleep = None;
                    return moved;
                }
            }
        }
        self.fail("a timer in the past is never done with");
    }

    fn take_events(&mut self) -> bool {
        let mut moved = false;
        while self.events.lower() {
            let now: Instant = self.clock.now();
            let polled = self.session.poll_events(now, &mut self.records, &self.events.context());
            if polled == Poll::Ready(true) {
                self.events.raise();
                moved = true;
            }
            let mut records = std::mem::take(&mut self.records);
            for record in records.drain(..) {
                self.told(&record.event);
                self.trace.add(self.clock.since_start(record.at), What::Event(record.event));
            }
            self.records = records;
        }
        let seen = self.session.poll_state(self.version, &self.watcher.context());
        let was_woken = self.watcher.lower();
        if let Poll::Ready((version, _)) = seen {
            self.always(was_woken, "whoever watches the state is woken");
            self.version = Some(version);
            self.watcher.raise();
            moved = true;
        }
        moved
    }

    fn told(&mut self, event: &Event) {
        if let Err(wrong) = self.memory.told(event) {
            self.fail(&wrong);
        }
    }

    /// Whether the state is that of a session whose user traffic may go out.
    pub(super) fn is_open_to_users(&self) -> bool {
        matches!(self.session.state(), State::Ready { .. } | State::Closing)
    }
}

/// How often the session may change its mind within one instant.
const SPINS: usize = 100_000;

const DAY: Duration = Duration::from_secs(86_400);
