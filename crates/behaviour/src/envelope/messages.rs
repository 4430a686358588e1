//! Messages in an [`Envelope`].

use std::{fmt, marker::PhantomData, sync::Arc};

use nova_frame_codec::{CloseCode, CloseFrame};

use super::{
    Demand, Envelope, Items,
    members::{Members, unquoted},
};
use crate::{
    body::{Body, Kept},
    codec::EncodeError,
    dialect::{Dialect, RequestId},
    message::{Correlation, Inbound, MessageHandler, Position},
    method::MethodCall,
    refusal::Refusal,
};

/// Writes requests into an [`Envelope`], and reads what comes in one.
///
/// Each message is passed over once to find its members, with one allocation, and a member once more for
/// each name with a dot that begins with it; results and items are left to whoever takes them. An item
/// of 376 bytes takes 240 ns, one of 420 bytes under names with dots 640 ns; a service that sends very much
/// may be worth a scan of its own.
pub struct EnvelopeMessages<D> {
    envelope: Arc<Envelope>,
    dialect: PhantomData<fn() -> D>,
}

/// A message that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The parameters cannot be written.
    #[error("the request cannot be written")]
    Encode(#[source] Arc<EncodeError>),
    /// The parameters are to stand beside number and method, and are no object.
    #[error("the parameters are no object, and have no name of their own to stand under")]
    NotAnObject,
    /// Not JSON, or no object.
    #[error("the message is not in the service's envelope")]
    Envelope(#[source] serde_json::Error),
    /// The service speaks text only.
    #[error("a binary message")]
    Binary,
    /// An envelope with nothing in it that means anything.
    #[error("the message is neither answer nor item nor demand")]
    Neither,
}

impl<D> EnvelopeMessages<D> {
    /// Speaks in this envelope.
    #[must_use]
    pub fn new(envelope: Envelope) -> Self {
        Self { envelope: Arc::new(envelope), dialect: PhantomData }
    }
}

impl<D: Dialect<Request = MethodCall>> MessageHandler for EnvelopeMessages<D> {
    type Dialect = D;
    type Error = EnvelopeError;

    fn encode(
        &mut self,
        id: RequestId,
        request: MethodCall,
        out: &mut Kept,
    ) -> Result<Correlation, EnvelopeError> {
        let params = request.params().map_err(EnvelopeError::Encode)?;
        let envelope = &*self.envelope;
        let text = out.text_mut();
        text.push('{');
        for (name, json) in &envelope.constants {
            member(text, name);
            text.push_str(json);
            text.push(',');
        }
        member(text, envelope.id);
        text.push_str(&id.to_string());
        text.push(',');
        member(text, envelope.method);
        quote(text, request.method());
        match (envelope.params, params) {
            // What has no parameters is said without them.
            (_, "null" | "{}") => {}
            (Some(name), params) => {
                text.push(',');
                member(text, name);
                text.push_str(params);
            }
            (None, params) => {
                let members = params.strip_prefix('{').ok_or(EnvelopeError::NotAnObject)?;
                text.push(',');
                // With its closing brace.
                text.push_str(members);
                return Ok(Correlation::ById);
            }
        }
        text.push('}');
        Ok(Correlation::ById)
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, EnvelopeError> {
        let envelope = &*self.envelope;
        let text = message.as_text().ok_or(EnvelopeError::Binary)?;
        let members = Members::read(text).map_err(EnvelopeError::Envelope)?;
        if let Some(item) = envelope.items.and_then(|items| item(&members, items)) {
            return Ok(item);
        }
        let to = members.number(envelope.id).map(RequestId::new);
        if let Some(error) = members.find(envelope.error).filter(|error| *error != "null") {
            return Ok(Inbound::Reply { to, result: Err(envelope.refusal(error)) });
        }
        if let Some(result) = members.find(envelope.result) {
            return Ok(Inbound::Reply { to, result: Ok(Body::Text(result)) });
        }
        let wanted = |(member, text, _): &&(&str, &str, Demand)| {
            members.text(member).is_some_and(|found| found == *text)
        };
        match envelope.demands.iter().find(wanted).map(|(_, _, demand)| *demand) {
            Some(Demand::Answer(answer)) => Ok(Inbound::Answer(Kept::from(answer))),
            Some(Demand::Reconnect(reason)) => Ok(Inbound::Close(CloseFrame::new(CloseCode::NORMAL, reason))),
            Some(Demand::Ignore) => Ok(Inbound::Ignore),
            None => Err(EnvelopeError::Neither),
        }
    }
}

impl Envelope {
    fn refusal(&self, error: &str) -> Refusal {
        if let Some(text) = unquoted(error) {
            return Refusal::new(text);
        }
        let Ok(members) = Members::read(error) else { return Refusal::new(error) };
        let message = members.text(self.error_message).unwrap_or_default();
        let code = members.find(self.error_code).and_then(|code| code.trim_matches('"').parse().ok());
        let refusal = Refusal::new(message);
        code.into_iter().fold(refusal, Refusal::with_code)
    }
}

fn item<'a>(members: &Members<'a>, items: Items) -> Option<Inbound<'a>> {
    let (topic, body) = (members.text(items.topic)?, members.find(items.item)?);
    let position = items.sequence.and_then(|path| members.number(path)).map(Position::new);
    Some(Inbound::Event { topic, position, body: Body::Text(body) })
}

fn member(text: &mut String, name: &str) {
    quote(text, name);
    text.push(':');
}

fn quote(text: &mut String, word: &str) {
    if word.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        text.push('"');
        text.push_str(word);
        text.push('"');
    } else {
        text.push_str(&serde_json::Value::from(word).to_string());
    }
}

impl<D> Clone for EnvelopeMessages<D> {
    fn clone(&self) -> Self {
        Self { envelope: Arc::clone(&self.envelope), dialect: PhantomData }
    }
}

impl<D> fmt::Debug for EnvelopeMessages<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnvelopeMessages").field(&self.envelope).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::codec::Json;

    struct Service;

    impl Dialect for Service {
        type Request = MethodCall;
        type Codec = Json;
    }

    fn plain() -> Envelope {
        Envelope::new("id", "op", "ok", "error").with_items("topic", "data").with_sequence("seq")
    }

    fn rpc() -> Envelope {
        Envelope::new("id", "method", "result", "error")
            .with_constant("jsonrpc", r#""2.0""#)
            .with_params("params")
            .with_items("params.channel", "params.data")
            .with_sequence("params.data.n")
            .with_demand("method", "ping", Demand::Answer("pong"))
            .with_demand("method", "bye", Demand::Reconnect("as it was told"))
            .with_demand("method", "noise", Demand::Ignore)
    }

    fn written(envelope: Envelope, request: MethodCall) -> Result<String, EnvelopeError> {
        let mut out = Kept::default();
        let mut messages = EnvelopeMessages::<Service>::new(envelope);
        messages.encode(RequestId::new(7), request, &mut out)?;
        Ok(out.as_body().as_text().unwrap().to_owned())
    }

    fn routed(envelope: Envelope, text: &str) -> Result<Inbound<'_>, EnvelopeError> {
        EnvelopeMessages::<Service>::new(envelope).route(Body::Text(text))
    }

    #[test]
    fn a_request_is_written_as_the_envelope_says() {
        let request = || MethodCall::new("buy", &BTreeMap::from([("amount", 3)]));
        assert_eq!(written(plain(), request()).unwrap(), r#"{"id":7,"op":"buy","amount":3}"#);
        let expected = r#"{"jsonrpc":"2.0","id":7,"method":"buy","params":{"amount":3}}"#;
        assert_eq!(written(rpc(), request()).unwrap(), expected);
        let bare = || MethodCall::new("a\"b", &());
        assert_eq!(written(plain(), bare()).unwrap(), r#"{"id":7,"op":"a\"b"}"#);
        assert_eq!(written(rpc(), bare()).unwrap(), r#"{"jsonrpc":"2.0","id":7,"method":"a\"b"}"#);
        let list = MethodCall::new("hear", &["a"]);
        assert!(matches!(written(plain(), list.clone()), Err(EnvelopeError::NotAnObject)));
        assert!(written(rpc(), list).unwrap().ends_with(r#""params":["a"]}"#));
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let request = MethodCall::new("set", &BTreeMap::from([(vec![1], 1)]));
        assert!(matches!(written(plain(), request), Err(EnvelopeError::Encode(_))));
    }

    #[test]
    fn answers_items_and_demands_are_told_apart() {
        let reply = |result| Inbound::Reply { to: Some(RequestId::new(7)), result };
        let ok = |text| reply(Ok(Body::Text(text)));
        let refused = |refusal| reply(Err(refusal));
        let cases = [
            (plain(), r#"{"id":7,"ok":{"a":1}}"#, ok(r#"{"a":1}"#)),
            (plain(), r#"{"ok":null,"id":"7"}"#, ok("null")),
            (rpc(), r#"{"id":7,"result":1,"error":null}"#, ok("1")),
            (
                rpc(),
                r#"{"id":7,"error":{"code":-3,"message":"no"}}"#,
                refused(Refusal::new("no").with_code(-3)),
            ),
            (plain(), r#"{"id":7,"error":"no"}"#, refused(Refusal::new("no"))),
            (
                plain(),
                r#"{"topic":"a","seq":3,"data":[]}"#,
                Inbound::Event {
                    topic: "a".into(),
                    position: Some(Position::new(3)),
                    body: Body::Text("[]"),
                },
            ),
            (
                rpc(),
                r#"{"method":"s","params":{"channel":"\u0061","data":{"n":4}}}"#,
                Inbound::Event {
                    topic: "a".into(),
                    position: Some(Position::new(4)),
                    body: Body::Text(r#"{"n":4}"#),
                },
            ),
            (rpc(), r#"{"method":"ping"}"#, Inbound::Answer(Kept::from("pong"))),
            (
                rpc(),
                r#"{"method":"bye"}"#,
                Inbound::Close(CloseFrame::new(CloseCode::NORMAL, "as it was told")),
            ),
            (rpc(), r#"{"method":"noise"}"#, Inbound::Ignore),
        ];
        for (envelope, text, expected) in cases {
            assert_eq!(routed(envelope, text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_an_error_and_not_a_panic() {
        for text in ["", "{", "[]", "7", "{}", r#"{"id":1}"#, r#"{"topic":"a"}"#, r#"{"method":7}"#] {
            assert!(routed(rpc(), text).is_err(), "{text}");
            assert!(routed(plain(), text).is_err(), "{text}");
        }
        assert!(EnvelopeMessages::<Service>::new(rpc()).route(Body::Binary(b"{}")).is_err());
    }
}
