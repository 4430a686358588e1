//! Subscribing, five topics at a time.

use nova_behaviour::{
    Body, Confirmation, Continuity, Position, Refusal, SubscriptionHandler, Topic, TopicRequest,
};
use serde::Deserialize;

use crate::{
    dialect::{Request, TulipDialect},
    errors::{Meaning, meaning},
};

/// Subscribes in batches; the answer names what is on and what was refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct TulipTopics;

#[derive(Deserialize)]
struct Answer {
    on: Vec<Topic>,
    #[serde(default)]
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    topic: Topic,
    code: i64,
    text: String,
}

impl SubscriptionHandler<TulipDialect> for TulipTopics {
    fn batch(&self) -> usize {
        5
    }

    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<Request> {
        TopicRequest::Send(Request::Listen { topics: topics.to_vec() })
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<Request> {
        TopicRequest::Send(Request::Leave { topics: topics.to_vec() })
    }

    /// Positions count by one. A trade that is missing is gone: the stream goes on behind a gap, and
    /// subscribing anew would not bring it back.
    fn continuity(&mut self, _topic: &str, last: Option<u64>, next: Position) -> Continuity {
        Continuity::by_one(last, next, false)
    }

    fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        let mut confirmation = Confirmation::default();
        let all = |refusal: Refusal| asked.iter().map(|topic| (topic.clone(), refusal.clone())).collect();
        match answer.map(|body| serde_json::from_slice(body.as_bytes())) {
            Ok(Ok(Answer { on, refused })) => {
                confirmation.confirmed = on;
                let named = |no: Refused| (no.topic, Refusal::new(no.text).with_code(no.code));
                confirmation.refused = refused.into_iter().map(named).collect();
            }
            Ok(Err(error)) => {
                confirmation.refused = all(Refusal::new(format!("the answer cannot be read: {error}")));
            }
            // Too much was asked at once: the topics are not to blame.
            Err(refusal) if meaning(refusal) == Meaning::TooMuch => confirmation.postponed = asked.to_vec(),
            Err(refusal) => confirmation.refused = all(refusal.clone()),
        }
        confirmation
    }
}

// That only what the answer names is confirmed is among the scenarios of the conformance kit.
#[cfg(test)]
mod tests {
    use super::*;

    fn answered(answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        TulipTopics.answered(&["trades.ABC", "trades.NONE"].map(Topic::from), answer)
    }

    #[test]
    fn an_answer_that_cannot_be_read_confirms_nothing() {
        let Confirmation { confirmed, refused, .. } = answered(Ok(Body::Text("{}")));
        assert_eq!((confirmed.len(), refused.len()), (0, 2));
    }

    #[test]
    fn too_much_at_once_is_asked_again_later() {
        let refusal = Refusal::new("slower").with_code(40);
        assert_eq!(answered(Err(&refusal)).postponed.len(), 2);
    }
}
