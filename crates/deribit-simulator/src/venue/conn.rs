//! One connection: its state, what it subscribed, what is on the way to it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use fastrand::Rng;

use super::{
    envelope::{MemberOrder, Reply},
    heartbeat::Heartbeat,
    tokens::GrantId,
    topics::TopicKey,
};
use crate::{
    counters::Counters,
    fault::Ending,
    journal::{Frame, FrameKind},
};

/// What is to be done on a connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Output {
    /// Sends a frame.
    Frame(Frame),
    /// Sends a text message in fragments.
    Fragments {
        /// The message.
        frame: Frame,
        /// How many.
        pieces: usize,
        /// Whether a ping comes between any two.
        control_between: bool,
    },
    /// Ends the TCP connection. Nothing follows.
    Cut(Ending),
}

/// What becomes of an attempt to connect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Reception {
    /// Not decided yet: ask again when told.
    Pending,
    /// It is answered with 101.
    Accept,
    /// It is answered with this status.
    Refuse(u16),
    /// It is never answered.
    Ignore,
    /// It is reset.
    Reset,
}

pub(crate) struct Conn {
    pub(crate) ip: String,
    pub(crate) phase: Phase,
    pub(crate) reception: Reception,
    /// When a handshake that is slow is answered.
    pub(crate) accept_at: Option<u64>,
    pub(crate) opened_at: u64,
    /// The grant it authenticated with, even after that expired.
    pub(crate) grant: Option<GrantId>,
    pub(crate) order: MemberOrder,
    pub(crate) rng: Rng,
    /// What it subscribed, with the names it used.
    pub(crate) subscriptions: BTreeMap<TopicKey, Arc<str>>,
    /// First messages still to come.
    pub(crate) awaited: BTreeSet<(u64, TopicKey)>,
    pub(crate) heartbeat: Option<Heartbeat>,
    pub(crate) last_in: u64,
    pub(crate) last_out: u64,
    pub(crate) ping_at: Option<u64>,
    /// Until when everything is swallowed.
    pub(crate) silent_until: Option<u64>,
    /// When it is closed, and how.
    pub(crate) close_at: Option<(u64, u16, &'static str)>,
    /// When a closing handshake is given up.
    pub(crate) cut_at: Option<u64>,
    /// Frames on their way, in order.
    pub(crate) line: VecDeque<(u64, Pending)>,
    pub(crate) line_bytes: usize,
    /// Replies that others may overtake.
    pub(crate) loose: BTreeMap<(u64, u64), Pending>,
    pub(crate) queue: VecDeque<(u64, Output)>,
    pub(crate) queue_bytes: usize,
    /// Nothing may be sent any more.
    pub(crate) is_over: bool,
    /// It ends at once, in this way.
    pub(crate) is_cut: Option<Ending>,
    /// Whether trading was told of its end.
    pub(crate) is_left: bool,
    pub(crate) counters: Counters,
}

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Handshake,
    Unauth,
    Auth,
    Expired,
    Closing,
}

/// What is on its way.
#[derive(Clone)]
pub(crate) enum Pending {
    /// A reply, written when it leaves.
    Reply(Reply),
    /// Any other text.
    Text { payload: Bytes, channel: Option<Arc<str>> },
    /// A control frame.
    Control(Frame),
    /// A close, after which nothing is sent.
    Close(Frame),
}

impl Phase {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Unauth => "unauth",
            Self::Auth => "auth",
            Self::Expired => "expired",
            Self::Closing => "closing",
        }
    }
}

impl Conn {
    pub(crate) fn new(ip: String, now: u64, order: MemberOrder, rng: Rng) -> Self {
        Self {
            ip,
            phase: Phase::Handshake,
            reception: Reception::Pending,
            accept_at: None,
            opened_at: now,
            grant: None,
            order,
            rng,
            subscriptions: BTreeMap::new(),
            awaited: BTreeSet::new(),
            heartbeat: None,
            last_in: now,
            last_out: now,
            ping_at: None,
            silent_until: None,
            close_at: None,
            cut_at: None,
            line: VecDeque::new(),
            line_bytes: 0,
            loose: BTreeMap::new(),
            queue: VecDeque::new(),
            queue_bytes: 0,
            is_over: false,
            is_cut: None,
            is_left: false,
            counters: Counters::default(),
        }
    }

    /// Whether it is a WebSocket.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.reception, Reception::Accept)
    }

    /// Whether it is a WebSocket that may still be spoken to.
    pub(crate) const fn is_talking(&self) -> bool {
        self.is_open() && !matches!(self.phase, Phase::Closing) && !self.is_over
    }

    pub(crate) const fn is_silent(&self) -> bool {
        self.silent_until.is_some()
    }

    pub(crate) fn is_authorised(&self) -> bool {
        self.phase == Phase::Auth
    }

    /// When the rule for idle connections drops it.
    pub(crate) fn idle_at(&self, idle_drop_us: u64) -> Option<u64> {
        let is_idle = self.subscriptions.is_empty() && self.heartbeat.is_none();
        (idle_drop_us > 0 && is_idle && self.is_talking() && !self.is_silent())
            .then(|| self.last_in + idle_drop_us)
    }
}

impl Output {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.payload.len(),
            Self::Fragments { frame, .. } => frame.payload.len(),
            Self::Cut(_) => 0,
        }
    }
}

impl Frame {
    pub(crate) fn text_of(payload: impl Into<Bytes>) -> Self {
        Self { kind: FrameKind::Text, payload: payload.into() }
    }

    pub(crate) fn closing(code: Option<u16>, reason: &str) -> Self {
        let mut payload = Vec::new();
        if let Some(code) = code {
            payload.extend_from_slice(&code.to_be_bytes());
            payload.extend_from_slice(&reason.as_bytes()[..reason.floor_char_boundary(123)]);
        }
        Self { kind: FrameKind::Close, payload: payload.into() }
    }
}
