//! Messages: requests to text, and text to where it belongs.
//!
//! Both run for every message, under the session's lock. So the envelope alone is read here, in one
//! pass, and what it holds is left as it lies; whoever takes an item decodes it.

use std::borrow::Cow;

use nova_behaviour::{
    Body, CodecHandler, Correlation, EncodeError, Inbound, Json, Kept, MessageHandler, Position, Refusal,
    RequestId,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::dialect::{Request, TulipDialect};

/// Writes requests, and routes what the venue says.
#[derive(Clone, Copy, Debug, Default)]
pub struct TulipMessages;

/// A message that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The request cannot be written.
    #[error("the request cannot be written")]
    Encode(#[source] EncodeError),
    /// Not JSON, or not in the venue's envelope.
    #[error("the message is not in the venue's envelope")]
    Envelope(#[source] serde_json::Error),
    /// The venue speaks text only.
    #[error("a binary message")]
    Binary,
    /// An envelope with nothing in it that means anything.
    #[error("the message is neither reply nor item nor demand")]
    Neither,
}

#[derive(Serialize)]
struct Numbered<'a> {
    req: u64,
    #[serde(flatten)]
    request: &'a Request,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    re: Option<u64>,
    // An `Option` of a `RawValue` alone would read a `null` as absent.
    #[serde(borrow, default, deserialize_with = "present")]
    ok: Option<&'a RawValue>,
    no: Option<No>,
    #[serde(borrow)]
    topic: Option<Cow<'a, str>>,
    n: Option<u64>,
    #[serde(borrow, default, deserialize_with = "present")]
    item: Option<&'a RawValue>,
    beat: Option<u64>,
}

#[derive(Deserialize)]
struct No {
    code: i64,
    text: String,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

impl MessageHandler for TulipMessages {
    type Dialect = TulipDialect;
    type Error = Unreadable;

    fn encode(&mut self, id: RequestId, request: Request, out: &mut Kept) -> Result<Correlation, Unreadable> {
        Json::encode(&Numbered { req: id.get(), request: &request }, out).map_err(Unreadable::Encode)?;
        Ok(Correlation::ById)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Unreadable> {
        let text = message.as_text().ok_or(Unreadable::Binary)?;
        Ok(match serde_json::from_str(text).map_err(Unreadable::Envelope)? {
            Envelope { topic: Some(topic), n, item: Some(item), .. } => {
                Inbound::Event { topic, position: n.map(Position::new), body: Body::Text(item.get()) }
            }
            Envelope { re: Some(id), ok: Some(ok), .. } => {
                Inbound::Reply { to: Some(RequestId::new(id)), result: Ok(Body::Text(ok.get())) }
            }
            Envelope { re: Some(id), no: Some(no), .. } => Inbound::Reply {
                to: Some(RequestId::new(id)),
                result: Err(Refusal::new(no.text).with_code(no.code)),
            },
            Envelope { beat: Some(number), .. } => {
                Inbound::Answer(Kept::Text(format!(r#"{{"echo":{number}}}"#)))
            }
            _ => return Err(Unreadable::Neither),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::PlaceOrder;

    fn routed(text: &str) -> Inbound<'_> {
        TulipMessages.route(Body::Text(text)).unwrap()
    }

    #[test]
    fn requests_are_written_as_the_venue_reads_them() {
        let mut out = Kept::default();
        let order = Request::PlaceOrder(PlaceOrder::buy("mine", "ABC", 2, 101));
        assert_eq!(TulipMessages.encode(RequestId::new(7), order, &mut out).unwrap(), Correlation::ById);
        let text = r#"{"req":7,"do":"place_order","ref":"mine","instrument":"ABC","side":"buy","lots":2,"price":101}"#;
        assert_eq!(out, Kept::from(text));
    }

    #[test]
    fn what_arrives_goes_where_it_belongs() {
        let reply = |result| Inbound::Reply { to: Some(RequestId::new(7)), result };
        assert_eq!(routed(r#"{"re":7,"ok":null}"#), reply(Ok(Body::Text("null"))));
        let refused = Refusal::new("slower").with_code(40);
        assert_eq!(routed(r#"{"re":7,"no":{"code":40,"text":"slower"}}"#), reply(Err(refused)));
        let item = routed(r#"{"topic":"trades.ABC","n":12,"item":{"lots":1}}"#);
        let (topic, body) = (Cow::Borrowed("trades.ABC"), Body::Text(r#"{"lots":1}"#));
        assert_eq!(item, Inbound::Event { topic, position: Some(Position::new(12)), body });
        assert_eq!(routed(r#"{"beat":17}"#), Inbound::Answer(Kept::from(r#"{"echo":17}"#)));
    }

    #[test]
    fn what_means_nothing_is_an_error_and_not_a_panic() {
        for text in ["", "{", "[]", "7", "{}", r#"{"re":1}"#, r#"{"topic":"a"}"#, r#"{"beat":-1}"#] {
            assert!(TulipMessages.route(Body::Text(text)).is_err(), "{text}");
        }
        assert!(TulipMessages.route(Body::Binary(b"{}")).is_err());
    }
}
