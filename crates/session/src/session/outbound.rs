//! What goes out next: control before session before user, and user only when ready (L8, L12).

use std::{
    task::{Context, Poll},
    time::Instant,
};

use nova_behaviour::{Behaviour, Correlation, Policy};
use nova_frame_codec::OutFrame;
use nova_ratelimit::{Admission, Limiter};
use nova_telemetry::Lane as LaneName;
use nova_transport::Generation;

use super::{Life, Session, wait};
use crate::{
    guard::Panicked,
    lane::{Lane, Mark},
    link::{Outgoing, Payload, Stage},
    request_error::{NotSent, RequestError},
    requests,
    tape::{Admitted, Said, Tape},
};

/// What the writer of a link does next.
#[derive(Debug)]
pub enum Transmit<'a> {
    /// Feed this frame to the sink.
    Frame(OutFrame<'a>),
    /// The closing handshake is complete: flush, and end the sending direction.
    Finish,
}

/// What was found to send.
#[allow(clippy::large_enum_variant, reason = "it is matched at once; a box would allocate for each frame")]
enum Next {
    Nothing,
    Finish,
    Send(Outgoing),
}

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// The next frame for this link. What is handed out counts as sent.
    pub fn poll_transmit(&mut self, now: Instant, link: Generation, cx: &Context<'_>) -> Poll<Transmit<'_>> {
        // A link that is over is learnt of through `poll_over`.
        let Some(index) = self.index(link) else { return Poll::Pending };
        match self.next_outgoing(now, index) {
            Next::Finish => Poll::Ready(Transmit::Finish),
            Next::Send(outgoing) => {
                self.hand_out(now, index, outgoing);
                match self.link(index) {
                    Some(link) => Poll::Ready(Transmit::Frame(link.sending.as_frame())),
                    None => Poll::Pending,
                }
            }
            Next::Nothing => {
                wait(&mut self.slots[index].writer, cx);
                Poll::Pending
            }
        }
    }

    /// Everything handed out so far has reached the socket.
    pub fn handle_flushed(&mut self, now: Instant, link: Generation) {
        let Some(index) = self.index(link) else { return };
        let Some(link) = self.link_mut(index) else { return };
        if let Some(closing) = link.closing.as_mut().filter(|closing| closing.sent) {
            closing.flushed = true;
        }
        if link.unflushed.is_empty() {
            return;
        }
        for id in std::mem::take(&mut link.unflushed) {
            self.settle(now, id, Ok(requests::Settlement::Handed));
        }
    }

    fn next_outgoing(&mut self, now: Instant, index: usize) -> Next {
        loop {
            let Some(link) = self.slots[index].link.as_mut() else { return Next::Nothing };
            if !matches!(link.stage, Stage::Open { .. }) {
                return Next::Nothing;
            }
            let mut drains = false;
            if let Some(closing) = &mut link.closing {
                if closing.sent {
                    let is_over = closing.flushed && closing.received && !closing.finished;
                    closing.finished |= is_over;
                    return if is_over { Next::Finish } else { Next::Nothing };
                }
                drains = closing.drains;
                if !drains || self.outbox.is_empty() {
                    closing.sent = true;
                    return Next::Send(Outgoing::control(Payload::Close(closing.frame)));
                }
            }
            if let Some(outgoing) = link.control.pop() {
                let mark = link.control.sank();
                self.emit_mark(now, LaneName::Control, mark);
                return Next::Send(outgoing);
            }
            if self.topics.has_work() && link.session.is_empty() && !drains {
                self.ask_for_topics(now, index);
                // What was asked has a deadline, and what could not be is tried again.
                self.arm();
            }
            // Asked here and not before: a topic confirmed just now may have made the session ready.
            let is_ready = matches!(self.life, Life::Ready { .. });
            match self.pick(now, index, is_ready || drains) {
                (name, Picked::Item(outgoing, mark)) => {
                    self.emit_mark(now, name, mark);
                    return Next::Send(outgoing);
                }
                (_, Picked::Nothing) => return Next::Nothing,
                // A shutdown does not wait for credits.
                (_, Picked::Later(_)) if drains => self.refuse_queued(now, &self.why_closed()),
                (_, Picked::Later(at)) => {
                    self.limited_until = Some(at);
                    self.arm();
                    return Next::Nothing;
                }
                (_, Picked::Never(outgoing, reason)) => {
                    if matches!(reason, NotSent::HandlerPanicked) {
                        self.panicked(now, "limiter");
                    }
                    if let Some(id) = outgoing.owner {
                        self.settle(now, id, Err(RequestError::NotSent(reason)));
                    }
                }
            }
        }
    }

    /// The session lane first; what is behind it may go while it waits for credits, since it may
    /// draw on another budget.
    fn pick(&mut self, now: Instant, index: usize, with_user: bool) -> (LaneName, Picked) {
        let Some(link) = self.slots[index].link.as_mut() else { return (LaneName::Session, Picked::Nothing) };
        let held_until = self.held_until.filter(|at| *at > now);
        let first = pick(&mut link.session, (&mut self.limiter, &mut self.tape), held_until, now);
        if !with_user || matches!(first, Picked::Item(..) | Picked::Never(..)) {
            return (LaneName::Session, first);
        }
        match (first, pick(&mut self.outbox, (&mut self.limiter, &mut self.tape), held_until, now)) {
            (Picked::Later(first), Picked::Later(second)) => {
                (LaneName::User, Picked::Later(first.min(second)))
            }
            (Picked::Later(at), Picked::Nothing) => (LaneName::Session, Picked::Later(at)),
            (_, second) => (LaneName::User, second),
        }
    }

    fn hand_out(&mut self, now: Instant, index: usize, outgoing: Outgoing) {
        let Outgoing { payload, owner, .. } = outgoing;
        self.events.counters.frames_sent += 1;
        self.events.counters.bytes_sent += payload.len() as u64;
        if let Payload::Data(body) = &payload {
            self.sizes.sent.add(body.len() as u64);
        }
        let Some(link) = self.slots[index].link.as_mut() else { return };
        if let Payload::Ping(payload) = &payload
            && let Some(ping) = link.pings.iter_mut().find(|ping| ping.payload == *payload)
        {
            ping.at = Some(now);
        }
        if let Some(id) = owner {
            self.requests.restage(id, requests::Stage::Sent(link.generation));
            if let Some(entry) = self.requests.live_mut(id) {
                if entry.correlation == Correlation::Fifo {
                    link.fifo.push_back(id);
                }
                if !entry.wants_reply {
                    link.unflushed.push(id);
                }
            }
        }
        link.sending = payload;
    }
}

/// What a lane has to offer.
#[allow(clippy::large_enum_variant, reason = "it is matched at once; a box would allocate for each frame")]
enum Picked {
    Nothing,
    Item(Outgoing, Option<Mark>),
    /// Its first item waits for credits until then.
    Later(Instant),
    /// Its first item can no longer be paid for, or nobody knows.
    Never(Outgoing, NotSent),
}

fn pick(
    lane: &mut Lane<Outgoing>,
    (limiter, tape): (&mut impl Limiter, &mut Tape),
    held_until: Option<Instant>,
    now: Instant,
) -> Picked {
    let Some(front) = lane.front() else { return Picked::Nothing };
    let admission = if front.charge.is_free() {
        Ok(Ok(Admission::Now))
    } else if let Some(at) = held_until {
        Ok(Ok(Admission::Later(at)))
    } else {
        let start = tape.start();
        tape.ask(|| limiter.admit(now, &front.charge), |answer| Said::Admitted(Admitted::told(answer, start)))
    };
    match admission {
        Ok(Ok(Admission::Later(at))) => Picked::Later(at),
        Ok(Ok(Admission::Now)) => {
            let item = lane.pop();
            let mark = lane.sank();
            item.map_or(Picked::Nothing, |item| Picked::Item(item, mark))
        }
        Ok(Err(error)) => {
            lane.pop().map_or(Picked::Nothing, |item| Picked::Never(item, NotSent::Charge(error)))
        }
        // Whether it was charged is unknown; it is not sent, and its caller is told.
        Err(Panicked) => {
            lane.pop().map_or(Picked::Nothing, |item| Picked::Never(item, NotSent::HandlerPanicked))
        }
    }
}
