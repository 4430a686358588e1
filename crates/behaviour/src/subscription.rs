//! The behaviour of subscriptions: their wire form, and what an answer confirms.

use crate::{body::Body, dialect::Dialect, message::Position, refusal::Refusal, topic::Topic};

/// Writes subscribe and unsubscribe requests, and reads what their answers confirm.
///
/// Which topics are wanted, when to ask and when to ask again is the session's business.
pub trait SubscriptionHandler<D: Dialect>: Send + 'static {
    /// Whether the service has subscriptions at all. Default: yes.
    fn is_supported(&self) -> bool {
        true
    }

    /// Whether a topic can be asked for, as far as that can be told without asking: whoever wants it
    /// learns the refusal at once, and nothing is sent. Default: every topic can.
    ///
    /// # Errors
    ///
    /// The service would refuse it: the name is none, or it needs a login there is none of.
    fn check(&self, topic: &Topic) -> Result<(), Refusal> {
        let _ = topic;
        Ok(())
    }

    /// Whether the server sends this topic only while the login holds. When a login that had lapsed
    /// is made anew on a living link, such topics are asked for anew. Default: no.
    fn needs_login(&self, topic: &Topic) -> bool {
        let _ = topic;
        false
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
    /// message handler read; `last` is `None` where nothing came before it. Called for every numbered
    /// item: a comparison, not a computation.
    ///
    /// Default: positions are told, not checked.
    fn continuity(&mut self, topic: &str, last: Option<u64>, next: Position) -> Continuity {
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
    /// It tells nothing that the items before it did not: it is left out, counted as conflated, and
    /// the next one is held against the item before it.
    Covered,
    /// Items are missing in between.
    Broken {
        /// How many, where that can be known.
        missing: Option<u64>,
        /// Whether the stream is of no use until it is subscribed to anew. Of items that name the one
        /// they follow, none is delivered until one comes that follows none.
        resynchronise: bool,
    },
}

impl Continuity {
    /// For positions that count by one. A number that comes again, or is less, breaks the stream as
    /// well, and then nobody knows what is missing.
    #[must_use]
    pub fn by_one(last: Option<u64>, next: Position, resynchronise: bool) -> Self {
        let step = last.map(|last| next.number.checked_sub(last));
        match step {
            None | Some(Some(1)) => Self::Unbroken,
            Some(step) => Self::Broken { missing: step.and_then(|step| step.checked_sub(1)), resynchronise },
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_by_one_tells_how_many_are_missing() {
        let judged = |last, next| Continuity::by_one(last, Position::new(next), true);
        let broken = |missing| Continuity::Broken { missing, resynchronise: true };
        assert_eq!(judged(None, 7), Continuity::Unbroken);
        assert_eq!(judged(Some(6), 7), Continuity::Unbroken);
        assert_eq!(judged(Some(6), 10), broken(Some(3)));
        assert_eq!(judged(Some(6), 6), broken(None));
        assert_eq!(judged(Some(6), 2), broken(None));
    }
}
