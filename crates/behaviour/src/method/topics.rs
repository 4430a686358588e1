//! Subscribing by a method that takes names.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::MethodRequest;
use crate::{
    body::Body,
    dialect::Dialect,
    envelope::members,
    message::Position,
    refusal::Refusal,
    subscription::{Confirmation, Continuity, SubscriptionHandler, TopicRequest},
    topic::Topic,
};

/// Subscribes and unsubscribes by a method each, which takes a list of names.
#[derive(Clone, Debug)]
pub struct MethodTopics {
    subscribe: &'static str,
    unsubscribe: &'static str,
    names: Option<&'static str>,
    batch: usize,
    confirmed: Option<&'static str>,
    postponed: Vec<i64>,
    counting: Counting,
}

/// What is made of the positions of items.
#[derive(Clone, Copy, Debug)]
enum Counting {
    Told,
    ByOne { resynchronise: bool },
}

impl MethodTopics {
    /// By these methods. The parameters are the list of names itself, one topic a request, and any
    /// result confirms what was asked for, unless the `with_…` say otherwise.
    #[must_use]
    pub const fn new(subscribe: &'static str, unsubscribe: &'static str) -> Self {
        Self {
            subscribe,
            unsubscribe,
            names: None,
            batch: 1,
            confirmed: None,
            postponed: Vec::new(),
            counting: Counting::Told,
        }
    }

    /// Puts the list of names into a parameter.
    #[must_use]
    pub const fn with_names(mut self, parameter: &'static str) -> Self {
        self.names = Some(parameter);
        self
    }

    /// How many topics one request may name; at least 1. Default: 1.
    #[must_use]
    pub const fn with_batch(mut self, batch: usize) -> Self {
        self.batch = if batch == 0 { 1 } else { batch };
        self
    }

    /// Names the member of the result that lists what was confirmed; members of members by dots, and an
    /// empty path for the result itself. What it does not list is refused.
    #[must_use]
    pub const fn with_confirmed(mut self, path: &'static str) -> Self {
        self.confirmed = Some(path);
        self
    }

    /// A refusal with this number does not blame the topics: they are asked for again after a pause.
    #[must_use]
    pub fn with_postponed(mut self, code: i64) -> Self {
        self.postponed.push(code);
        self
    }

    /// Holds it against a stream when the positions of its items do not count by one: there is a gap
    /// then, and the topic is subscribed to anew if that is said here. Default: positions are told only.
    #[must_use]
    pub const fn counting_by_one(mut self, resynchronise: bool) -> Self {
        self.counting = Counting::ByOne { resynchronise };
        self
    }
}

impl<D: Dialect> SubscriptionHandler<D> for MethodTopics
where
    D::Request: MethodRequest,
{
    fn batch(&self) -> usize {
        self.batch
    }

    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<D::Request> {
        let params = Names { parameter: self.names, topics };
        TopicRequest::Send(D::Request::of_method(self.subscribe, &params))
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<D::Request> {
        let params = Names { parameter: self.names, topics };
        TopicRequest::Send(D::Request::of_method(self.unsubscribe, &params))
    }

    fn continuity(&mut self, _topic: &str, last: Option<u64>, next: Position) -> Continuity {
        match self.counting {
            Counting::Told => Continuity::Unbroken,
            Counting::ByOne { resynchronise } => Continuity::by_one(last, next, resynchronise),
        }
    }

    fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        let refuse = |refusal: &Refusal| Confirmation {
            refused: asked.iter().map(|topic| (topic.clone(), refusal.clone())).collect(),
            ..Confirmation::default()
        };
        let confirm = |confirmed| Confirmation { confirmed, ..Confirmation::default() };
        match (answer, self.confirmed) {
            (Ok(_), None) => confirm(asked.to_vec()),
            (Ok(body), Some(path)) => {
                let listed = members::find(body.as_text().unwrap_or_default(), path);
                match listed.and_then(|list| serde_json::from_str(list).ok()) {
                    Some(listed) => confirm(listed),
                    None => refuse(&Refusal::new(format!("the answer does not list \"{path}\""))),
                }
            }
            (Err(refusal), _) if refusal.code.is_some_and(|code| self.postponed.contains(&code)) => {
                Confirmation { postponed: asked.to_vec(), ..Confirmation::default() }
            }
            (Err(refusal), _) => refuse(refusal),
        }
    }
}

struct Names<'a> {
    parameter: Option<&'static str>,
    topics: &'a [Topic],
}

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(parameter) = self.parameter else { return self.topics.serialize(serializer) };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(parameter, self.topics)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codec::Json, method::MethodCall};

    struct Service;

    impl Dialect for Service {
        type Request = MethodCall;
        type Codec = Json;
    }

    fn asked(topics: &mut MethodTopics) -> String {
        match SubscriptionHandler::<Service>::subscribe(topics, &names(&["a", "b"])) {
            TopicRequest::Send(request) => format!("{} {}", request.method(), request.params().unwrap()),
            TopicRequest::Local => String::new(),
        }
    }

    fn names(names: &[&str]) -> Vec<Topic> {
        names.iter().map(|name| Topic::from(*name)).collect()
    }

    fn confirmation(topics: &mut MethodTopics, answer: &str) -> Confirmation {
        SubscriptionHandler::<Service>::answered(topics, &names(&["a", "b"]), Ok(Body::Text(answer)))
    }

    #[test]
    fn names_go_where_the_service_wants_them() {
        let mut topics = MethodTopics::new("on", "off");
        assert_eq!(asked(&mut topics), r#"on ["a","b"]"#);
        assert_eq!(asked(&mut topics.with_names("channels")), r#"on {"channels":["a","b"]}"#);
    }

    #[test]
    fn only_what_the_answer_lists_is_confirmed() {
        let mut topics = MethodTopics::new("on", "off").with_confirmed("on");
        assert_eq!(confirmation(&mut topics, r#"{"on":["b"]}"#).confirmed, names(&["b"]));
        for unreadable in ["{}", "[]", "", r#"{"on":7}"#] {
            assert_eq!(confirmation(&mut topics, unreadable).refused.len(), 2, "{unreadable}");
        }
        let mut whole = MethodTopics::new("on", "off").with_confirmed("");
        assert_eq!(confirmation(&mut whole, r#"["a"]"#).confirmed, names(&["a"]));
        let mut any = MethodTopics::new("on", "off");
        assert_eq!(confirmation(&mut any, "null").confirmed, names(&["a", "b"]));
    }

    #[test]
    fn a_refusal_for_too_much_blames_no_topic() {
        let mut topics = MethodTopics::new("on", "off").with_postponed(429);
        let mut answered = |code| {
            let refusal = Refusal::new("no").with_code(code);
            SubscriptionHandler::<Service>::answered(&mut topics, &names(&["a"]), Err(&refusal))
        };
        assert_eq!(answered(429).postponed, names(&["a"]));
        assert_eq!(answered(404).refused.len(), 1);
    }
}
