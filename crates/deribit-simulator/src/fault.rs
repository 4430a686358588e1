//! What can go wrong: the faults, each with its parameters.
//!
//! Where, when and for how long one acts is its plan, in `fault/plan.rs`.

mod nature;
mod plan;

use serde::Deserialize;
use serde_json::Value;

pub use self::plan::{FaultPlan, Lasting, Start, Target};

/// One fault. In a scenario file it stands as `"fault": "gap", "params": {"n": 2}`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", rename_all_fields = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// Attempts to connect fail.
    RefuseHandshake {
        /// How.
        #[serde(default)]
        how: Refusal,
        /// How many; all of them if not given.
        #[serde(default)]
        count: Option<u32>,
    },
    /// The answer to a handshake is late.
    SlowHandshake {
        /// By how much.
        delay_ms: u64,
    },
    /// The TCP connection ends without a close frame.
    DropTcp {
        /// How.
        #[serde(default)]
        how: Ending,
    },
    /// The server closes in order.
    CloseFrame {
        /// The code; none for an empty frame.
        #[serde(default)]
        code: Option<u16>,
        /// The reason.
        #[serde(default)]
        reason: String,
    },
    /// Everything is read and dropped, nothing is sent, the TCP connection stays.
    HalfOpen {
        /// For so many seconds; until cleared if not given.
        #[serde(default)]
        duration_s: Option<f64>,
    },
    /// A channel stops, all else goes on.
    MuteChannel {},
    /// Later frames are late; the order is kept.
    Delay {
        /// By how much.
        ms: f64,
    },
    /// Later frames are late by various spans; the order is kept.
    Jitter {
        /// By how much at most.
        ms: f64,
    },
    /// Replies overtake each other.
    ReorderReplies {
        /// Each is late by up to this.
        #[serde(default = "default_window")]
        window_ms: f64,
    },
    /// A request is carried out and not answered.
    LoseReply {
        /// Of this method; of any if not given.
        #[serde(default)]
        method: Option<String>,
    },
    /// A reply is late, and other frames overtake it.
    LateReply {
        /// By how much.
        ms: f64,
        /// To this method; to any if not given.
        #[serde(default)]
        method: Option<String>,
    },
    /// A reply comes twice.
    DuplicateReply {
        /// To this method; to any if not given.
        #[serde(default)]
        method: Option<String>,
    },
    /// A reply comes with an id nobody sent, before the right one.
    ForeignIdReply {},
    /// A reply lacks its id.
    ReplyWithoutId {
        /// To this method; to any if not given.
        #[serde(default)]
        method: Option<String>,
    },
    /// Messages of a book are skipped.
    Gap {
        /// How many.
        #[serde(default = "one")]
        n: u32,
    },
    /// An old change of a book comes again.
    StaleChange {},
    /// A change of a book comes twice.
    DuplicateChange {},
    /// A book begins with a change.
    NoSnapshot {},
    /// A book sends a snapshot nobody asked for.
    SecondSnapshot {},
    /// A book is crossed for a moment, along an unbroken chain.
    CrossedBook {},
    /// Logins fail.
    RefuseAuth {
        /// With this error: 13004 or 13009.
        #[serde(default = "invalid_credentials")]
        code: i64,
        /// How many; all of them if not given.
        #[serde(default)]
        count: Option<u32>,
    },
    /// The token of a connection expires now.
    ExpireToken {},
    /// Tokens live shortly.
    ShortTokens {
        /// For so long.
        seconds: f64,
    },
    /// Refresh tokens are not accepted.
    RevokeRefresh {},
    /// Logins are granted less.
    NarrowScope {
        /// This at most, as scope words.
        scope: String,
    },
    /// A method fails without being carried out.
    ForceError {
        /// Which; any if not given.
        #[serde(default)]
        method: Option<String>,
        /// The code.
        code: i64,
        /// The message; the usual one if not given.
        #[serde(default)]
        message: Option<String>,
        /// The data.
        #[serde(default)]
        data: Option<Value>,
        /// How many calls; one if not given.
        #[serde(default)]
        count: Option<u32>,
    },
    /// The next call finds no credits.
    RateLimit {
        /// Whether the connection is closed then; as configured if not given.
        #[serde(default)]
        mode: Option<crate::config::OnExhaust>,
    },
    /// A channel is not subscribed although its name is right.
    DropAckChannel {},
    /// A channel is acknowledged and never sends.
    AckLie {},
    /// A frame that is no message comes.
    MalformedJson {
        /// In what way.
        #[serde(default)]
        kind: Malformed,
    },
    /// A message comes as binary.
    BinaryFrame {},
    /// A message comes in fragments.
    Fragmented {
        /// How many.
        #[serde(default = "three")]
        pieces: usize,
        /// Whether a ping comes between any two.
        #[serde(default)]
        control_between: bool,
    },
    /// A message of this size comes.
    HugeFrame {
        /// In bytes.
        bytes: usize,
    },
    /// A message nested so deep comes.
    DeepJson {
        /// In levels.
        depth: usize,
    },
    /// A notification of a channel nobody asked for comes.
    UnknownChannel {},
    /// A notification of an unknown method comes.
    UnknownMethod {},
    /// Messages have members and words nobody knows.
    UnknownMembers {},
    /// Numbers stand at the edge of what a number can be.
    NumberEdge {},
    /// No heartbeats come although they were asked for.
    SkipHeartbeat {},
    /// Many test requests come.
    HeartbeatFlood {
        /// So many a second.
        per_second: f64,
    },
    /// Nothing but WebSocket pings comes, one a second.
    ServerPingOnly {},
    /// The platform goes down and comes back.
    Maintenance {
        /// Announced so long before, in seconds.
        #[serde(default = "five_seconds")]
        warning_s: f64,
        /// Refusing all calls for so long before connections are closed, in seconds.
        #[serde(default = "one_second")]
        refusing_s: f64,
        /// Away for so long, in seconds.
        #[serde(default = "half_a_minute")]
        length_s: f64,
    },
    /// Public calls need a login.
    PublicDisabled {},
    /// An index is locked, and trading on it.
    LockIndex {
        /// Its name.
        index: String,
    },
    /// Trading rests for settlement.
    Settlement {
        /// For so long, in seconds.
        #[serde(default = "five_seconds")]
        length_s: f64,
    },
    /// A connection that does not read is given up sooner.
    SlowReaderLimit {
        /// When more than this waits for it.
        #[serde(default)]
        bytes: Option<usize>,
        /// When something waits longer than this.
        #[serde(default)]
        seconds: Option<f64>,
    },
    /// The server reads and writes slowly.
    ThrottleSocket {
        /// So many bytes a second, of real time.
        bytes_per_second: u32,
    },
    /// The server's clock differs.
    ClockSkew {
        /// By so much, ahead if positive.
        ms: i64,
    },
    /// A text frame comes, whatever it is.
    Inject {
        /// The text.
        text: String,
    },
    /// A notification comes to those who subscribed its channel.
    Notify {
        /// The channel.
        channel: String,
        /// Its data.
        data: Value,
    },
}

/// How an attempt to connect fails.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// With this HTTP status.
    Status(u16),
    /// Without an answer, for ever.
    NoAnswer,
    /// By a reset.
    TcpReset,
}

impl Default for Refusal {
    fn default() -> Self {
        Self::Status(503)
    }
}

/// How a TCP connection ends.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// By a reset.
    #[default]
    Rst,
    /// In order.
    Fin,
}

/// In what way a frame is no message.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Malformed {
    /// It ends too early.
    #[default]
    Truncated,
    /// It has a comma too many.
    TrailingComma,
    /// It has a number that JSON does not know.
    Nan,
    /// It is not UTF-8.
    InvalidUtf8,
    /// It is empty.
    Empty,
    /// It is `null`.
    Null,
}

const fn one() -> u32 {
    1
}

const fn three() -> usize {
    3
}

const fn default_window() -> f64 {
    100.0
}

const fn invalid_credentials() -> i64 {
    13004
}

const fn one_second() -> f64 {
    1.0
}

const fn five_seconds() -> f64 {
    5.0
}

const fn half_a_minute() -> f64 {
    30.0
}
