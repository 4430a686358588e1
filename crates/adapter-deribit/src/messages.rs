//! Messages: requests to JSON-RPC 2.0 text, and text to where it belongs.
//!
//! Requests bear a number far above those an application would choose for messages of its own, so that
//! both kinds can be in flight together; answers to heartbeats bear a text. What the parts of a message
//! mean is decided elsewhere; here it is only said whose they are.

mod adopted;
mod envelope;
mod error;
#[cfg(test)]
mod samples;
mod scan;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::{
    dialect::{DeribitDialect, Request},
    notices::refusal,
    shared::{Notice, Shared},
};
use adopted::Adopted;
pub use envelope::{Envelope, Id};
pub use error::MessageError;
use nova_behaviour::{Body, Correlation, Inbound, Kept, MessageHandler, Refusal, RequestId};
use nova_frame_codec::{CloseCode, CloseFrame};

/// Writes requests and routes what the venue says.
///
/// The reply to a message that the application wrote itself is recognised by the message's own id, if
/// that is a text, or a whole number below 10^15. Without one the reply is nobody's: give such a message
/// an id, or a matcher. What the application writes itself is sent as it is: neither is a private
/// method refused without credentials, nor a message for its length.
#[derive(Debug)]
pub struct DeribitMessages {
    shared: Shared,
    has_credentials: bool,
    repeats_token: bool,
    adopted: Adopted,
    heartbeats: u64,
}

impl DeribitMessages {
    pub(crate) fn new(shared: Shared, has_credentials: bool, repeats_token: bool) -> Self {
        Self { shared, has_credentials, repeats_token, adopted: Adopted::default(), heartbeats: 0 }
    }

    /// Writes the parameters, with the token among them where it has to be repeated.
    fn write_params(&self, params: &str, is_private: bool, out: &mut String) {
        let token = self.shared.token();
        match token.as_ref().filter(|_| is_private && self.repeats_token && !params.contains(TOKEN)) {
            None => out.push_str(params),
            Some(token) => {
                let members = params.trim_start_matches('{').trim_start();
                let comma = if members.starts_with('}') { "" } else { "," };
                // A token is opaque: it is written as any text is.
                let token = serde_json::to_string(token.reveal()).map(zeroize::Zeroizing::new);
                out.extend(["{", TOKEN, ":", token.as_ref().map_or("\"\"", |token| token), comma, members]);
            }
        }
    }

    /// The answer to a request, or an error that names none.
    fn reply<'a>(&mut self, envelope: Envelope<'a>) -> Result<Inbound<'a>, MessageError> {
        let result = match (envelope.error, envelope.result) {
            (Some(error), _) => Err(refusal(error)),
            (None, Some(result)) => {
                self.shared.all_is_well();
                Ok(Body::Text(result))
            }
            (None, None) => return Err(MessageError::Meaningless),
        };
        if let Err(refusal) = &result {
            self.note(refusal);
        }
        let to = match envelope.id {
            Some(id) => match self.owner(&id) {
                Some(to) => Some(to),
                // The answer to a heartbeat's answer, or one that comes too late.
                None => return Ok(Inbound::Ignore),
            },
            None => None,
        };
        match (to, envelope.error, &result) {
            (None, Some(_), Err(refusal)) if refusal.code == Some(MAINTENANCE) => {
                let text = "the venue is under maintenance";
                Ok(Inbound::Close(CloseFrame::new(CloseCode::NORMAL, text)))
            }
            (None, Some(error), _) => {
                Ok(Inbound::Event { topic: Cow::Borrowed(ERRORS), position: None, body: Body::Text(error) })
            }
            _ => Ok(Inbound::Reply { to, result }),
        }
    }

    fn owner(&mut self, id: &Id<'_>) -> Option<RequestId> {
        match id {
            Id::Number(number) if *number >= FIRST => Some(RequestId::new(number - FIRST)),
            id => self.adopted.take(id),
        }
    }

    fn note(&self, refusal: &Refusal) {
        match refusal.code {
            Some(MAINTENANCE) => self.shared.note(Notice::Maintenance),
            Some(TOO_MANY) => self.shared.note(Notice::TooManyRequests),
            _ if refusal.message.contains("connection_too_slow") => self.shared.note(Notice::TooSlow),
            _ => {}
        }
    }

    fn notification<'a>(
        &mut self,
        method: Cow<'a, str>,
        envelope: Envelope<'a>,
    ) -> Result<Inbound<'a>, MessageError> {
        match method.as_ref() {
            "subscription" => {
                let (Some(channel), Some(data)) = (envelope.channel, envelope.data) else {
                    return Err(MessageError::NoItem);
                };
                Ok(item(channel, data))
            }
            "heartbeat" if envelope.kind.as_deref() == Some("test_request") => {
                self.heartbeats += 1;
                Ok(Inbound::Answer(Kept::Text(format!(
                    r#"{{"jsonrpc":"2.0","id":"{HEARTBEAT}{}","method":"public/test","params":{{}}}}"#,
                    self.heartbeats
                ))))
            }
            "heartbeat" => Ok(Inbound::Ignore),
            other => Ok(Inbound::Event {
                topic: Cow::Owned(format!("{METHODS}{other}")),
                position: None,
                body: Body::Text(envelope.params.unwrap_or("null")),
            }),
        }
    }
}

impl MessageHandler for DeribitMessages {
    type Dialect = DeribitDialect;
    type Error = MessageError;

    fn encode(
        &mut self,
        id: RequestId,
        request: Request,
        out: &mut Kept,
    ) -> Result<Correlation, MessageError> {
        let is_private = request.is_private();
        if is_private && !self.has_credentials {
            return Err(MessageError::NoCredentials { method: request.method().to_owned() });
        }
        let params = match request.params().map_err(MessageError::Params)?.trim() {
            "null" => "{}",
            params if params.starts_with('{') => params,
            _ => return Err(MessageError::Unnamed),
        };
        let method =
            serde_json::to_string(request.method()).map_err(|error| MessageError::Params(error.into()))?;
        let text = out.text_mut();
        text.push_str(r#"{"jsonrpc":"2.0","id":"#);
        text.push_str(&FIRST.saturating_add(id.get()).to_string());
        text.extend([r#","method":"#, &method, r#","params":"#]);
        self.write_params(params, is_private, text);
        text.push('}');
        let bytes = text.len();
        if bytes > LONGEST_MESSAGE {
            return Err(MessageError::TooLong { bytes });
        }
        Ok(Correlation::ById)
    }

    fn adopt(&mut self, id: RequestId, message: Body<'_>) -> Correlation {
        let own = message.as_text().and_then(|text| Envelope::read(text).ok()).and_then(|read| read.id);
        match own {
            // Such a number belongs to a request of the session's.
            Some(Id::Number(number)) if number >= FIRST => Correlation::Unanswered,
            Some(own @ (Id::Number(_) | Id::Text(_))) => {
                self.adopted.insert(&own, id);
                Correlation::ById
            }
            _ => Correlation::Unanswered,
        }
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, MessageError> {
        let text = message.as_text().ok_or(MessageError::Binary)?;
        if let Some((channel, rest)) = usual(text) {
            return Ok(item(Cow::Borrowed(channel), rest));
        }
        let envelope = match Envelope::read(text) {
            Ok(envelope) => envelope,
            Err(_) if text.trim_start().starts_with('[') => return Err(MessageError::Batch),
            Err(error) => return Err(MessageError::Envelope(error)),
        };
        match envelope.method.clone() {
            Some(method) if envelope.result.is_none() && envelope.error.is_none() => {
                self.notification(method, envelope)
            }
            _ => self.reply(envelope),
        }
    }
}

/// A notification as the venue usually writes it: its channel, and its item with the rest of the message
/// behind it, which [`DeribitJson`](crate::DeribitJson) knows to leave alone. Other orders of the members
/// are as good, and take the way over the envelope.
fn usual(text: &str) -> Option<(&str, &str)> {
    let (channel, rest) = text.strip_prefix(USUAL)?.split_once('"')?;
    // Behind an escape the quote may not be the end of the name.
    let is_plain = !channel.contains('\\');
    let rest = rest.strip_prefix(",\"data\":").filter(|_| is_plain)?;
    Some((channel, rest))
}

/// An item of a channel, with its position if it is one of a book.
fn item<'a>(channel: Cow<'a, str>, data: &'a str) -> Inbound<'a> {
    let position = channel.starts_with("book.").then(|| envelope::book_position(data)).flatten();
    Inbound::Event { topic: canonical(channel), position, body: Body::Text(data) }
}

/// How notifications usually begin.
const USUAL: &str = r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":""#;

/// The channel's name in the letter case its topic has.
///
/// The venue prints the currency in lower case in some families, whatever was asked for. Names of all
/// other families come back as they were.
fn canonical(channel: Cow<'_, str>) -> Cow<'_, str> {
    let starts = |families: &[&str]| families.iter().any(|family| channel.starts_with(family));
    if !matches!(channel.as_bytes(), [b'u', b's', ..] | [b'r', b'f', ..] | [b'b', b'l', ..]) {
        return channel;
    }
    if starts(LOWER) && channel.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(channel.to_ascii_lowercase());
    }
    if starts(UPPER)
        && let Some((family, currency)) = channel.rsplit_once('.')
        && currency != "any"
        && currency.bytes().any(|byte| byte.is_ascii_lowercase())
    {
        return Cow::Owned(format!("{family}.{}", currency.to_ascii_uppercase()));
    }
    channel
}

/// Families whose currency is in lower case.
pub(crate) const LOWER: &[&str] = &["user.portfolio.", "rfq.", "block_rfq.maker.", "block_rfq.taker."];
/// Families of whose currency nobody knows in which case it comes; their topics have it in upper case.
const UPPER: &[&str] = &["block_rfq.trades.", "block_trade_confirmations."];

/// The topic of errors that name no request.
pub(crate) const ERRORS: &str = "method:error";
/// What the topics of notifications begin with that are neither items nor heartbeats.
pub(crate) const METHODS: &str = "method:";

/// Requests are numbered from here on, so that the numbers below are free for messages that the
/// application writes itself. JSON carries whole numbers exactly up to nine times as much.
const FIRST: u64 = 1_000_000_000_000_000;
/// What the ids of answers to heartbeats begin with.
const HEARTBEAT: &str = "nova-heartbeat-";
/// "32 kB", read the shorter way.
pub(crate) const LONGEST_MESSAGE: usize = 32_000;

const TOKEN: &str = "\"access_token\"";
const MAINTENANCE: i64 = 11051;
const TOO_MANY: i64 = 10028;
