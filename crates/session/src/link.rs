//! One link of a session: what dies with it.

use std::{
    collections::VecDeque,
    task::Waker,
    time::{Duration, Instant},
};

use nova_behaviour::{Kept, RequestId, Settings};
use nova_frame_codec::{Assembler, ControlPayload, OutFrame};
use nova_ratelimit::Charge;
use nova_transport::Generation;

use crate::{beat::Beat, lane::Lane};

/// One of the two places for links; the parity of the generation chooses it.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) link: Option<Link>,
    /// The lane that waits for a dial order.
    pub(crate) dialler: Option<Waker>,
    /// The writer, which waits for something to send.
    pub(crate) writer: Option<Waker>,
    /// The reader, which waits for leave to read.
    pub(crate) reader: Option<Waker>,
    /// The lane, which waits for its link to be over.
    pub(crate) lane: Option<Waker>,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) generation: Generation,
    pub(crate) began: Instant,
    pub(crate) stage: Stage,
    pub(crate) assembler: Assembler,
    pub(crate) control: Lane<Outgoing>,
    pub(crate) session: Lane<Outgoing>,
    /// Requests whose replies come in order; those without a waiting caller remain as tombstones.
    pub(crate) fifo: VecDeque<RequestId>,
    pub(crate) pings: VecDeque<SentPing>,
    pub(crate) beat: Beat,
    /// When the last frame came.
    pub(crate) heard_at: Option<Instant>,
    /// From the last ping to its pong.
    pub(crate) round_trip: Option<Duration>,
    /// What was handed to the writer last; its frame borrows from here.
    pub(crate) sending: Payload,
    /// Requests without a reply that were handed to the sink and not yet to the socket.
    pub(crate) unflushed: Vec<RequestId>,
    pub(crate) login: Login,
    /// How many settings have been asked for and not yet answered.
    pub(crate) settings_asked: usize,
    pub(crate) closing: Option<Closing>,
    /// Whether the session has turned away from it; it may linger for its closing handshake.
    pub(crate) is_retired: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// Ordered; no lane has begun yet.
    Ordered,
    Dialling,
    Open {
        since: Instant,
    },
}

/// How a link stands with the login.
#[derive(Debug, Default)]
pub(crate) struct Login {
    pub(crate) is_made: bool,
    /// Whether an answer is awaited.
    pub(crate) is_asked: bool,
    /// Whether the grant was found to hold no longer: the server may have dropped what needs it.
    pub(crate) has_lapsed: bool,
    /// When the last grant came.
    pub(crate) at: Option<Instant>,
    pub(crate) expires_at: Option<Instant>,
    pub(crate) renew_at: Option<Instant>,
}

/// A closing handshake under way (RFC 6455 §7.1.2).
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) frame: ControlPayload,
    /// Whether what waits in the user lane goes first.
    pub(crate) drains: bool,
    pub(crate) sent: bool,
    pub(crate) flushed: bool,
    /// Whether nothing more is expected: the peer's close frame came, or the stream is unreadable.
    pub(crate) received: bool,
    pub(crate) finished: bool,
    /// When the socket is dropped at the latest.
    pub(crate) until: Instant,
}

/// A ping on its way.
#[derive(Debug)]
pub(crate) struct SentPing {
    pub(crate) payload: ControlPayload,
    pub(crate) owner: Option<RequestId>,
    pub(crate) at: Option<Instant>,
}

/// Something that waits for the socket.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) payload: Payload,
    pub(crate) owner: Option<RequestId>,
    pub(crate) charge: Charge,
    /// In the user lane, higher goes first.
    pub(crate) priority: u8,
}

#[derive(Debug)]
pub(crate) enum Payload {
    Data(Kept),
    Ping(ControlPayload),
    Pong(ControlPayload),
    Close(ControlPayload),
}

impl Link {
    pub(crate) fn new(generation: Generation, now: Instant, settings: &Settings) -> Self {
        Self {
            generation,
            began: now,
            stage: Stage::Ordered,
            assembler: Assembler::new(settings.message_bytes),
            control: Lane::new(settings.lanes.control),
            session: Lane::new(settings.lanes.session),
            fifo: VecDeque::new(),
            pings: VecDeque::new(),
            beat: Beat::new(nova_behaviour::KeepAlive::OFF, now),
            heard_at: None,
            round_trip: None,
            sending: Payload::Data(Kept::default()),
            unflushed: Vec::new(),
            login: Login::default(),
            settings_asked: 0,
            closing: None,
            is_retired: false,
        }
    }

    /// How long it has been open; `None` if it never was.
    pub(crate) fn lived(&self, now: Instant) -> Option<Duration> {
        match self.stage {
            Stage::Open { since } => Some(now.saturating_duration_since(since)),
            Stage::Ordered | Stage::Dialling => None,
        }
    }

    pub(crate) fn timeout(&self) -> Option<Instant> {
        match &self.closing {
            Some(closing) => Some(closing.until),
            None => self.beat.timeout().into_iter().chain(self.login.renew_at).min(),
        }
    }
}

impl Outgoing {
    pub(crate) const fn control(payload: Payload) -> Self {
        Self { payload, owner: None, charge: Charge::FREE, priority: 0 }
    }
}

impl Payload {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Data(kept) => kept.len(),
            Self::Ping(payload) | Self::Pong(payload) | Self::Close(payload) => payload.as_bytes().len(),
        }
    }

    pub(crate) fn as_frame(&self) -> OutFrame<'_> {
        match self {
            Self::Data(kept) => kept.as_frame(),
            Self::Ping(payload) => OutFrame::ping(payload),
            Self::Pong(payload) => OutFrame::pong(payload),
            Self::Close(payload) => OutFrame::close(payload),
        }
    }
}
