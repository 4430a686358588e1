//! Messages: requests to text, and text to where it belongs.
//!
//! What comes often is recognised by its first bytes; whatever looks different is read by serde.

use std::borrow::Cow;

use nova_behaviour::{
    Body, CodecHandler, Correlation, EncodeError, Inbound, Json, Kept, MessageHandler, Position, Refusal,
    RequestId,
};
use nova_frame_codec::{CloseCode, CloseFrame};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::dialect::{Request, VenueDialect};

/// Writes requests, with ids or without, and routes what the venue says.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct VenueMessages {
    /// Whether requests and replies carry ids. Default: yes.
    pub has_ids: bool,
}

impl Default for VenueMessages {
    fn default() -> Self {
        Self { has_ids: true }
    }
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(flatten)]
    request: &'a Request,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    id: Option<u64>,
    // Not an `Option` of a `RawValue` alone: that would read a `null` as absent.
    #[serde(borrow, default, deserialize_with = "present")]
    ok: Option<&'a RawValue>,
    error: Option<Error>,
    #[serde(borrow)]
    topic: Option<Cow<'a, str>>,
    seq: Option<u64>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    op: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Error {
    code: i64,
    message: String,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

impl MessageHandler for VenueMessages {
    type Dialect = VenueDialect;
    type Error = Unreadable;

    fn encode(&mut self, id: RequestId, request: Request, out: &mut Kept) -> Result<Correlation, Unreadable> {
        let id = self.has_ids.then(|| id.get());
        Json::encode(&Numbered { id, request: &request }, out).map_err(Unreadable::Encode)?;
        Ok(if self.has_ids { Correlation::ById } else { Correlation::Fifo })
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Unreadable> {
        let text = message.as_text().ok_or(Unreadable::Binary)?;
        if let Some(found) = item(text).or_else(|| reply(text)) {
            return Ok(found);
        }
        Ok(match serde_json::from_str(text).map_err(Unreadable::Envelope)? {
            Envelope { topic: Some(topic), seq, data: Some(data), .. } => {
                Inbound::Event { topic, position: seq.map(Position::new), body: Body::Text(data.get()) }
            }
            Envelope { id, ok: Some(ok), .. } => {
                Inbound::Reply { to: id.map(RequestId::new), result: Ok(Body::Text(ok.get())) }
            }
            Envelope { id, error: Some(Error { code, message }), .. } => Inbound::Reply {
                to: id.map(RequestId::new),
                result: Err(Refusal::new(message).with_code(code)),
            },
            Envelope { op: Some(op), .. } => match op.as_ref() {
                "alive?" => Inbound::Answer(Kept::from(r#"{"op":"alive"}"#)),
                // A fresh link logs in anew.
                "expired" => Inbound::Close(CloseFrame::new(CloseCode::NORMAL, "the login has run out")),
                _ => Inbound::Ignore,
            },
            _ => return Err(Unreadable::Neither),
        })
    }
}

/// `{"topic":"…","seq":…,"data":…}`, in this order and without spaces.
fn item(text: &str) -> Option<Inbound<'_>> {
    let rest = text.strip_prefix(r#"{"topic":""#)?;
    let (topic, rest) = rest.split_once('"')?;
    let (seq, rest) = digits(rest.strip_prefix(r#","seq":"#)?)?;
    let body = rest.strip_prefix(r#","data":"#)?.strip_suffix('}')?;
    let is_plain = !topic.contains('\\');
    is_plain.then_some(Inbound::Event {
        topic: Cow::Borrowed(topic),
        position: Some(Position::new(seq)),
        body: Body::Text(body),
    })
}

/// `{"id":…,"ok":…}`, in this order and without spaces.
fn reply(text: &str) -> Option<Inbound<'_>> {
    let (id, rest) = digits(text.strip_prefix(r#"{"id":"#)?)?;
    let body = rest.strip_prefix(r#","ok":"#)?.strip_suffix('}')?;
    Some(Inbound::Reply { to: Some(RequestId::new(id)), result: Ok(Body::Text(body)) })
}

fn digits(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(text: &str) -> Inbound<'_> {
        VenueMessages::default().route(Body::Text(text)).unwrap()
    }

    #[test]
    fn the_scan_and_serde_agree() {
        let pairs = [
            (
                r#"{"topic":"prices.BTC","seq":7,"data":{"n":7}}"#,
                r#"{"seq":7,"topic":"prices.BTC","data":{"n":7}}"#,
            ),
            (r#"{"id":3,"ok":{"time":1}}"#, r#"{ "ok":{"time":1}, "id":3 }"#),
            (r#"{"id":3,"ok":null}"#, r#"{"ok":null,"id":3}"#),
        ];
        for (scanned, parsed) in pairs {
            assert!(item(scanned).or_else(|| reply(scanned)).is_some(), "{scanned}");
            assert!(item(parsed).or_else(|| reply(parsed)).is_none(), "{parsed}");
            assert_eq!(routed(scanned), routed(parsed));
        }
    }

    #[test]
    fn escaped_topics_and_errors_take_the_long_way() {
        let Inbound::Event { topic, .. } = routed(r#"{"topic":"a\"b","seq":1,"data":0}"#) else { panic!() };
        assert_eq!(topic, "a\"b");
        let error = r#"{"id":9,"error":{"code":429,"message":"too many"}}"#;
        let refusal = Refusal::new("too many").with_code(429);
        assert_eq!(routed(error), Inbound::Reply { to: Some(RequestId::new(9)), result: Err(refusal) });
    }

    #[test]
    fn without_ids_replies_are_taken_in_order() {
        assert_eq!(routed(r#"{"ok":1}"#), Inbound::Reply { to: None, result: Ok(Body::Text("1")) });
        let mut out = Kept::default();
        let mut messages = VenueMessages { has_ids: false };
        let correlation = messages.encode(RequestId::new(1), Request::Time, &mut out).unwrap();
        assert_eq!((correlation, out), (Correlation::Fifo, Kept::from(r#"{"op":"time"}"#)));
    }

    #[test]
    fn what_means_nothing_is_an_error_and_not_a_panic() {
        for text in
            ["", "{", "[]", "7", "{}", r#"{"id":1}"#, r#"{"topic":"a"}"#, r#"{"id":99999999999999999999}"#]
        {
            assert!(VenueMessages::default().route(Body::Text(text)).is_err(), "{text}");
        }
        assert!(VenueMessages::default().route(Body::Binary(b"{}")).is_err());
    }
}
