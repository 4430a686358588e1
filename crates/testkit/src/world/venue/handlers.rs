//! How a session speaks to the venue.

use std::{borrow::Cow, time::Duration};

use nova_behaviour::{
    AuthHandler, Body, Confirmation, Correlation, Dialect, Grant, Handlers, Inbound, Json, Kept, LoginMoment,
    MessageHandler, Position, Quiet, Refusal, RequestId, RetryTransient, SubscriptionHandler, Topic,
    TopicRequest,
};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::world::Marks;

/// The venue's handlers, without login, and one topic in each request.
#[must_use]
pub fn handlers() -> Handlers<Words, Quiet, RetryTransient, Topics> {
    Handlers::new(Words).with_subscriptions(Topics { batch: 1 })
}

/// How the checker recognises the venue's requests: by their ids.
pub const MARKS: Marks = Marks { request: leading_id, reply: leading_id, is_id: true };

fn leading_id(body: Body<'_>) -> Option<u64> {
    let (number, _) = body.as_text()?.strip_prefix(r#"{"id":"#)?.split_once([',', '}'])?;
    number.parse().ok()
}

/// The venue's language.
#[derive(Clone, Copy, Debug)]
pub struct VenueDialect;

impl Dialect for VenueDialect {
    type Request = VenueRequest;
    type Codec = Json;
}

/// What can be asked of the venue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum VenueRequest {
    /// It says the same.
    Say(String),
    /// As `Say`, but nobody answers.
    Tell(String),
    /// It publishes these from now on.
    Subscribe(Vec<Topic>),
    /// It stops publishing these.
    Unsubscribe(Vec<Topic>),
    /// It knows who is there from now on.
    Login(u64),
}

impl VenueRequest {
    /// Asks the venue to say something.
    pub fn say(what: impl Into<String>) -> Self {
        Self::Say(what.into())
    }
}

/// The venue's messages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words;

#[derive(Deserialize)]
struct Envelope<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<(i64, String)>,
    #[serde(borrow)]
    topic: Option<Cow<'a, str>>,
    sequence: Option<u64>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    beat: Option<u64>,
}

impl MessageHandler for Words {
    type Dialect = VenueDialect;
    type Error = serde_json::Error;

    fn encode(
        &mut self,
        id: RequestId,
        request: VenueRequest,
        out: &mut Kept,
    ) -> Result<Correlation, Self::Error> {
        let names = |topics: &[Topic]| topics.iter().map(Topic::to_string).collect::<Vec<_>>();
        let (verb, object) = match &request {
            VenueRequest::Say(what) => ("say", json!(what)),
            VenueRequest::Tell(what) => ("tell", json!(what)),
            VenueRequest::Subscribe(topics) => ("subscribe", json!(names(topics))),
            VenueRequest::Unsubscribe(topics) => ("unsubscribe", json!(names(topics))),
            VenueRequest::Login(nonce) => ("login", json!(nonce)),
        };
        *out = Kept::Text(format!(r#"{{"id":{id},"{verb}":{object}}}"#));
        let is_told = matches!(request, VenueRequest::Tell(_));
        Ok(if is_told { Correlation::Unanswered } else { Correlation::ById })
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Self::Error> {
        let envelope: Envelope<'a> = match message {
            Body::Text(text) => serde_json::from_str(text)?,
            Body::Binary(bytes) => serde_json::from_slice(bytes)?,
        };
        Ok(match envelope {
            Envelope { id: Some(id), result: Some(result), .. } => {
                Inbound::Reply { to: Some(RequestId::new(id)), result: Ok(Body::Text(result.get())) }
            }
            Envelope { id: Some(id), error: Some((code, text)), .. } => {
                let refusal = Refusal::new(text).with_code(code);
                Inbound::Reply { to: Some(RequestId::new(id)), result: Err(refusal) }
            }
            Envelope { topic: Some(topic), item: Some(item), sequence, .. } => {
                Inbound::Event { topic, position: sequence.map(Position::new), body: Body::Text(item.get()) }
            }
            Envelope { beat: Some(beat), .. } => Inbound::Answer(Kept::Text(format!(r#"{{"beat":{beat}}}"#))),
            _ => Inbound::Ignore,
        })
    }
}

/// The venue's subscriptions.
#[derive(Clone, Copy, Debug)]
pub struct Topics {
    /// How many topics one request may name.
    pub batch: usize,
}

#[derive(Deserialize)]
struct Subscribed {
    on: Vec<String>,
    refused: Vec<String>,
}

impl SubscriptionHandler<VenueDialect> for Topics {
    fn batch(&self) -> usize {
        self.batch
    }

    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<VenueRequest> {
        TopicRequest::Send(VenueRequest::Subscribe(topics.to_vec()))
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<VenueRequest> {
        TopicRequest::Send(VenueRequest::Unsubscribe(topics.to_vec()))
    }

    fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        let refusal = |topic: Topic| (topic, Refusal::new("the venue does not have it"));
        let answer = answer.ok().and_then(|body| serde_json::from_slice(body.as_bytes()).ok());
        match answer {
            Some(Subscribed { on, refused }) => Confirmation {
                confirmed: on.into_iter().map(Topic::from).collect(),
                refused: refused.into_iter().map(|topic| refusal(Topic::from(topic))).collect(),
                ..Confirmation::default()
            },
            None => Confirmation {
                refused: asked.iter().map(|topic| refusal(topic.clone())).collect(),
                ..Confirmation::default()
            },
        }
    }
}

/// The venue's login.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// How long before its expiry a grant is renewed. Default: nothing.
    pub lead: Duration,
    /// The moments of all logins so far.
    pub moments: Vec<LoginMoment>,
}

#[derive(Deserialize)]
struct Granted {
    seconds: Option<u64>,
}

impl AuthHandler<VenueDialect> for Login {
    fn login(&mut self, moment: LoginMoment) -> Option<VenueRequest> {
        self.moments.push(moment);
        Some(VenueRequest::Login(moment.nonce))
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        let granted: Granted = serde_json::from_slice(answer?.as_bytes())
            .map_err(|error| Refusal::new(format!("the grant cannot be read: {error}")))?;
        let grant = Grant::default();
        Ok(granted.seconds.map_or(grant, |seconds| grant.with_expires_in(Duration::from_secs(seconds))))
    }

    fn renewal_lead(&self) -> Duration {
        self.lead
    }
}
