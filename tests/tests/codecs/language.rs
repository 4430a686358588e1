//! What client and venue say to each other, in whatever codec.
//!
//! A reply repeats the number of its request, an item has the number 0.

use std::{borrow::Cow, marker::PhantomData};

use serde::{Deserialize, Serialize};
use websockex_nova::behaviour::{
    Body, Call, Channel, Codec, Correlation, Decode, DecodeError, Dialect, EncodeError, Inbound, Kept,
    MessageHandler, Reads, Refusal, RequestId, SubscriptionHandler, Topic, TopicRequest, Writes,
};

/// A codec that expresses all messages.
pub(crate) trait Speaks:
    Reads<Ask> + Writes<Ask> + Reads<Head> + Reads<Told> + Writes<Told> + Writes<Odd> + Send
{
}

impl<C> Speaks for C where
    C: Reads<Ask> + Writes<Ask> + Reads<Head> + Reads<Told> + Writes<Told> + Writes<Odd> + Send
{
}

/// The client asks.
#[derive(Clone, PartialEq, Deserialize, Serialize, prost::Message)]
pub(crate) struct Ask {
    #[prost(uint64, tag = "1")]
    pub(crate) id: u64,
    #[prost(string, tag = "2")]
    pub(crate) verb: String,
    #[prost(string, tag = "3")]
    pub(crate) topic: String,
    #[prost(double, tag = "4")]
    pub(crate) price: f64,
}

impl Ask {
    pub(crate) fn new(verb: &str, topic: &str, price: f64) -> Self {
        Self { id: 0, verb: verb.to_owned(), topic: topic.to_owned(), price }
    }
}

/// The venue tells: a reply or an item.
#[derive(Clone, PartialEq, Deserialize, Serialize, prost::Message)]
pub(crate) struct Told {
    #[prost(uint64, tag = "1")]
    pub(crate) id: u64,
    #[prost(bool, tag = "2")]
    pub(crate) is_refusal: bool,
    #[prost(string, tag = "3")]
    pub(crate) topic: String,
    #[prost(double, tag = "4")]
    pub(crate) price: f64,
}

/// The part of it by which it is routed.
#[derive(Clone, PartialEq, Deserialize, Serialize, prost::Message)]
pub(crate) struct Head {
    #[prost(uint64, tag = "1")]
    pub(crate) id: u64,
    #[prost(bool, tag = "2")]
    pub(crate) is_refusal: bool,
    #[prost(string, tag = "3")]
    pub(crate) topic: String,
}

/// The same with a price that is none.
#[derive(Clone, PartialEq, Deserialize, Serialize, prost::Message)]
pub(crate) struct Odd {
    #[prost(uint64, tag = "1")]
    pub(crate) id: u64,
    #[prost(bool, tag = "2")]
    pub(crate) is_refusal: bool,
    #[prost(string, tag = "3")]
    pub(crate) topic: String,
    #[prost(string, tag = "4")]
    pub(crate) price: String,
}

/// The language in one codec.
pub(crate) struct Talk<C>(PhantomData<fn() -> C>);

impl<C: Codec> Dialect for Talk<C> {
    type Request = Ask;
    type Codec = C;
}

impl<C: Speaks> Call<Talk<C>> for Ask {
    type Reply = Told;

    fn into_request(self) -> Ask {
        self
    }
}

/// The prices of a topic.
pub(crate) struct Prices<C>(&'static str, PhantomData<fn() -> C>);

impl<C> Prices<C> {
    pub(crate) const fn of(topic: &'static str) -> Self {
        Self(topic, PhantomData)
    }
}

impl<C: Speaks> Channel for Prices<C> {
    type Dialect = Talk<C>;
    type Item = Told;

    fn topic(&self) -> Topic {
        Topic::from(self.0)
    }
}

/// Writes requests, and reads the heads of messages.
pub(crate) struct Messages<C>(PhantomData<fn() -> C>);

impl<C> Default for Messages<C> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// Why a message handler has nothing to say.
#[derive(Debug)]
pub(crate) enum Speechless {
    Encode(EncodeError),
    Decode(DecodeError),
}

impl std::fmt::Display for Speechless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Encode(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Speechless {}

impl<C: Speaks> MessageHandler for Messages<C> {
    type Dialect = Talk<C>;
    type Error = Speechless;

    fn encode(&mut self, id: RequestId, request: Ask, out: &mut Kept) -> Result<Correlation, Speechless> {
        C::write(&Ask { id: id.get(), ..request }, out).map_err(Speechless::Encode)?;
        Ok(Correlation::ById)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Speechless> {
        let mut copy = Kept::from(message);
        let head = <Head as Decode<C>>::decode(&mut copy).map_err(Speechless::Decode)?;
        Ok(match head {
            Head { id: 0, topic, .. } => {
                Inbound::Event { topic: Cow::Owned(topic), position: None, body: message }
            }
            Head { id, is_refusal, topic } => Inbound::Reply {
                to: Some(RequestId::new(id)),
                result: if is_refusal { Err(Refusal::new(topic)) } else { Ok(message) },
            },
        })
    }
}

/// One topic at a time, confirmed by its reply.
pub(crate) struct Topics;

impl<C: Speaks> SubscriptionHandler<Talk<C>> for Topics {
    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<Ask> {
        TopicRequest::Send(Ask::new("subscribe", topics[0].as_str(), 0.0))
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<Ask> {
        TopicRequest::Send(Ask::new("unsubscribe", topics[0].as_str(), 0.0))
    }
}
