//! What an application does: ask, wait, subscribe, take.

use std::{task::Poll, time::Duration};

use nova_behaviour::{Behaviour, Dialect, Kept, Policy, RequestId};
use nova_session::{
    Arrival, Ask, Content, Delivery, RequestError, Settlement, SubscriptionEnd, SubscriptionId, Wanted,
};

use super::{Open, Stream, World, checks::Always, flag::Flag, ledger, peer::Peer, trace::What};

type Request<H> = <<H as Behaviour>::Dialect as Dialect>::Request;

impl<H: Behaviour, P: Policy, V: Peer> World<H, P, V> {
    /// Makes a request of the dialect, with every choice at its default.
    ///
    /// # Errors
    ///
    /// As [`Session::request`](nova_session::Session::request).
    pub fn call(&mut self, request: Request<H>) -> Result<RequestId, RequestError> {
        self.ask(None, Content::Request(request), Ask::default())
    }

    /// Makes a request. `mark` is the number by which the checker knows it on the wire, where that is
    /// not its id.
    ///
    /// # Errors
    ///
    /// As [`Session::request`](nova_session::Session::request).
    pub fn ask(
        &mut self,
        mark: Option<u64>,
        content: Content<H::Dialect>,
        ask: Ask,
    ) -> Result<RequestId, RequestError> {
        let may_repeat = ask.replay;
        let now = self.clock.now();
        let asked = self.session.request(now, content, ask);
        self.accepted(asked, mark, may_repeat)
    }

    /// Sends a ping and waits for its pong.
    ///
    /// # Errors
    ///
    /// As [`Session::ping`](nova_session::Session::ping).
    pub fn ping(&mut self, deadline: Option<Duration>) -> Result<RequestId, RequestError> {
        let now = self.clock.now();
        let asked = self.session.ping(now, deadline);
        // A ping is known by its payload, which only the session knows.
        let is_id = std::mem::take(&mut self.ledger.marks.is_id);
        let accepted = self.accepted(asked, None, false);
        self.ledger.marks.is_id = is_id;
        accepted
    }

    fn accepted(
        &mut self,
        asked: Result<RequestId, RequestError>,
        mark: Option<u64>,
        may_repeat: bool,
    ) -> Result<RequestId, RequestError> {
        if let Ok(id) = asked {
            let mark = mark.or_else(|| self.ledger.marks.is_id.then(|| id.get()));
            if let Err(wrong) = self.ledger.asked(id, mark, may_repeat) {
                self.fail(&wrong);
            }
            self.open.push(Open { id, flag: Flag::new() });
            self.trace.add(self.clock.elapsed(), What::Asks(id, true));
        }
        self.pump();
        asked
    }

    /// The caller of a request stops waiting.
    pub fn cancel(&mut self, id: RequestId) {
        let was_open = self.open.iter().any(|open| open.id == id);
        self.open.retain(|open| open.id != id);
        if was_open {
            self.settle(id, Err(RequestError::Cancelled));
            self.settled.remove(&id);
        }
        self.with(|session, now| session.cancel(now, id));
    }

    /// Whether a request has not ended yet.
    #[must_use]
    pub fn is_open(&self, id: RequestId) -> bool {
        self.open.iter().any(|open| open.id == id)
    }

    /// How a request ended, if it has. It is handed out once.
    pub fn outcome(&mut self, id: RequestId) -> Option<Result<Settlement, RequestError>> {
        self.settled.remove(&id)
    }

    /// Runs until a request has ended, and tells how.
    ///
    /// # Panics
    ///
    /// If it does not end within a day.
    #[track_caller]
    pub fn wait(&mut self, id: RequestId) -> Result<Settlement, RequestError> {
        self.run_until("the request has ended", |world| !world.is_open(id));
        self.outcome(id).expect("it ended and was not asked for before")
    }

    /// How often the peer has seen a request.
    #[must_use]
    pub fn sightings(&self, id: RequestId) -> usize {
        self.ledger.sightings(id)
    }

    /// Subscribes.
    ///
    /// # Errors
    ///
    /// As [`Session::subscribe`](nova_session::Session::subscribe).
    pub fn subscribe(&mut self, wanted: Wanted) -> Result<SubscriptionId, RequestError> {
        let id = self.with(|session, _| session.subscribe(wanted));
        if let Ok(id) = &id {
            self.streams.push(Stream { id: *id, next: None, confirmed: None });
        }
        id
    }

    /// Unsubscribes.
    pub fn unsubscribe(&mut self, id: SubscriptionId) -> Option<nova_session::DeliveryCounts> {
        self.streams.retain(|known| known.id != id);
        self.with(|session, now| session.unsubscribe(now, id))
    }

    /// Whether every topic of a subscription is confirmed; its end, if there is one.
    pub fn confirmed(&mut self, id: SubscriptionId) -> Option<Result<(), SubscriptionEnd>> {
        let flag = Flag::lowered();
        let polled = self.session.poll_confirmed(id, &flag.context());
        let is_ready = polled.is_ready();
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
            stream.confirmed = (!is_ready).then_some(flag);
        }
        match polled {
            Poll::Ready(confirmed) => Some(confirmed),
            Poll::Pending => None,
        }
    }

    /// Takes what a subscription yields next, with its body; `None` if nothing waits, or nothing will.
    pub fn take(&mut self, id: SubscriptionId) -> Option<(Delivery<Arrival>, Kept)> {
        let mut body = Kept::default();
        let now = self.clock.now();
        let flag = Flag::lowered();
        let polled = self.session.poll_delivery(|| now, id, &mut body, &flag.context());
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
            stream.next = polled.is_pending().then_some(flag);
        }
        self.pump();
        match polled {
            Poll::Ready(delivery) => delivery.map(|delivery| (delivery, body)),
            Poll::Pending => None,
        }
    }

    /// Takes everything that waits.
    pub fn take_all(&mut self, id: SubscriptionId) -> Vec<(Delivery<Arrival>, Kept)> {
        std::iter::from_fn(|| self.take(id)).collect()
    }

    /// Hands outcomes to those who wait for them.
    pub(super) fn take_outcomes(&mut self) -> bool {
        let mut moved = false;
        let mut index = 0;
        while index < self.open.len() {
            let Open { id, flag } = &self.open[index];
            let id = *id;
            if flag.lower()
                && let Poll::Ready(outcome) = self.session.poll_settled(id, &flag.context())
            {
                self.open.remove(index);
                self.settle(id, outcome);
                moved = true;
                continue;
            }
            index += 1;
        }
        moved
    }

    /// Whether anybody waits for an outcome that is there, and was not woken.
    pub(super) fn oversleeps(&mut self) -> bool {
        let Self { session, open, .. } = self;
        open.iter().any(|Open { id, flag }| session.poll_settled(*id, &flag.context()).is_ready())
    }

    fn settle(&mut self, id: RequestId, outcome: Result<Settlement, RequestError>) {
        self.trace.add(self.clock.elapsed(), What::Ends(id, ledger::name(&outcome)));
        if let Err(wrong) = self.ledger.ended(id, &outcome) {
            self.fail(&wrong);
        }
        let was_new = self.settled.insert(id, outcome).is_none();
        self.always(was_new, "a request ends once");
    }
}
