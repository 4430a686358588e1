//! Subscribing: which channels can be asked for, how, and what the answer confirms.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::HashSet};

use nova_behaviour::{
    Body, Confirmation, Continuity, Position, Refusal, SubscriptionHandler, Topic, TopicRequest,
};
use serde::Serialize;

use crate::{
    channel::ChannelName,
    dialect::{DeribitDialect, Request},
    errors::{Group, RefusalExt},
    messages::{LOWER, METHODS},
};

/// Subscribes to channels, by name, many at a time.
///
/// A name that the venue would leave out without a word is refused before it is sent. What the venue
/// leaves out all the same is refused with a text; what it could not do just now is asked for again.
///
/// Topics that begin with `method:` are not asked for: they are notifications that the venue sends
/// anyway, by the name of their method, and `method:error` are errors that answer no request.
#[derive(Clone, Debug)]
pub struct DeribitTopics {
    has_credentials: bool,
    label: Option<String>,
    takes_unlisted: bool,
    raw_needs_login: bool,
}

impl DeribitTopics {
    pub(crate) const fn new(has_credentials: bool, label: Option<String>) -> Self {
        Self { has_credentials, label, takes_unlisted: false, raw_needs_login: true }
    }

    pub(crate) const fn taking_unlisted(mut self, takes_unlisted: bool) -> Self {
        self.takes_unlisted = takes_unlisted;
        self
    }

    pub(crate) const fn with_raw_for_all(mut self, is_for_all: bool) -> Self {
        self.raw_needs_login = !is_for_all;
        self
    }

    fn need(&self, topic: &Topic) -> Result<Need, Refusal> {
        let name = topic.as_str();
        if is_local(topic) {
            return Ok(Need::Nothing);
        }
        match name.parse::<ChannelName>() {
            Ok(channel) if channel.is_private() => Ok(Need::Private),
            Ok(channel) if channel.is_raw() => Ok(self.raw()),
            Ok(_) => Ok(Need::Nothing),
            Err(_) if self.takes_unlisted && is_sendable(name) => Ok(match name.rsplit_once('.') {
                _ if name.starts_with("user.") => Need::Private,
                Some((_, "raw")) => self.raw(),
                _ => Need::Nothing,
            }),
            Err(error) => Err(Refusal::new(error.to_string())),
        }
    }

    const fn raw(&self) -> Need {
        if self.raw_needs_login { Need::Raw } else { Need::Nothing }
    }

    fn request(&self, what: &str, topics: &[Topic], label: Option<&str>) -> TopicRequest<Request> {
        let channels: Vec<_> = topics.iter().filter(|topic| !is_local(topic)).map(wire_name).collect();
        if channels.is_empty() {
            return TopicRequest::Local;
        }
        // A call with credentials is private throughout: it may name public channels as well.
        let area = if self.has_credentials { "private" } else { "public" };
        TopicRequest::Send(Request::new(format!("{area}/{what}"), &Channels { channels, label }))
    }
}

/// What a channel needs to be sent.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Need {
    Nothing,
    /// A login, for it is one's own.
    Private,
    /// A login, for it is sent at each event.
    Raw,
}

#[derive(Serialize)]
struct Channels<'a> {
    channels: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

impl SubscriptionHandler<DeribitDialect> for DeribitTopics {
    fn check(&self, topic: &Topic) -> Result<(), Refusal> {
        let need = self.need(topic)?;
        if need == Need::Nothing || self.has_credentials {
            return Ok(());
        }
        let (what, code) = match need {
            Need::Raw => ("raw channels are sent only to who is logged in", RAW),
            _ => ("private channels are sent only to who is logged in", UNAUTHORIZED),
        };
        let text = format!("login needed: {what}, and there are no credentials");
        Err(Refusal::new(text).with_code(code))
    }

    fn needs_login(&self, topic: &Topic) -> bool {
        self.need(topic).is_ok_and(|need| need != Need::Nothing)
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<Request> {
        let label = self.label.as_deref().filter(|_| self.has_credentials);
        self.request("subscribe", topics, label)
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<Request> {
        self.request("unsubscribe", topics, None)
    }

    /// The rule of the books: a snapshot is a new base; a change follows the item it names, or the book
    /// is lost; changes not newer than the base are part of it.
    fn continuity(&mut self, topic: &str, last: Option<u64>, next: Position) -> Continuity {
        let Some(follows) = next.follows else { return Continuity::Unbroken };
        // Grouped books have more parts, and each of their items replaces the one before.
        if topic.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Continuity::Unbroken;
        }
        match last {
            Some(last) if next.number <= last => Continuity::Covered,
            Some(last) if follows == last => Continuity::Unbroken,
            // Numbers are shared by many books: how many are missing cannot be known.
            _ => Continuity::Broken { missing: None, resynchronise: true },
        }
    }

    fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        let mut told = Confirmation::default();
        let (local, remote): (Vec<_>, Vec<_>) = asked.iter().cloned().partition(is_local);
        told.confirmed = local;
        let refuse = |topic: Topic, text: String| (topic, Refusal::new(text));
        match answer.map(|body| serde_json::from_slice::<Vec<Cow<'_, str>>>(body.as_bytes())) {
            Ok(Ok(named)) => {
                let named: HashSet<String> = named.iter().map(|name| name.to_ascii_lowercase()).collect();
                for topic in remote {
                    if named.contains(&topic.as_str().to_ascii_lowercase()) {
                        told.confirmed.push(topic);
                    } else {
                        let text = format!(
                            "the venue left \"{topic}\" out: no such instrument, or not in this form"
                        );
                        told.refused.push(refuse(topic, text));
                    }
                }
            }
            Ok(Err(error)) => {
                let text = format!("the answer cannot be read, at its byte {}", error.column());
                told.refused.extend(remote.into_iter().map(|topic| refuse(topic, text.clone())));
            }
            Err(refusal) => self.refused(remote, refusal, &mut told),
        }
        told
    }
}

impl DeribitTopics {
    /// A call that failed altogether: the topics may not be to blame.
    fn refused(&self, topics: Vec<Topic>, refusal: &Refusal, told: &mut Confirmation) {
        match refusal.known().map(|error| error.group) {
            // The login has lapsed: the session makes it anew, and the topics can be had again.
            Some(Group::Authenticate) if self.has_credentials => told.postponed = topics,
            Some(Group::Authenticate) => {
                let mut refusal = refusal.clone();
                refusal.message = format!("login needed: {}", refusal.message);
                told.refused = topics.into_iter().map(|topic| (topic, refusal.clone())).collect();
            }
            Some(Group::BackOff | Group::StayAway | Group::Resubscribe | Group::OutcomeUnknown) => {
                told.postponed = topics;
            }
            Some(Group::Fix) | None => {
                told.refused = topics.into_iter().map(|topic| (topic, refusal.clone())).collect();
            }
        }
    }
}

/// A topic for whose items nothing needs to be asked.
fn is_local(topic: &Topic) -> bool {
    topic.as_str().starts_with(METHODS)
}

/// Whether a name that is in no list can be sent without doing harm.
fn is_sendable(name: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_good)
}

/// A channel's name as it is asked for: with the currency in upper case, as the venue's pages have it,
/// even where its notifications print it in lower case.
fn wire_name(topic: &Topic) -> Cow<'_, str> {
    let name = topic.as_str();
    match name.rsplit_once('.') {
        Some((family, currency))
            if currency != "any" && LOWER.iter().any(|lower| name.starts_with(lower)) =>
        {
            Cow::Owned(format!("{family}.{}", currency.to_ascii_uppercase()))
        }
        _ => Cow::Borrowed(name),
    }
}

/// The venue takes 500 names in a call, and 32 kB. So many of the longest names fit into the latter,
/// together with a label and a token.
const BATCH: usize = 340;
/// The longest name that is sent, in bytes.
const LONGEST_NAME: usize = 85;

const RAW: i64 = 13778;
const UNAUTHORIZED: i64 = 13009;
