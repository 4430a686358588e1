//! The one door through which a session is used, and where its inputs are noted.
//!
//! Looking at a session changes nothing and needs no door: [`Recorded`] derefs to it. There is no
//! mutable way around the door, so no input can be forgotten. Polls that say "not yet" and change
//! nothing but who is woken are not noted.

use std::{
    ops::Deref,
    task::{Context, Poll},
    time::{Duration, Instant, SystemTime},
};

use nova_behaviour::{Behaviour, Grant, InvalidSetting, Kept, Observers, Policy, RequestId, Settings, Topic};
use nova_frame_codec::{Frame, OpCode};
use nova_session::{
    Answer, Arrival, Ask, Content, Delivery, DeliveryCounts, Dial, Gap, RequestError, Session, Settlement,
    Sleep, Start, State, SubscriptionEnd, SubscriptionId, Transmit, Wakes, Wanted,
    tape::{Size, nanos},
};
use nova_telemetry::Record;
use nova_transport::{ConnectError, Generation, Handshake, Phase, TransportError};

use crate::{
    line::{Asked, Input, Kind, Line, Shape, Told},
    recording::Recording,
    ring::{Keep, Ring, Snapshot},
    words,
};

/// A session whose inputs are noted, if that was asked for. Every method does what the session's
/// method of the same name does.
pub struct Recorded<H: Behaviour, P: Policy> {
    session: Session<H, P>,
    ring: Option<Box<Ring>>,
}

impl<H: Behaviour, P: Policy> Deref for Recorded<H, P> {
    type Target = Session<H, P>;

    fn deref(&self) -> &Session<H, P> {
        &self.session
    }
}

impl<H: Behaviour, P: Policy> From<Session<H, P>> for Recorded<H, P> {
    /// Not recorded.
    fn from(session: Session<H, P>) -> Self {
        Self { session, ring: None }
    }
}

#[allow(missing_docs, reason = "each does what the session's method of its name does")]
#[allow(clippy::missing_errors_doc, reason = "see the session")]
impl<H: Behaviour, P: Policy> Recorded<H, P> {
    /// A session that is recorded from its beginning.
    pub fn recording_from_start(
        handlers: H,
        reconnect: P::Strategy,
        limiter: P::Limiter,
        settings: Settings,
        start: Start,
        keep: Keep,
    ) -> Self {
        let mut ring = Box::new(Ring::new(start, &settings, keep));
        let mut session = Session::taped(handlers, reconnect, limiter, settings, start);
        // What the beginning asked of handlers belongs to it.
        let mut said: Vec<_> = session.tape().take().collect();
        ring.begin(&mut session, Some(start.now), Input::Begin);
        said.drain(..).for_each(|said| ring.say(said));
        Self { session, ring: Some(ring) }
    }

    /// A copy of the ring; `None` if nothing is recorded. Whoever holds a lock puts the lines together
    /// outside of it.
    pub fn snapshot(&mut self) -> Option<Snapshot> {
        let Self { session, ring } = self;
        let ring = ring.as_mut()?;
        ring.complete(session);
        Some(Snapshot(ring.clone()))
    }

    /// What the ring holds; `None` if nothing is recorded.
    pub fn recording(&mut self) -> Option<Recording> {
        self.snapshot().map(Snapshot::into_recording)
    }

    pub(crate) fn take_lines(&mut self) -> Vec<Line> {
        let Self { session, ring } = self;
        let Some(ring) = ring else { return Vec::new() };
        ring.complete(session);
        ring.take_lines()
    }

    /// Notes an input.
    #[inline(always)]
    fn note(&mut self, now: Option<Instant>, input: impl FnOnce(&mut Ring) -> Input) {
        if self.ring.is_some() {
            self.begin(now, input);
        }
    }

    /// Notes what the session said to the input before.
    #[inline(always)]
    fn tell(&mut self, told: impl FnOnce(&Ring) -> Told) {
        if self.ring.is_some() {
            self.add(told);
        }
    }

    /// Notes an input of which it turned out only afterwards that it is one.
    #[inline(always)]
    fn noted(&mut self, now: Option<Instant>, both: impl FnOnce(&Ring) -> (Input, Told)) {
        if self.ring.is_some() {
            self.begin_and_add(now, both);
        }
    }

    // These stay out of the way of those who record nothing.

    #[cold]
    #[inline(never)]
    fn begin(&mut self, now: Option<Instant>, input: impl FnOnce(&mut Ring) -> Input) {
        let Self { session, ring } = self;
        if let Some(ring) = ring {
            let input = input(ring);
            ring.begin(session, now, input);
        }
    }

    #[cold]
    #[inline(never)]
    fn add(&mut self, told: impl FnOnce(&Ring) -> Told) {
        if let Some(ring) = &mut self.ring {
            let told = told(ring);
            ring.tell(told);
        }
    }

    #[cold]
    #[inline(never)]
    fn begin_and_add(&mut self, now: Option<Instant>, both: impl FnOnce(&Ring) -> (Input, Told)) {
        let Self { session, ring } = self;
        if let Some(ring) = ring {
            let (input, told) = both(ring);
            ring.begin(session, now, input);
            ring.tell(told);
        }
    }

    pub fn poll_dial(&mut self, place: usize, cx: &Context<'_>) -> Poll<Option<Dial>> {
        let polled = self.session.poll_dial(place, cx);
        if let Poll::Ready(dial) = &polled {
            self.noted(None, |_| (Input::Dial { place }, dial.as_ref().map_or(Told::NoMoreDials, dialled)));
        }
        polled
    }

    pub fn poll_over(&mut self, link: Generation, cx: &Context<'_>) -> Poll<()> {
        let polled = self.session.poll_over(link, cx);
        if polled.is_ready() {
            self.noted(None, |_| (Input::Over { link: link.get() }, Told::Over));
        }
        polled
    }

    pub fn handle_phase(&mut self, now: Instant, link: Generation, phase: Phase) {
        self.note(Some(now), |_| Input::Phase { link: link.get(), name: phase.name().to_owned() });
        self.session.handle_phase(now, link, phase);
    }

    pub fn handle_connect_failed(&mut self, now: Instant, link: Generation, error: ConnectError) {
        self.note(Some(now), |_| Input::ConnectFailed { link: link.get(), error: (&error).into() });
        self.session.handle_connect_failed(now, link, error);
    }

    pub fn handle_connected(&mut self, now: Instant, wall: SystemTime, link: Generation, hello: &Handshake) {
        self.note(Some(now), |_| Input::Connected { link: link.get() });
        self.session.handle_connected(now, wall, link, hello);
    }

    pub fn handle_heard(&mut self, link: Generation) {
        self.note(None, |_| Input::Heard { link: link.get() });
        self.session.handle_heard(link);
    }

    #[inline]
    pub fn handle_frame(&mut self, now: Instant, link: Generation, frame: Frame<'_>) {
        self.note(Some(now), |ring| Input::Frame { link: link.get(), frame: shape(frame, ring) });
        self.session.handle_frame(now, link, frame);
    }

    pub fn handle_lost(&mut self, now: Instant, link: Generation, error: TransportError) {
        self.note(Some(now), |_| Input::Lost { link: link.get(), error: (&error).into() });
        self.session.handle_lost(now, link, error);
    }

    pub fn handle_flushed(&mut self, now: Instant, link: Generation) {
        self.note(Some(now), |_| Input::Flushed { link: link.get() });
        self.session.handle_flushed(now, link);
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        self.note(Some(now), |_| Input::Timeout);
        self.session.handle_timeout(now);
    }

    pub fn handle_undecodable_reply(&mut self) {
        self.note(None, |_| Input::UndecodableReply);
        self.session.handle_undecodable_reply();
    }

    pub fn handle_undecodable(&mut self, id: SubscriptionId, topic: &Topic) -> Option<Gap> {
        self.note(None, |_| Input::UndecodableItem { id: id.get(), topic: topic.clone() });
        let gap = self.session.handle_undecodable(id, topic);
        if let Some(gap) = &gap {
            self.tell(|ring| Told::Gap(Box::new(words::hole(gap, ring.start))));
        }
        gap
    }

    pub fn poll_transmit(&mut self, now: Instant, link: Generation, cx: &Context<'_>) -> Poll<Transmit<'_>> {
        if self.ring.is_none() {
            return self.session.poll_transmit(now, link, cx);
        }
        self.note(Some(now), |_| Input::Transmit { link: link.get() });
        let Self { session, ring } = self;
        let polled = session.poll_transmit(now, link, cx);
        if let Some(ring) = ring {
            let told = match &polled {
                Poll::Pending => Told::Nothing,
                Poll::Ready(Transmit::Finish) => Told::Finish,
                Poll::Ready(Transmit::Frame(frame)) => {
                    if frame.opcode() == OpCode::Ping {
                        ring.pinged(frame.payload());
                    }
                    Told::Send { op: frame.opcode().into(), len: frame.payload().len() }
                }
            };
            ring.tell(told);
        }
        polled
    }

    pub fn poll_timekeeper(&mut self, cx: &Context<'_>) -> Sleep {
        let sleep = self.session.poll_timekeeper(cx);
        self.noted(None, |ring| {
            let told = match sleep {
                Sleep::Until(at) => Told::Sleep(Some(nanos(ring.start, at))),
                Sleep::UntilWoken => Told::Sleep(None),
                Sleep::Ended => Told::End,
            };
            (Input::Sleep, told)
        });
        sleep
    }

    pub fn poll_events(&mut self, now: Instant, records: &mut Vec<Record>, cx: &Context<'_>) -> Poll<bool> {
        let known = records.len();
        let polled = self.session.poll_events(now, records, cx);
        if polled.is_ready() {
            self.note(Some(now), |_| Input::Events);
            for Record { at, event } in &records[known..] {
                self.tell(|ring| Told::Event { at: nanos(ring.start, *at), what: words::event(event) });
            }
        }
        if polled == Poll::Ready(false) {
            self.tell(|_| Told::End);
        }
        polled
    }

    pub fn request(
        &mut self,
        now: Instant,
        content: Content<H::Dialect>,
        ask: Ask,
    ) -> Result<RequestId, RequestError> {
        self.note(Some(now), |_| {
            Input::Request(Asked {
                raw: match &content {
                    Content::Request(_) => None,
                    Content::Raw(body) => Some(Size::from(body)),
                },
                deadline: ask.deadline,
                wait: ask.wait,
                priority: ask.priority,
                replay: ask.replay,
                ends: match &ask.answer {
                    Answer::Correlated => Kind::Correlated,
                    Answer::Matching(_) => Kind::Matching,
                    Answer::None => Kind::Nothing,
                },
            })
        });
        let asked = self.session.request(now, content, ask);
        self.accepted(&asked.as_ref().map(|id| id.get()));
        asked
    }

    pub fn ping(&mut self, now: Instant, deadline: Option<Duration>) -> Result<RequestId, RequestError> {
        self.note(Some(now), |_| Input::Ping { deadline });
        let asked = self.session.ping(now, deadline);
        self.accepted(&asked.as_ref().map(|id| id.get()));
        asked
    }

    fn accepted(&mut self, asked: &Result<u64, &RequestError>) {
        self.tell(|_| match asked {
            Ok(number) => Told::Accepted(*number),
            Err(error) => Told::Failed(words::request_error(error)),
        });
    }

    pub fn poll_settled(
        &mut self,
        id: RequestId,
        cx: &Context<'_>,
    ) -> Poll<Result<Settlement, RequestError>> {
        let polled = self.session.poll_settled(id, cx);
        if let Poll::Ready(outcome) = &polled {
            self.noted(None, |_| {
                let told = match outcome {
                    Ok(settlement) => Told::Done(words::settlement(settlement)),
                    Err(error) => Told::Failed(words::request_error(error)),
                };
                (Input::Settled { id: id.get() }, told)
            });
        }
        polled
    }

    pub fn cancel(&mut self, now: Instant, id: RequestId) {
        self.note(Some(now), |_| Input::Cancel { id: id.get() });
        self.session.cancel(now, id);
    }

    pub fn subscribe(&mut self, wanted: Wanted) -> Result<SubscriptionId, RequestError> {
        self.note(None, |_| Input::Subscribe(Box::new((&wanted).into())));
        let asked = self.session.subscribe(wanted);
        self.accepted(&asked.as_ref().map(|id| id.get()));
        asked
    }

    pub fn unsubscribe(&mut self, now: Instant, id: SubscriptionId) -> Option<DeliveryCounts> {
        self.note(Some(now), |_| Input::Unsubscribe { id: id.get() });
        let counts = self.session.unsubscribe(now, id);
        if let Some(c) = counts {
            let told = [c.received, c.delivered, c.conflated, c.dropped, c.undecodable, c.queued];
            self.tell(|_| Told::Counts(told));
        }
        counts
    }

    pub fn poll_delivery(
        &mut self,
        now: impl FnOnce() -> Instant,
        id: SubscriptionId,
        body: &mut Kept,
        cx: &Context<'_>,
    ) -> Poll<Option<Delivery<Arrival>>> {
        if self.ring.is_none() {
            return self.session.poll_delivery(now, id, body, cx);
        }
        let mut clock = None;
        let polled = self.session.poll_delivery(|| *clock.insert(now()), id, body, cx);
        if let Poll::Ready(delivery) = &polled {
            self.noted(clock, |ring| {
                let told = match delivery {
                    None => Told::End,
                    Some(Delivery::Gap(gap)) => Told::Gap(Box::new(words::hole(gap, ring.start))),
                    Some(Delivery::Item(arrival)) => Told::Item {
                        topic: arrival.topic.clone(),
                        sequence: arrival.sequence,
                        link: arrival.link.get(),
                        at: nanos(ring.start, arrival.at),
                        size: Size::from(&*body),
                    },
                };
                (Input::Take { id: id.get(), clock: clock.map(|at| nanos(ring.start, at)) }, told)
            });
        }
        polled
    }

    pub fn restore(&mut self, topics: &[Topic]) {
        self.note(None, |_| Input::Restore(topics.to_vec()));
        self.session.restore(topics);
    }

    pub fn forget_restored(&mut self) {
        self.note(None, |_| Input::ForgetRestored);
        self.session.forget_restored();
    }

    pub fn authenticate(&mut self, now: Instant) -> Result<u64, RequestError> {
        self.note(Some(now), |_| Input::Authenticate);
        let ticket = self.session.authenticate(now);
        self.accepted(&ticket.as_ref().copied());
        ticket
    }

    pub fn reconnect(&mut self, now: Instant) {
        self.note(Some(now), |_| Input::Reconnect);
        self.session.reconnect(now);
    }

    pub fn reconfigure(&mut self, now: Instant, settings: Settings) -> Result<(), InvalidSetting> {
        self.note(Some(now), |_| Input::Reconfigure(Box::new((&settings).into())));
        let changed = self.session.reconfigure(now, settings);
        if let Err(invalid) = &changed {
            self.tell(|_| Told::Failed(invalid.to_string()));
        }
        changed
    }

    pub fn shutdown(&mut self, now: Instant, within: Duration) {
        self.note(Some(now), |_| Input::Shutdown { within });
        self.session.shutdown(now, within);
    }

    pub fn abandon(&mut self, now: Instant) {
        self.note(Some(now), |_| Input::Abandon);
        self.session.abandon(now);
    }

    // What follows changes nothing but who is woken, or what the session does not depend on.

    pub fn poll_read(&mut self, link: Generation, cx: &Context<'_>) -> Poll<()> {
        self.session.poll_read(link, cx)
    }

    pub fn poll_state(&mut self, seen: Option<u64>, cx: &Context<'_>) -> Poll<(u64, State)> {
        self.session.poll_state(seen, cx)
    }

    pub fn poll_confirmed(
        &mut self,
        id: SubscriptionId,
        cx: &Context<'_>,
    ) -> Poll<Result<(), SubscriptionEnd>> {
        self.session.poll_confirmed(id, cx)
    }

    pub fn poll_login(&mut self, ticket: u64, cx: &Context<'_>) -> Poll<Result<Grant, RequestError>> {
        self.session.poll_login(ticket, cx)
    }

    pub fn handler_status(&mut self) -> Option<String> {
        self.session.handler_status()
    }

    pub fn take_observers(&mut self) -> Option<Observers<H::Logging, H::Metrics>> {
        self.session.take_observers()
    }

    pub fn take_wakes(&mut self) -> Wakes {
        self.session.take_wakes()
    }
}

const fn dialled(dial: &Dial) -> Told {
    Told::Dial { link: dial.link.get(), attempt: dial.attempt, elsewhere: dial.endpoint.is_some() }
}

fn shape(frame: Frame<'_>, ring: &mut Ring) -> Shape {
    let Frame { fin, opcode, payload } = frame;
    let code = match (opcode, payload) {
        (OpCode::Close, [high, low, ..]) => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    };
    let nonce = if opcode == OpCode::Pong { ring.ponged(payload) } else { None };
    Shape { op: opcode.into(), fin, len: payload.len(), code, nonce }
}
