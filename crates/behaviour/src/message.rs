//! The behaviour of messages: requests to bytes, and messages to where they belong.

use std::{borrow::Cow, error::Error as StdError};

use nova_frame_codec::CloseFrame;

use crate::{
    body::{Body, Kept},
    dialect::{Dialect, RequestId},
    refusal::Refusal,
};

/// Turns requests into payloads, and routes what arrives.
///
/// Both methods run under the session's lock on every message: keep them to a scan of the envelope,
/// and leave the reading of items to [`Decode`](crate::Decode), which runs in the subscriber's task.
pub trait MessageHandler: Send + 'static {
    /// The language it speaks.
    type Dialect: Dialect;
    /// What can go wrong in it.
    type Error: StdError + Send + Sync + 'static;

    /// Writes a request into `out`, which comes empty, and says how its answer will be recognised.
    ///
    /// # Errors
    ///
    /// The request cannot be expressed; the caller is told, nothing is sent.
    fn encode(
        &mut self,
        id: RequestId,
        request: <Self::Dialect as Dialect>::Request,
        out: &mut Kept,
    ) -> Result<Correlation, Self::Error>;

    /// How the answer to a message the application wrote itself will be recognised.
    ///
    /// Default: not at all, so that such a send needs a matcher of its own.
    fn adopt(&mut self, id: RequestId, message: Body<'_>) -> Correlation {
        let _ = (id, message);
        Correlation::Unanswered
    }

    /// Says what a message is.
    ///
    /// # Errors
    ///
    /// The message makes no sense. It is counted and reported, and the link lives on.
    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Self::Error>;
}

/// How the answer to a request is recognised.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Correlation {
    /// By the id, which the answer repeats.
    ById,
    /// By order: answers come in the order of the requests.
    Fifo,
    /// There is no answer.
    Unanswered,
}

/// Where an item stands in its stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Position {
    /// Its own number.
    pub number: u64,
    /// The number of the item it follows, where the protocol names that one as well. An item that
    /// names none needs none before it.
    pub follows: Option<u64>,
}

impl Position {
    /// This number, without a word on the item before it.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self { number, follows: None }
    }

    /// Names the item before it, without which this one means nothing.
    #[must_use]
    pub const fn following(mut self, number: u64) -> Self {
        self.follows = Some(number);
        self
    }
}

impl From<u64> for Position {
    fn from(number: u64) -> Self {
        Self::new(number)
    }
}

/// What a message from the peer is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Inbound<'a> {
    /// The answer to a request.
    Reply {
        /// Which request; `None` where answers are recognised by order.
        to: Option<RequestId>,
        /// The result's own part of the message, or the server's error.
        result: Result<Body<'a>, Refusal>,
    },
    /// An item of a stream.
    Event {
        /// The stream.
        topic: Cow<'a, str>,
        /// The item's position, where the protocol numbers them.
        position: Option<Position>,
        /// The item's own part of the message.
        body: Body<'a>,
    },
    /// The server says that items of a stream are missing, or that it has to be read anew.
    Broken {
        /// The stream.
        topic: Cow<'a, str>,
        /// Whether it is of no use until it is subscribed to anew.
        resynchronise: bool,
    },
    /// A demand that wants this answer, ahead of everything else: a heartbeat of the protocol.
    Answer(Kept),
    /// A demand that wants several answers, in this order.
    Answers(Vec<Kept>),
    /// The conversation cannot go on: close with this frame and reconnect by plan.
    Close(CloseFrame),
    /// Nothing to do.
    Ignore,
}
