//! The behaviour of subscriptions: their wire form, and what an answer confirms.

use crate::{body::Body, dialect::Dialect, refusal::Refusal, topic::Topic};

/// Writes subscribe and unsubscribe requests, and reads what their answers confirm.
///
/// Which topics are wanted, when to ask and when to ask again is the session's business.
pub trait SubscriptionHandler<D: Dialect>: Send + 'static {
    /// Whether the service has subscriptions at all. Default: yes.
    fn is_supported(&self) -> bool {
        true
    }

    /// How many topics one request may name. Default: 1.
    fn batch(&self) -> usize {
        1
    }

    /// The request that subscribes to these topics, at most [`batch`](Self::batch) of them.
    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<D::Request>;

    /// The request that ends these subscriptions.
    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<D::Request>;

    /// Whether an item of a stream follows the one before it on the same link, by the positions the
    /// message handler read. Called for every numbered item: a comparison, not a computation.
    ///
    /// Default: positions are told, not checked.
    fn continuity(&mut self, topic: &str, last: u64, next: u64) -> Continuity {
        let _ = (topic, last, next);
        Continuity::Unbroken
    }

    /// What the answer to a request for `asked` means. A topic that is in no list counts as refused:
    /// only what the answer names is confirmed.
    ///
    /// Default: a result confirms all, an error refuses all.
    fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
        match answer {
            Ok(_) => Confirmation { confirmed: asked.to_vec(), ..Confirmation::default() },
            Err(refusal) => {
                let refused = asked.iter().map(|topic| (topic.clone(), refusal.clone())).collect();
                Confirmation { refused, ..Confirmation::default() }
            }
        }
    }
}

/// How to ask for a change of subscriptions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TopicRequest<R> {
    /// By this request.
    Send(R),
    /// Nothing needs to be asked: the server sends the stream anyway.
    Local,
}

/// Whether an item follows the one before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Continuity {
    /// It does, or nobody can tell.
    Unbroken,
    /// Items are missing in between.
    Broken {
        /// How many, where that can be known.
        missing: Option<u64>,
        /// Whether the stream is of no use until it is subscribed to anew.
        resynchronise: bool,
    },
}

/// Which topics an answer confirmed, and which it refused.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Confirmation {
    /// Now active.
    pub confirmed: Vec<Topic>,
    /// Refused, each with the server's reason.
    pub refused: Vec<(Topic, Refusal)>,
    /// Neither: to be asked for again after a pause, for instance because a limit was hit.
    pub postponed: Vec<Topic>,
}

/// A service without subscriptions: every attempt to subscribe is a typed error.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSubscriptions;

impl<D: Dialect> SubscriptionHandler<D> for NoSubscriptions {
    fn is_supported(&self) -> bool {
        false
    }

    fn subscribe(&mut self, _topics: &[Topic]) -> TopicRequest<D::Request> {
        TopicRequest::Local
    }

    fn unsubscribe(&mut self, _topics: &[Topic]) -> TopicRequest<D::Request> {
        TopicRequest::Local
    }
}

/// A service that sends its streams unasked; subscribing only says who takes them.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalTopics;

impl<D: Dialect> SubscriptionHandler<D> for LocalTopics {
    fn subscribe(&mut self, _topics: &[Topic]) -> TopicRequest<D::Request> {
        TopicRequest::Local
    }

    fn unsubscribe(&mut self, _topics: &[Topic]) -> TopicRequest<D::Request> {
        TopicRequest::Local
    }
}
