//! One line of a recording: an input, what foreign code answered meanwhile, and what the session said.

use std::time::Duration;

use nova_behaviour::{Bound, Topic};
use nova_frame_codec::OpCode;
use nova_session::{
    Overflow, Wanted,
    tape::{Said, Size},
};
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Break, Failure},
    settings::SettingsShape,
};

/// An input and all that came of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Line {
    /// When, in nanoseconds since the start.
    pub at: u64,
    /// What the session was told, or asked.
    #[serde(rename = "in")]
    pub input: Input,
    /// What handlers, strategy and limiter answered meanwhile, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Said>,
    /// What the session said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
}

/// What a session is told or asked, without payloads. Links, requests and subscriptions stand as
/// their numbers, instants as nanoseconds since the start.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Input {
    /// It begins.
    Begin,
    /// An order to dial was asked for, and there was one.
    Dial {
        /// For which of the two places.
        place: usize,
    },
    /// A phase of opening began.
    Phase {
        /// Of which link.
        link: u64,
        /// The phase.
        name: String,
    },
    /// A link could not be opened.
    ConnectFailed {
        /// Which.
        link: u64,
        /// Why.
        error: Failure,
    },
    /// A link is open.
    Connected {
        /// Which.
        link: u64,
    },
    /// Bytes arrived.
    Heard {
        /// On which link.
        link: u64,
    },
    /// A frame arrived.
    Frame {
        /// On which link.
        link: u64,
        /// Its shape.
        frame: Shape,
    },
    /// A link's stream ended or failed.
    Lost {
        /// Which.
        link: u64,
        /// Why.
        error: Break,
    },
    /// A frame to send was asked for.
    Transmit {
        /// For which link.
        link: u64,
    },
    /// What was handed out has reached the socket.
    Flushed {
        /// Of which link.
        link: u64,
    },
    /// A link turned out to be over.
    Over {
        /// Which.
        link: u64,
    },
    /// The clock asked how long to sleep.
    Sleep,
    /// Something is due.
    Timeout,
    /// The events were taken.
    Events,
    /// A request was made.
    Request(Asked),
    /// A ping was asked for.
    Ping {
        /// How long it may take.
        deadline: Option<Duration>,
    },
    /// The outcome of a request was taken.
    Settled {
        /// Which request.
        id: u64,
    },
    /// A caller stopped waiting.
    Cancel {
        /// For which request.
        id: u64,
    },
    /// A reply could not be decoded.
    UndecodableReply,
    /// Topics are wanted.
    Subscribe(Box<Wish>),
    /// A subscription ended.
    Unsubscribe {
        /// Which.
        id: u64,
    },
    /// An item, a gap or the end of a subscription was taken.
    Take {
        /// Of which.
        id: u64,
        /// What the clock said, if the session asked.
        clock: Option<u64>,
    },
    /// An item could not be decoded.
    UndecodableItem {
        /// Of which subscription.
        id: u64,
        /// Of which stream.
        topic: Topic,
    },
    /// Topics of an earlier session are wanted.
    Restore(Vec<Topic>),
    /// Those that nobody took over are given up.
    ForgetRestored,
    /// A login was asked for.
    Authenticate,
    /// A fresh link was asked for.
    Reconnect,
    /// Other settings.
    Reconfigure(Box<SettingsShape>),
    /// The end, within a time.
    Shutdown {
        /// The time.
        within: Duration,
    },
    /// The driver is gone.
    Abandon,
}

/// The shape of a frame.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Shape {
    /// What it carries.
    pub op: Opcode,
    /// Whether it ends its message.
    pub fin: bool,
    /// How long its payload is, in bytes.
    pub len: usize,
    /// The code of a close frame, legal or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Of a pong: the random number of the ping of ours that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<u64>,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Opcode {
    /// The next part of a message.
    Continuation,
    /// Text.
    Text,
    /// Bytes.
    Binary,
    /// The closing handshake.
    Close,
    /// A probe.
    Ping,
    /// Its answer.
    Pong,
}

/// A request, without its content.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Asked {
    /// How long a message is that the application wrote itself; `None` for a request of the dialect.
    pub raw: Option<Size>,
    /// How long it may take in all.
    pub deadline: Option<Duration>,
    /// How long it may wait for a link.
    pub wait: Option<Duration>,
    /// Its priority.
    pub priority: u8,
    /// Whether it is sent again after a lost link.
    pub replay: bool,
    /// What ends it.
    pub ends: Kind,
}

/// What ends a request.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Its reply, as the adapter recognises it.
    Correlated,
    /// What its own matcher claims.
    Matching,
    /// That it was sent.
    Nothing,
}

/// What an application wants to receive.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Wish {
    /// The streams.
    pub topics: Vec<Topic>,
    /// The overflow rule; of the first kind, with its pause.
    pub overflow: String,
    /// The longest pause, where the rule has one.
    pub max_pause: Option<Duration>,
    /// The bound, by count and bytes.
    pub bound: Option<(usize, usize)>,
    /// Whether ready waits for them.
    pub required: bool,
    /// Their priority.
    pub priority: u8,
    /// How long they may be silent.
    pub fresh_within: Option<Duration>,
}

/// What a session said.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Told {
    /// Dial.
    Dial {
        /// The link.
        link: u64,
        /// The attempt.
        attempt: u32,
        /// Whether a handler chose where to.
        elsewhere: bool,
    },
    /// Never dial again.
    NoMoreDials,
    /// The link is over.
    Over,
    /// Send this.
    Send {
        /// What it carries.
        op: Opcode,
        /// How long, in bytes.
        len: usize,
    },
    /// End the sending direction.
    Finish,
    /// There is nothing to send now.
    Nothing,
    /// It was accepted under this number.
    Accepted(u64),
    /// It was refused, or the request ended so.
    Failed(String),
    /// The request ended well.
    Done(String),
    /// An item.
    Item {
        /// Its stream.
        topic: Topic,
        /// Its position.
        sequence: Option<u64>,
        /// The link it came on.
        link: u64,
        /// When it came.
        at: u64,
        /// How long it is.
        size: Size,
    },
    /// A gap.
    Gap(Box<Hole>),
    /// There will be nothing more.
    End,
    /// What became of a subscription's items: received, delivered, conflated, dropped, undecodable,
    /// queued.
    Counts([u64; 6]),
    /// An event.
    Event {
        /// When it happened.
        at: u64,
        /// The event.
        what: String,
    },
    /// How long the clock sleeps; `None` until it is woken.
    Sleep(Option<u64>),
    /// Where the session stands now.
    State {
        /// How often it has changed.
        version: u64,
        /// Where it stands.
        state: String,
    },
}

/// A gap.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Hole {
    /// The stream.
    pub topic: Topic,
    /// Why.
    pub cause: String,
    /// Link, time and position of the item before.
    pub before: Option<(u64, u64, Option<u64>)>,
    /// The same of the item after.
    pub after: Option<(u64, u64, Option<u64>)>,
    /// How many are missing.
    pub missing: Option<u64>,
}

impl From<OpCode> for Opcode {
    fn from(code: OpCode) -> Self {
        match code {
            OpCode::Continuation => Self::Continuation,
            OpCode::Text => Self::Text,
            OpCode::Binary => Self::Binary,
            OpCode::Close => Self::Close,
            OpCode::Ping => Self::Ping,
            OpCode::Pong => Self::Pong,
        }
    }
}

impl From<Opcode> for OpCode {
    fn from(code: Opcode) -> Self {
        match code {
            Opcode::Continuation => Self::Continuation,
            Opcode::Text => Self::Text,
            Opcode::Binary => Self::Binary,
            Opcode::Close => Self::Close,
            Opcode::Ping => Self::Ping,
            Opcode::Pong => Self::Pong,
        }
    }
}

impl From<&Wanted> for Wish {
    fn from(wanted: &Wanted) -> Self {
        let (overflow, max_pause) = match wanted.overflow {
            Overflow::Block { max_pause } => ("block", Some(max_pause)),
            Overflow::DropOldest => ("drop_oldest", None),
            Overflow::DropNewest => ("drop_newest", None),
            Overflow::Conflate => ("conflate", None),
            _ => ("close", None),
        };
        Self {
            topics: wanted.topics.clone(),
            overflow: overflow.to_owned(),
            max_pause,
            bound: wanted.bound.map(|bound| (bound.count, bound.bytes)),
            required: wanted.required,
            priority: wanted.priority,
            fresh_within: wanted.fresh_within,
        }
    }
}

impl From<&Wish> for Wanted {
    fn from(wish: &Wish) -> Self {
        let mut wanted = Self::new(wish.topics.clone());
        wanted.overflow = match (wish.overflow.as_str(), wish.max_pause) {
            ("block", Some(max_pause)) => Overflow::Block { max_pause },
            ("drop_oldest", _) => Overflow::DropOldest,
            ("drop_newest", _) => Overflow::DropNewest,
            ("conflate", _) => Overflow::Conflate,
            _ => Overflow::Close,
        };
        wanted.bound = wish.bound.map(|(count, bytes)| Bound { count, bytes });
        (wanted.required, wanted.priority) = (wish.required, wish.priority);
        wanted.fresh_within = wish.fresh_within;
        wanted
    }
}
