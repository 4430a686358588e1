//! A subscription: items in order, and a gap wherever something is missing.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use nova_behaviour::{Behaviour, Decode, DecodeError, Dialect, Kept, Policy, Topic};
use nova_session::{Arrival, Delivery, DeliveryCounts, Gap, SubscriptionEnd, SubscriptionId};

use crate::{
    decode::contained,
    shared::{Hold, now},
};

/// A stream of typed items. Dropping it unsubscribes.
///
/// Its type names the item alone, so that it can stand in a struct; each taken item costs one
/// virtual call. Items are decoded here, by whoever takes them.
pub struct Subscription<T> {
    source: Arc<dyn Source>,
    id: SubscriptionId,
    body: Kept,
    arrival: Option<Arrival>,
    decode: fn(&mut Kept) -> Result<T, DecodeError>,
}

/// What a subscription needs of its client, without the client's types.
trait Source: Send + Sync {
    fn poll(&self, id: SubscriptionId, body: &mut Kept, cx: &Context<'_>) -> Poll<Option<Delivery<Arrival>>>;
    fn poll_confirmed(&self, id: SubscriptionId, cx: &Context<'_>) -> Poll<Result<(), SubscriptionEnd>>;
    fn undecodable(&self, id: SubscriptionId, topic: &Topic) -> Option<Gap>;
    fn why_ended(&self, id: SubscriptionId) -> Option<SubscriptionEnd>;
    fn counts(&self, id: SubscriptionId) -> Option<DeliveryCounts>;
    fn unsubscribe(&self, id: SubscriptionId) -> Option<DeliveryCounts>;
    fn forget(&self, id: SubscriptionId);
}

impl<T> Subscription<T> {
    pub(crate) fn new<H: Behaviour, P: Policy>(hold: Arc<Hold<H, P>>, id: SubscriptionId) -> Self
    where
        T: Decode<<H::Dialect as Dialect>::Codec>,
    {
        Self { source: hold, id, body: Kept::default(), arrival: None, decode: T::decode }
    }

    /// Waits until the service has acknowledged it on the present link.
    ///
    /// # Errors
    ///
    /// It ended instead; for instance, the service refused it.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn confirmed(&self) -> Result<(), SubscriptionEnd> {
        poll_fn(|cx| self.source.poll_confirmed(self.id, cx)).await
    }

    /// The next item or gap; `None` once the subscription has ended and everything was taken.
    ///
    /// # Cancel safety
    ///
    /// No item is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Delivery<T>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`next`](Self::next), for hand-written futures.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery<T>>> {
        Poll::Ready(match ready!(self.source.poll(self.id, &mut self.body, cx)) {
            None => None,
            Some(Delivery::Gap(gap)) => Some(Delivery::Gap(gap)),
            Some(Delivery::Item(arrival)) => {
                let decoded = contained(|| (self.decode)(&mut self.body));
                let arrival = self.arrival.insert(arrival);
                match decoded {
                    Ok(item) => Some(Delivery::Item(item)),
                    Err(_) => self.source.undecodable(self.id, &arrival.topic).map(Delivery::Gap),
                }
            }
        })
    }

    /// Of the item that was taken last: its position, the link it came on, and when it came.
    #[must_use]
    pub const fn arrival(&self) -> Option<&Arrival> {
        self.arrival.as_ref()
    }

    /// Why there will be nothing more; `None` while there may be.
    #[must_use]
    pub fn why_ended(&self) -> Option<SubscriptionEnd> {
        self.source.why_ended(self.id)
    }

    /// What became of its items so far.
    #[must_use]
    pub fn counts(&self) -> DeliveryCounts {
        self.source.counts(self.id).unwrap_or_default()
    }

    /// Unsubscribes, and tells what became of its items in all; those still waiting count as
    /// dropped. Dropping the subscription does the same in silence.
    pub fn unsubscribe(self) -> DeliveryCounts {
        self.source.unsubscribe(self.id).unwrap_or_default()
    }
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        self.source.forget(self.id);
    }
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl<H: Behaviour, P: Policy> Source for Hold<H, P> {
    fn poll(&self, id: SubscriptionId, body: &mut Kept, cx: &Context<'_>) -> Poll<Option<Delivery<Arrival>>> {
        self.0.with(|session| session.poll_delivery(now, id, body, cx))
    }

    fn poll_confirmed(&self, id: SubscriptionId, cx: &Context<'_>) -> Poll<Result<(), SubscriptionEnd>> {
        self.0.with(|session| session.poll_confirmed(id, cx))
    }

    fn undecodable(&self, id: SubscriptionId, topic: &Topic) -> Option<Gap> {
        self.0.with(|session| session.handle_undecodable(id, topic))
    }

    fn why_ended(&self, id: SubscriptionId) -> Option<SubscriptionEnd> {
        self.0.with(|session| session.why_ended(id))
    }

    fn counts(&self, id: SubscriptionId) -> Option<DeliveryCounts> {
        self.0.with(|session| session.delivery_counts(id))
    }

    fn unsubscribe(&self, id: SubscriptionId) -> Option<DeliveryCounts> {
        self.0.with(|session| session.unsubscribe(now(), id))
    }

    fn forget(&self, id: SubscriptionId) {
        self.0.later(move |session| {
            session.unsubscribe(now(), id);
        });
    }
}
