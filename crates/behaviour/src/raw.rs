//! The dialect without a protocol: messages go out and come in as they are.

use std::{borrow::Cow, convert::Infallible};

use crate::{
    body::{Body, Kept},
    codec::Plain,
    dialect::{Channel, Dialect, RequestId},
    message::{Correlation, Inbound, MessageHandler},
    topic::Topic,
};

/// Any text or binary message.
#[derive(Clone, Copy, Debug)]
pub struct Raw;

impl Dialect for Raw {
    type Request = Kept;
    type Codec = Plain;
}

/// Sends requests as they are, and streams whatever arrives on [`Everything`].
///
/// Use it with [`LocalTopics`](crate::LocalTopics), so that `Everything` can be subscribed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawMessages;

impl MessageHandler for RawMessages {
    type Dialect = Raw;
    type Error = Infallible;

    fn encode(&mut self, _id: RequestId, request: Kept, out: &mut Kept) -> Result<Correlation, Infallible> {
        *out = request;
        Ok(Correlation::Unanswered)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Infallible> {
        Ok(Inbound::Event { topic: Cow::Borrowed(Everything::TOPIC), position: None, body: message })
    }
}

/// The stream of all messages of a [`Raw`] conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everything;

impl Everything {
    const TOPIC: &'static str = "*";
}

impl Channel for Everything {
    type Dialect = Raw;
    type Item = Kept;

    fn topic(&self) -> Topic {
        Topic::from(Self::TOPIC)
    }
}
