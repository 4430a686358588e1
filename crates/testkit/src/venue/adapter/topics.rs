//! Subscribing, ten topics at a time.

use nova_behaviour::{
    Body, Confirmation, Continuity, Position, Refusal, SubscriptionHandler, Topic, TopicRequest,
};
use serde::Deserialize;

use super::dialect::{Request, VenueDialect};

/// Subscribes in batches; the answer names what was confirmed and what was refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct VenueTopics;

#[derive(Deserialize)]
struct Answer {
    on: Vec<String>,
    #[serde(default)]
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    topic: String,
    code: i64,
    message: String,
}

impl SubscriptionHandler<VenueDialect> for VenueTopics {
    fn batch(&self) -> usize {
        10
    }

    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<Request> {
        TopicRequest::Send(Request::Subscribe { topics: names(topics) })
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<Request> {
        TopicRequest::Send(Request::Unsubscribe { topics: names(topics) })
    }

    /// The positions of deltas follow each other; prices may be left out, and fills of others are.
    fn continuity(&mut self, topic: &str, last: Option<u64>, next: Position) -> Continuity {
        let counts = topic.starts_with("deltas.");
        if counts { Continuity::by_one(last, next, false) } else { Continuity::Unbroken }
    }

    fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        let all = |refusal: Refusal| Confirmation {
            refused: asked.iter().map(|topic| (topic.clone(), refusal.clone())).collect(),
            ..Confirmation::default()
        };
        let body = match answer {
            Ok(body) => body,
            // Too much was asked at once: the topics are not to blame.
            Err(refusal) if refusal.code == Some(429) => {
                return Confirmation { postponed: asked.to_vec(), ..Confirmation::default() };
            }
            Err(refusal) => return all(refusal.clone()),
        };
        match serde_json::from_slice(body.as_bytes()) {
            Ok(Answer { on, refused }) => Confirmation {
                confirmed: on.into_iter().map(Topic::from).collect(),
                refused: refused
                    .into_iter()
                    .map(|no| (Topic::from(no.topic), Refusal::new(no.message).with_code(no.code)))
                    .collect(),
                ..Confirmation::default()
            },
            Err(error) => all(Refusal::new(format!("the answer cannot be read: {error}"))),
        }
    }
}

fn names(topics: &[Topic]) -> Vec<String> {
    topics.iter().map(|topic| topic.as_str().to_owned()).collect()
}
