//! What came in: reassembled, answered, routed (laws L2, L13, L16).
//!
//! Everything here runs on every message, under the lock: no clock, no allocation beyond a reply's
//! copy, and foreign code only through the guard.

use std::{borrow::Cow, collections::VecDeque, error::Error as StdError, time::Instant};

use nova_behaviour::{
    Behaviour, Body, ConnectionHandler, ErrorHandler, Fault, FrameAction, Inbound, Kept, MessageHandler,
    Policy, RequestId, SubscriptionHandler, Topic, Verdict,
};
use nova_frame_codec::{CloseCode, CloseFrame, ControlPayload, Frame, Message, ProtocolError};
use nova_telemetry::{Event, Lane as LaneName};
use nova_transport::{Generation, LostReason, TransportError};

use super::{
    Session,
    calls::{after, reply},
    lifecycle::Hearing,
    wait,
};
use crate::{
    deliveries::{Arrived, Deliveries, Follow},
    delivery::{GapCause, Side},
    guard::Panicked,
    link::{Link, Outgoing, Payload},
    request_error::RequestError,
    requests::{Requests, Settlement, Stage},
    state::EndCause,
    tape::{Routed, Said, Tape},
    topics::Topics,
    wakes::Wakes,
};

/// What a message asks of the session, once its bytes are no longer borrowed.
enum Order {
    Nothing,
    /// Queue these ahead of everything else.
    Answer(Vec<Kept>),
    Pong(ControlPayload),
    Ponged(ControlPayload),
    Settle(RequestId, Result<Settlement, RequestError>),
    PeerCloses(Option<CloseFrame>),
    Close(CloseFrame, LostReason),
    Violation(ProtocolError),
    Undecodable(Box<dyn StdError + Send + Sync>),
    Panicked(&'static str),
    /// The message handler panicked, and nobody knows over what.
    Unrouted,
    Stop,
    Stale,
    Arrived(Box<Arrival>),
    /// The server broke a stream off.
    Broken {
        topic: Topic,
        holes: u64,
        resynchronise: bool,
    },
}

/// An item came, and there is more to do about it.
struct Arrival {
    topic: Topic,
    arrived: Arrived,
    /// Whether the adapter panicked over its position.
    panicked: bool,
}

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// Bytes arrived, of whatever kind: the peer lives.
    pub fn handle_heard(&mut self, link: Generation) {
        if let Some(link) = self.index(link).and_then(|index| self.link_mut(index)) {
            link.beat.hear();
        }
    }

    /// A frame arrived.
    pub fn handle_frame(&mut self, now: Instant, link: Generation, frame: Frame<'_>) {
        let Some(index) = self.index(link) else { return self.stale() };
        let counters = &mut self.events.counters;
        counters.frames_received += 1;
        counters.bytes_received += frame.payload.len() as u64;
        let Some(open) = self.slots[index].link.as_mut() else { return };
        open.beat.hear();
        open.heard_at = Some(now);
        if open.closing.as_ref().is_some_and(|closing| closing.received) {
            return;
        }
        // A link the session has turned away from is heard only for the peer's close frame.
        let Link { assembler, fifo, is_retired, .. } = open;
        let message = match assembler.push(frame) {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(violation) => {
                if violation == ProtocolError::InvalidUtf8 {
                    self.tape.note(|| Said::NotUtf8);
                }
                self.obey(now, index, Order::Violation(violation));
                return self.arm();
            }
        };
        let (requests, deliveries, wakes) = (&mut self.requests, &mut self.deliveries, &mut self.wakes);
        let (handlers, topics, tape) = (&mut self.handlers, &self.topics, &mut self.tape);
        let mut router = Router { handlers, fifo, requests, deliveries, topics, wakes, tape };
        let at = Side { link, at: now, sequence: None };
        match message {
            Message::Text(text) => self.sizes.received.add(text.len() as u64),
            Message::Binary(bytes) => self.sizes.received.add(bytes.len() as u64),
            _ => {}
        }
        let (first, order) = match message {
            Message::Close(frame) => (Order::Nothing, Order::PeerCloses(frame)),
            _ if *is_retired => return,
            message => router.receive(at, &message),
        };
        if !matches!(first, Order::Nothing) {
            self.obey(now, index, first);
        }
        if !matches!(order, Order::Nothing) {
            self.obey(now, index, order);
            self.arm();
        }
    }

    /// Whether the reader of this link may read on; no to hold back a stream whose subscriber is
    /// too slow.
    #[must_use]
    pub fn wants_read(&self, link: Generation) -> bool {
        self.deliveries.wants_read() || self.index(link).is_none()
    }

    /// As [`wants_read`](Self::wants_read); if not, the task is woken when it may.
    pub fn poll_read(&mut self, link: Generation, cx: &std::task::Context<'_>) -> std::task::Poll<()> {
        if self.wants_read(link) {
            return std::task::Poll::Ready(());
        }
        if let Some(index) = self.index(link) {
            wait(&mut self.slots[index].reader, cx);
        }
        self.arm();
        std::task::Poll::Pending
    }

    fn obey(&mut self, now: Instant, index: usize, order: Order) {
        match order {
            Order::Nothing => {}
            Order::Stale => self.stale(),
            Order::Broken { topic, holes, resynchronise } => {
                self.gaps_opened(now, &GapCause::ToldByServer, holes);
                if resynchronise {
                    self.topics.resynchronise(topic.as_str());
                    self.wake_writer(index);
                }
            }
            Order::Arrived(arrival) => {
                let Arrival { topic, arrived: Arrived { lost, breaks, broken, is_high }, panicked } =
                    *arrival;
                self.events.counters.items_dropped += lost;
                self.events.counters.breaks += breaks;
                if is_high {
                    self.emit(now, Event::QueueHighWater { topic: topic.to_string() });
                }
                if !broken.is_empty() {
                    broken.iter().for_each(|topic| self.topics.resynchronise(topic.as_str()));
                    self.wake_writer(index);
                }
                if panicked {
                    self.obey(now, index, Order::Panicked("subscriptions"));
                }
            }
            Order::Settle(id, outcome) => self.settle(now, id, outcome),
            Order::Answer(messages) => {
                for body in messages {
                    self.push_control(now, index, Outgoing::control(Payload::Data(body)));
                }
            }
            Order::Pong(payload) => self.push_control(now, index, Outgoing::control(Payload::Pong(payload))),
            Order::Ponged(payload) => self.ponged(now, index, &payload),
            Order::PeerCloses(frame) => self.peer_closes(now, index, frame),
            Order::Close(frame, reason) => self.close_link(now, index, &frame, reason, Hearing::Open),
            Order::Violation(violation) => {
                let frame = CloseFrame::new(violation.close_code(), violation.to_string());
                let reason = LostReason::Broken(TransportError::Protocol(violation));
                self.close_link(now, index, &frame, reason, Hearing::Deaf);
            }
            Order::Stop => self.begin_end(now, EndCause::Stopped, self.settings.close_deadline),
            Order::Unrouted => {
                let link = self.link(index).map(|link| link.generation);
                let holes = link.map_or(0, |link| self.deliveries.message_lost(link));
                self.gaps_opened(now, &GapCause::HandlerPanicked, holes);
                self.obey(now, index, Order::Panicked("messages"));
            }
            Order::Panicked(handler) => {
                self.panicked(now, handler);
                self.judge(now, index, &Fault::Panicked(handler));
            }
            Order::Undecodable(error) => {
                self.events.counters.undecodable += 1;
                self.events.nudge(&mut self.wakes);
                self.judge(now, index, &Fault::Undecodable(&*error));
            }
        }
    }

    /// Queues something ahead of everything else. A peer that demands more answers than it reads
    /// is sent away, except that of its pings only the latest must be answered (RFC 6455 §5.5.3).
    pub(super) fn push_control(&mut self, now: Instant, index: usize, outgoing: Outgoing) {
        let bytes = outgoing.payload.len();
        let Some(link) = self.link_mut(index) else { return };
        if link.control.has_room(bytes) {
            let mark = link.control.push(bytes, outgoing);
            self.emit_mark(now, LaneName::Control, mark);
            return self.wake_writer(index);
        }
        if let Payload::Pong(newest) = outgoing.payload {
            let is_pong = |waiting: &Outgoing| matches!(waiting.payload, Payload::Pong(_));
            if let Some(waiting) = link.control.newest(is_pong) {
                waiting.payload = Payload::Pong(newest);
            }
            return;
        }
        let frame = CloseFrame::new(CloseCode::POLICY_VIOLATION, "more demands than are read");
        let reason = LostReason::NotEstablished("the peer demands answers faster than it reads them".into());
        self.close_link(now, index, &frame, reason, Hearing::Open);
    }

    fn ponged(&mut self, now: Instant, index: usize, payload: &ControlPayload) {
        let Some(link) = self.link_mut(index) else { return };
        let generation = link.generation;
        let place = link.pings.iter().position(|ping| ping.payload == *payload);
        // A pong with another payload is legal (§5.5.3), a sign of life, and no answer.
        let Some(ping) = place.and_then(|place| link.pings.remove(place)) else { return };
        let Some(at) = ping.at else { return };
        let round_trip = now.saturating_duration_since(at);
        link.round_trip = Some(round_trip);
        self.emit(now, Event::Ponged { link: generation, round_trip });
        if let Some(id) = ping.owner {
            self.settle(now, id, Ok(Settlement::Pong(round_trip)));
        }
    }

    fn peer_closes(&mut self, now: Instant, index: usize, frame: Option<CloseFrame>) {
        let close_deadline = self.settings.close_deadline;
        let Some(link) = self.link_mut(index) else { return };
        if let Some(closing) = &mut link.closing {
            // The answer to our close frame, or both closed at once: the handshake is complete.
            closing.received = true;
            closing.drains = false;
            closing.until = closing.until.min(after(now, close_deadline));
            return self.wake_writer(index);
        }
        // §5.5.1: the answer echoes the code. Without one, ours has none either.
        let reason = LostReason::ClosedByPeer(frame.clone());
        let echo = frame.map_or(ControlPayload::EMPTY, |frame| (&CloseFrame::from(frame.code())).into());
        self.close_link(now, index, &CloseFrame::from(CloseCode::NORMAL), reason, Hearing::Deaf);
        if let Some(closing) = self.link_mut(index).and_then(|link| link.closing.as_mut()) {
            closing.frame = echo;
        }
    }

    /// Asks what to do about a fault that leaves the link alive.
    pub(super) fn judge(&mut self, now: Instant, index: usize, fault: &Fault<'_>) {
        let (attempts, wall) = (self.pacer.attempt(), self.wall.at(now));
        let errors = self.handlers.errors();
        let judged = || {
            let class = errors.classify(fault, wall);
            errors.verdict(fault, class, attempts)
        };
        let verdict = self.tape.ask(judged, |verdict| Said::Judged(verdict.into()));
        match verdict {
            Ok(Verdict::Ignore) => {}
            Err(Panicked) => self.panicked(now, "errors"),
            Ok(Verdict::Stop) => self.begin_end(now, EndCause::Stopped, self.settings.close_deadline),
            Ok(verdict) => {
                let frame = CloseFrame::from(CloseCode::NORMAL);
                self.verdict = Some(verdict);
                self.close_link(now, index, &frame, LostReason::ClosedByHandler, Hearing::Open);
                self.verdict = None;
            }
        }
    }
}

/// The parts of a session that a message passes through, borrowed apart from the link whose buffer
/// it lies in.
struct Router<'a, H> {
    handlers: &'a mut H,
    fifo: &'a mut VecDeque<RequestId>,
    requests: &'a mut Requests,
    deliveries: &'a mut Deliveries,
    topics: &'a Topics,
    wakes: &'a mut Wakes,
    tape: &'a mut Tape,
}

impl<H: Behaviour> Router<'_, H> {
    /// What the connection handler wants done first, and what the message itself asks for.
    fn receive(&mut self, at: Side, message: &Message<'_>) -> (Order, Order) {
        let handlers = &mut *self.handlers;
        let (first, hands_on) = match self.tape.ask_hook(|| handlers.connection().frame(message)) {
            Ok(FrameAction::Pass) => (Order::Nothing, true),
            Ok(FrameAction::Consume) => (Order::Nothing, false),
            Ok(FrameAction::Reply(messages)) => (Order::Answer(messages), true),
            Ok(FrameAction::Close(frame)) => (Order::Close(frame, LostReason::ClosedByHandler), false),
            Ok(FrameAction::Stop) => (Order::Stop, false),
            Err(Panicked) => (Order::Panicked("connection"), true),
        };
        let control = |payload| ControlPayload::new(payload).ok();
        let order = match message {
            Message::Ping(payload) => control(payload).map_or(Order::Nothing, Order::Pong),
            Message::Pong(payload) => control(payload).map_or(Order::Nothing, Order::Ponged),
            Message::Text(text) if hands_on => self.route(at, Body::Text(text)),
            Message::Binary(bytes) if hands_on => self.route(at, Body::Binary(bytes)),
            _ => Order::Nothing,
        };
        (first, order)
    }

    /// Asks the message handler what a message is, and hands it to whom it concerns.
    fn route(&mut self, at: Side, body: Body<'_>) -> Order {
        let Self { handlers, fifo, requests, deliveries, topics, wakes, tape } = self;
        if requests.has_matchers() {
            match tape.ask(|| requests.claim(body), |id| Said::Claimed(id.map(RequestId::get))) {
                Ok(Some(id)) => {
                    fifo.retain(|waiting| *waiting != id);
                    return Order::Settle(id, Ok(reply(body)));
                }
                Ok(None) => {}
                Err(Panicked) => return Order::Panicked("matcher"),
            }
        }
        let routed = tape.ask(
            || handlers.messages().route(body),
            |routed| {
                Said::Routed(Routed::told(routed, |name| {
                    deliveries.taken(name).or_else(|| topics.name(name))
                }))
            },
        );
        match routed {
            Ok(Ok(Inbound::Event { topic, position, body })) => {
                let topic: &str = match &topic {
                    Cow::Borrowed(topic) => topic,
                    Cow::Owned(topic) => topic,
                };
                let subscriptions = handlers.subscriptions();
                let mut panicked = false;
                let continuity = |last, next| match tape.ask(
                    || subscriptions.continuity(topic, last, next),
                    |judged| Said::Continuity(judged.into()),
                ) {
                    Ok(judged) => Follow::Judged(judged),
                    Err(Panicked) => {
                        panicked = true;
                        Follow::Unknown
                    }
                };
                let side = Side { sequence: position.map(|position| position.number), ..at };
                let Some(arrived) = deliveries.arrive(side, topic, (position, body), continuity, wakes)
                else {
                    return Order::Stale;
                };
                let is_uneventful = !panicked && arrived.is_uneventful();
                if is_uneventful {
                    return Order::Nothing;
                }
                Order::Arrived(Box::new(Arrival { topic: Topic::from(topic), arrived, panicked }))
            }
            Ok(Ok(Inbound::Broken { topic, resynchronise })) => {
                let holes = deliveries.break_off(&topic, &GapCause::ToldByServer);
                Order::Broken { topic: Topic::from(&*topic), holes, resynchronise }
            }
            Ok(Ok(Inbound::Reply { to, result })) => {
                let Some(id) = to.or_else(|| fifo.pop_front()) else { return Order::Stale };
                // A request with its own matcher has just declined this message: it waits on, even if
                // in a protocol without ids its place in the order is used up.
                let was_declined = requests.has_matcher(id);
                // A peer can neither answer what it was not sent, nor on another link.
                let is_sent = |stage: &Stage| matches!(stage, Stage::Sent(on) if *on == at.link);
                let is_awaited =
                    requests.live_mut(id).is_some_and(|entry| entry.wants_reply && is_sent(&entry.stage));
                if was_declined || !is_awaited {
                    return Order::Stale;
                }
                Order::Settle(id, result.map(reply).map_err(RequestError::Refused))
            }
            Ok(Ok(Inbound::Answer(answer))) => Order::Answer(vec![answer]),
            Ok(Ok(Inbound::Answers(answers))) => Order::Answer(answers),
            Ok(Ok(Inbound::Close(frame))) => Order::Close(frame, LostReason::ClosedByHandler),
            Ok(Ok(Inbound::Ignore)) => Order::Nothing,
            Ok(Err(error)) => Order::Undecodable(Box::new(error)),
            Err(Panicked) => Order::Unrouted,
        }
    }
}
