//! What foreign code answered, for whoever records the session.
//!
//! The session is a function of its inputs and of what handlers, strategy and limiter answer. The
//! tape holds the answers, each in a form without payloads, texts of a peer, or credentials: lengths
//! stand in their place. Nothing else may be put on it, so that there is nothing to redact later.
//! Switched off, which is the default, it costs a comparison for each answer.

use std::time::{Duration, Instant};

use nova_behaviour::{
    Body, ConnectAction, Continuity, Correlation, DisconnectAction, FrameAction, Inbound, Kept, Refusal,
    Setting, Topic, Verdict,
};
use nova_frame_codec::CloseFrame;
use nova_ratelimit::{Admission, ChargeError};
use serde::{Deserialize, Serialize};

use crate::guard::{Panicked, guarded};

/// Where answers are noted, while somebody records the session.
#[derive(Debug, Default)]
pub struct Tape(Option<Box<Notes>>);

#[derive(Debug)]
struct Notes {
    start: Instant,
    said: Vec<Said>,
}

impl Tape {
    /// A tape that runs. Instants on it are counted from `start`.
    pub(crate) fn running(start: Instant) -> Self {
        Self(Some(Box::new(Notes { start, said: Vec::new() })))
    }

    /// The answers noted since the last call, oldest first.
    pub fn take(&mut self) -> impl Iterator<Item = Said> + '_ {
        self.0.iter_mut().flat_map(|notes| notes.said.drain(..))
    }

    /// Calls foreign code, and notes what it answered.
    #[inline(always)]
    pub(crate) fn ask<T>(
        &mut self,
        call: impl FnOnce() -> T,
        said: impl FnOnce(&T) -> Said,
    ) -> Result<T, Panicked> {
        let answer = guarded(call);
        if self.0.is_some() {
            self.answered(&answer, said);
        }
        answer
    }

    /// As [`ask`](Self::ask), for the hook that sees every frame and most often wants nothing: that is
    /// left out.
    #[inline(always)]
    pub(crate) fn ask_hook(&mut self, call: impl FnOnce() -> FrameAction) -> Result<FrameAction, Panicked> {
        let answer = guarded(call);
        if self.0.is_some() {
            self.hooked(&answer);
        }
        answer
    }

    // Both stay out of the way of those who record nothing.

    #[cold]
    #[inline(never)]
    fn answered<T>(&mut self, answer: &Result<T, Panicked>, said: impl FnOnce(&T) -> Said) {
        if let Some(notes) = &mut self.0 {
            notes.said.push(answer.as_ref().map_or(Said::Panicked, said));
        }
    }

    #[cold]
    #[inline(never)]
    fn hooked(&mut self, answer: &Result<FrameAction, Panicked>) {
        if let Some(notes) = &mut self.0 {
            notes.said.extend(answer.as_ref().map_or(Some(Said::HookPanicked), Hooked::of_frame));
        }
    }

    /// Notes something that no handler said, but that depends on what is left out of a recording.
    #[inline]
    pub(crate) fn note(&mut self, said: impl FnOnce() -> Said) {
        if let Some(notes) = &mut self.0 {
            notes.said.push(said());
        }
    }

    /// From when instants are counted.
    pub(crate) fn start(&self) -> Option<Instant> {
        self.0.as_ref().map(|notes| notes.start)
    }
}

/// What a handler, the strategy or the limiter answered, without any payload.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Said {
    /// It panicked instead.
    Panicked,
    /// The connection handler panicked over a frame.
    HookPanicked,
    /// Whether the limiter could learn the budgets.
    Budgets(bool),
    /// The limiter knows of the new link.
    LinkOpened,
    /// Whether a price can ever be paid.
    Payable(bool),
    /// Whether a request may go now.
    Admitted(Admitted),
    /// Whether a request is free.
    Free(bool),
    /// What a request became on the wire; `None` if it cannot be expressed.
    Encoded(Option<(Size, Recognised)>),
    /// How the answer to a raw message is recognised.
    Adopted(Recognised),
    /// What is to be done first with a link that opened, or with a frame. "Nothing" is left out for
    /// frames.
    Hooked(Hooked),
    /// What follows a lost link.
    Disconnected(Follows),
    /// What to do about a fault.
    Judged(Judged),
    /// The pause before the next attempt; `None` to give up.
    Delay(Option<Duration>),
    /// Which request's own matcher claims a message.
    Claimed(Option<u64>),
    /// What a message is.
    Routed(Routed),
    /// How an item stands to the one before.
    Continuity(Continues),
    /// Whether a login is needed.
    NeedsLogin(bool),
    /// Whether there is a login to send.
    Login(bool),
    /// What the answer to the login grants, and for how long.
    Granted(Result<Option<Duration>, Refused>),
    /// How long before its end a grant is renewed.
    Lead(Duration),
    /// Whether a refusal says that the login has lapsed.
    HasLapsed(bool),
    /// For how long a refusal holds everything priced back.
    HeldBack(Option<Duration>),
    /// Whether there are subscriptions.
    Supported(bool),
    /// Whether a topic cannot be asked for.
    Inadmissible(Option<Refused>),
    /// Whether a topic needs the login.
    Private(bool),
    /// How many topics go into one request.
    Batch(usize),
    /// Whether topics are asked for by a request; if not, nothing needs to be sent.
    TopicsAsked(bool),
    /// What an answer says of topics. Of those that nobody wants, only that there are some.
    TopicsAnswered {
        /// Confirmed.
        confirmed: Vec<Option<Topic>>,
        /// Refused.
        refused: Vec<(Option<Topic>, Refused)>,
        /// To be asked for again.
        postponed: Vec<Option<Topic>>,
    },
    /// The settings every connection must have.
    Settings(Vec<Named>),
    /// Whether a setting was refused.
    SettingRefused(Option<Refused>),
    /// The text of the frame is not UTF-8, which its length alone does not say.
    NotUtf8,
}

/// How long a payload is, and of which kind.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Text, in bytes.
    Text(usize),
    /// Binary, in bytes.
    Binary(usize),
}

/// How an answer is recognised.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recognised {
    /// By its id.
    ById,
    /// By order.
    Fifo,
    /// Not at all.
    Unanswered,
}

/// When a request may go.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Admitted {
    /// Now.
    Now,
    /// Not before then, in nanoseconds since the start.
    Later(u64),
    /// Never.
    Never,
}

/// A refusal, by its number and its lengths.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Refused {
    /// The protocol's error number.
    pub code: Option<i64>,
    /// The length of its text, in bytes.
    pub text: usize,
}

/// What the connection handler wants done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hooked {
    /// Nothing.
    Pass,
    /// The message goes no further.
    Consume,
    /// These go first.
    Reply(Vec<Size>),
    /// Close, with this code and so long a reason.
    Close(u16, usize),
    /// End the session.
    Stop,
}

/// What follows a lost link, by the connection handler.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Follows {
    /// What the verdict says.
    Default,
    /// The end.
    Stop,
    /// Another attempt.
    Reconnect,
    /// Another attempt, elsewhere.
    Elsewhere,
}

/// A verdict.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// Nothing.
    Ignore,
    /// Reconnect.
    Retry,
    /// Reconnect after at least so long, and up to so much more.
    RetryAfter(Duration, Duration),
    /// End the session.
    Stop,
}

/// What a message is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Routed {
    /// A reply.
    Reply {
        /// To which request.
        to: Option<u64>,
        /// How long, or how it was refused.
        result: Result<Size, Refused>,
    },
    /// An item.
    Event {
        /// Of which stream; `None` if nobody takes it.
        topic: Option<Topic>,
        /// Its position, and the one it follows.
        position: Option<(u64, Option<u64>)>,
        /// How long it is.
        size: Size,
    },
    /// The server broke a stream off.
    Broken {
        /// Which stream; `None` if nobody takes it.
        topic: Option<Topic>,
        /// Whether it is of no use until subscribed to anew.
        resynchronise: bool,
    },
    /// Wants these answers.
    Answers(Vec<Size>),
    /// Close, with this code and so long a reason.
    Close(u16, usize),
    /// Nothing to do.
    Ignore,
    /// Makes no sense.
    Unreadable,
}

/// How an item stands to the one before.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Continues {
    /// It follows it.
    Unbroken,
    /// It tells nothing new.
    Covered,
    /// Items are missing.
    Broken {
        /// How many.
        missing: Option<u64>,
        /// Whether the stream is of no use until subscribed to anew.
        resynchronise: bool,
    },
}

/// A setting of a connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Named {
    /// Its name, as the adapter gives it.
    pub name: String,
    /// Whether it needs the login.
    pub needs_login: bool,
    /// Whether it is required.
    pub is_required: bool,
}

impl From<Body<'_>> for Size {
    fn from(body: Body<'_>) -> Self {
        match body {
            Body::Text(text) => Self::Text(text.len()),
            Body::Binary(bytes) => Self::Binary(bytes.len()),
        }
    }
}

impl From<&Kept> for Size {
    fn from(kept: &Kept) -> Self {
        kept.as_body().into()
    }
}

impl From<Correlation> for Recognised {
    fn from(correlation: Correlation) -> Self {
        match correlation {
            Correlation::ById => Self::ById,
            Correlation::Fifo => Self::Fifo,
            Correlation::Unanswered => Self::Unanswered,
        }
    }
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        Self { code: refusal.code, text: refusal.message.len() }
    }
}

impl Admitted {
    pub(crate) fn told(answer: &Result<Admission, ChargeError>, start: Option<Instant>) -> Self {
        match answer {
            Ok(Admission::Now) => Self::Now,
            Ok(Admission::Later(at)) => Self::Later(start.map_or(0, |start| nanos(start, *at))),
            Err(_) => Self::Never,
        }
    }
}

impl From<&ConnectAction> for Hooked {
    fn from(action: &ConnectAction) -> Self {
        match action {
            ConnectAction::Proceed => Self::Pass,
            ConnectAction::Reply(messages) => Self::Reply(sizes(messages)),
            ConnectAction::Close(frame) => Self::close(frame),
            ConnectAction::Stop => Self::Stop,
        }
    }
}

impl Hooked {
    fn close(frame: &CloseFrame) -> Self {
        Self::Close(frame.code().get(), frame.reason().len())
    }

    /// `None` for what is left out.
    pub(crate) fn of_frame(action: &FrameAction) -> Option<Said> {
        Some(Said::Hooked(match action {
            FrameAction::Pass => return None,
            FrameAction::Consume => Self::Consume,
            FrameAction::Reply(messages) => Self::Reply(sizes(messages)),
            FrameAction::Close(frame) => Self::close(frame),
            FrameAction::Stop => Self::Stop,
        }))
    }
}

impl From<&DisconnectAction> for Follows {
    fn from(action: &DisconnectAction) -> Self {
        match action {
            DisconnectAction::Default => Self::Default,
            DisconnectAction::Stop => Self::Stop,
            DisconnectAction::Reconnect => Self::Reconnect,
            DisconnectAction::ReconnectTo(_) => Self::Elsewhere,
        }
    }
}

impl From<&Verdict> for Judged {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Ignore => Self::Ignore,
            Verdict::Retry => Self::Retry,
            Verdict::RetryAfter { least, spread } => Self::RetryAfter(*least, *spread),
            Verdict::Stop => Self::Stop,
        }
    }
}

impl Routed {
    /// `known` gives a stream's name if somebody takes it: any other name is the peer's text.
    pub(crate) fn told<E>(
        answer: &Result<Inbound<'_>, E>,
        known: impl FnOnce(&str) -> Option<Topic>,
    ) -> Self {
        match answer {
            Ok(Inbound::Reply { to, result }) => Self::Reply {
                to: to.map(nova_behaviour::RequestId::get),
                result: result.as_ref().map(|body| Size::from(*body)).map_err(Refused::from),
            },
            Ok(Inbound::Event { topic, position, body }) => Self::Event {
                topic: known(topic),
                position: position.map(|position| (position.number, position.follows)),
                size: (*body).into(),
            },
            Ok(Inbound::Broken { topic, resynchronise }) => {
                Self::Broken { topic: known(topic), resynchronise: *resynchronise }
            }
            Ok(Inbound::Answer(answer)) => Self::Answers(vec![answer.into()]),
            Ok(Inbound::Answers(answers)) => Self::Answers(sizes(answers)),
            Ok(Inbound::Close(frame)) => Self::Close(frame.code().get(), frame.reason().len()),
            Ok(Inbound::Ignore) => Self::Ignore,
            Err(_) => Self::Unreadable,
        }
    }
}

impl From<&Continuity> for Continues {
    fn from(answer: &Continuity) -> Self {
        match answer {
            Continuity::Unbroken => Self::Unbroken,
            Continuity::Covered => Self::Covered,
            Continuity::Broken { missing, resynchronise } => {
                Self::Broken { missing: *missing, resynchronise: *resynchronise }
            }
        }
    }
}

impl<R> From<&Setting<R>> for Named {
    fn from(setting: &Setting<R>) -> Self {
        Self {
            name: setting.name.to_owned(),
            needs_login: setting.needs_login,
            is_required: setting.is_required,
        }
    }
}

fn sizes(messages: &[Kept]) -> Vec<Size> {
    messages.iter().map(Size::from).collect()
}

/// Nanoseconds since the start, which are enough for five centuries.
#[must_use]
pub fn nanos(start: Instant, at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(start).as_nanos()).unwrap_or(u64::MAX)
}
