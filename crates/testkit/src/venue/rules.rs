//! The switches of the venue: how it does business, and what goes wrong in it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    time::Duration,
};

use super::credits::Credits;

/// How the venue does business. All of it can be changed while it runs.
#[derive(Clone)]
#[non_exhaustive]
pub struct Rules {
    /// Whether requests and replies carry ids. Default: yes.
    pub replies_carry_ids: bool,
    /// Who may log in: keys, and the secret of each. Default: `alice`, with the secret
    /// [`ALICES_SECRET`](Self::ALICES_SECRET).
    pub keys: BTreeMap<String, String>,
    /// What it thinks of logins. Default: it checks them.
    pub logins: Logins,
    /// How long a login holds; counted in whole seconds on the wire. Default: one hour.
    pub login_life: Duration,
    /// How far the clock of a client may be off. Default: one minute.
    pub clock_tolerance: Duration,
    /// What a connection may ask for. Default: 10 requests at once and 3.3 a second; `None` for as
    /// much as it likes.
    pub credits: Option<Credits>,
    /// How long `alive?` waits for its answer. Default: 5 s.
    pub alive_patience: Duration,
    /// How many topics one request may name. Default: 10.
    pub most_topics: usize,
    /// What may wait for a connection that does not read, in bytes, before it is cut. Default:
    /// 64 MiB.
    pub most_pending_bytes: usize,
    /// What becomes of the next attempts to connect, in order. Default: nothing special.
    pub receptions: VecDeque<Reception>,
    /// What becomes of all attempts after those. Default: they are accepted.
    pub reception: Reception,
    /// When it answers. Default: at once.
    pub answering: Answering,
    /// What it never answers. Default: nothing.
    pub unanswered: BTreeSet<Op>,
    /// The request with this number on its connection (the first is 1) is not acted on: the
    /// connection is cut instead, once. Default: none.
    pub cut_at_request: Option<u64>,
    /// Topics it does not have. Default: none.
    pub refused_topics: BTreeSet<String>,
    /// Topics it leaves out of its answers, neither confirmed nor refused. Default: none.
    pub unnamed_topics: BTreeSet<String>,
    /// Topics on which it says nothing, although others go on. Default: none.
    pub silent_topics: BTreeSet<String>,
    /// Whether it publishes at all. Default: yes.
    pub publishes: bool,
    /// How many items a second it publishes by itself on each topic somebody takes. Default: none.
    pub items_per_second: Option<f64>,
    /// Whether it answers pings. Default: yes.
    pub answers_pings: bool,
    /// Whether it answers close frames. Default: yes.
    pub answers_close: bool,
}

impl Rules {
    /// The secret of the client that is known from the start, whose key is `alice`.
    pub const ALICES_SECRET: &str = "the-rabbit-is-late";

    /// The usual rules, with credits without end.
    #[must_use]
    pub fn generous() -> Self {
        Self { credits: None, ..Self::default() }
    }

    /// The usual rules without ids.
    #[must_use]
    pub fn in_order() -> Self {
        Self { replies_carry_ids: false, ..Self::generous() }
    }

    /// Sets what it likes, for rules in one expression.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            replies_carry_ids: true,
            keys: [("alice".to_owned(), Self::ALICES_SECRET.to_owned())].into(),
            logins: Logins::Checked,
            login_life: Duration::from_secs(3600),
            clock_tolerance: Duration::from_secs(60),
            credits: Some(Credits::default()),
            alive_patience: Duration::from_secs(5),
            most_topics: 10,
            most_pending_bytes: 64 << 20,
            receptions: VecDeque::new(),
            reception: Reception::Accept,
            answering: Answering::AtOnce,
            unanswered: BTreeSet::new(),
            cut_at_request: None,
            refused_topics: BTreeSet::new(),
            unnamed_topics: BTreeSet::new(),
            silent_topics: BTreeSet::new(),
            publishes: true,
            items_per_second: None,
            answers_pings: true,
            answers_close: true,
        }
    }
}

impl fmt::Debug for Rules {
    /// Leaves the secrets out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("keys", &self.keys.keys())
            .field("logins", &self.logins)
            .field("reception", &self.reception)
            .field("answering", &self.answering)
            .finish_non_exhaustive()
    }
}

/// What can be asked of the venue.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Op {
    /// To log in.
    Login,
    /// To set something of the connection.
    Set,
    /// To publish topics to the connection.
    Subscribe,
    /// To stop that.
    Unsubscribe,
    /// To place an order.
    Order,
    /// To tell the time.
    Time,
}

impl Op {
    /// Everything that can be asked.
    pub const ALL: [Self; 6] =
        [Self::Login, Self::Set, Self::Subscribe, Self::Unsubscribe, Self::Order, Self::Time];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Set => "set",
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::Order => "order",
            Self::Time => "time",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.name() == name)
    }
}

/// What the venue thinks of logins.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Logins {
    /// Key, clock, nonce and signature must be right.
    #[default]
    Checked,
    /// All are refused.
    Refused {
        /// With this code.
        code: i64,
        /// For this reason.
        message: String,
    },
}

/// What becomes of an attempt to connect.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reception {
    /// It succeeds.
    #[default]
    Accept,
    /// The upgrade is refused.
    Refuse {
        /// With this HTTP status.
        status: u16,
        /// With this `Retry-After`, in seconds.
        retry_after: Option<u32>,
    },
    /// The request is read, and then nothing is said.
    Stall,
    /// The stream ends instead of an answer.
    Vanish,
    /// It succeeds, and the next thing is a close frame with this code.
    AcceptThenClose(u16),
    /// It succeeds, and then the stream ends.
    AcceptThenCut,
}

/// When the venue answers requests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Answering {
    /// At once.
    #[default]
    AtOnce,
    /// After this pause.
    After(Duration),
    /// Only once so many wait on a connection, and then the newest first.
    Reordered(usize),
    /// Not at all.
    Never,
}
