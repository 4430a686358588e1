//! Subscribing: what to receive, and what to do when it comes faster than it is taken.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use nova_behaviour::{Behaviour, Bound, Channel, Conflate, Policy};
use nova_session::{Overflow, RequestError, SubscriptionEnd, Wanted};

use crate::{shared::Hold, subscription::Subscription};

/// A subscription about to be made. Await it; it yields once the service has acknowledged it.
///
/// # Cancel safety
///
/// Dropping the future takes the topic out of the wanted set.
#[must_use = "a subscription is made only when it is awaited"]
pub struct SubscribeBuilder<H: Behaviour, P: Policy, C> {
    hold: Arc<Hold<H, P>>,
    channel: C,
    overflow: Overflow,
    bound: Option<Bound>,
    required: bool,
    priority: u8,
    fresh_within: Option<Duration>,
    deadline: Option<Duration>,
}

impl<H: Behaviour, P: Policy, C: Channel<Dialect = H::Dialect>> SubscribeBuilder<H, P, C> {
    pub(crate) fn new(hold: Arc<Hold<H, P>>, channel: C) -> Self {
        Self {
            hold,
            channel,
            overflow: Overflow::default(),
            bound: None,
            required: false,
            priority: 0,
            fresh_within: None,
            deadline: None,
        }
    }

    /// Keeps only the newest item while the subscriber is busy. Only for items that are
    /// [`Conflate`]: leaving out others would lose information.
    pub fn conflated(mut self) -> Self
    where
        C::Item: Conflate,
    {
        self.overflow = Overflow::Conflate;
        self
    }

    /// Holds the link back while too much waits, for at most this long; then drops the oldest, with
    /// a gap. Must be shorter than the deadline of a probe. Default: 1 s.
    pub fn holding_back(mut self, max_pause: Duration) -> Self {
        self.overflow = Overflow::Block { max_pause };
        self
    }

    /// Drops the oldest items while too much waits, with a gap.
    pub fn dropping_oldest(mut self) -> Self {
        self.overflow = Overflow::DropOldest;
        self
    }

    /// Drops the newest items while too much waits, with a gap.
    pub fn dropping_newest(mut self) -> Self {
        self.overflow = Overflow::DropNewest;
        self
    }

    /// Ends the subscription when too much waits.
    pub fn closing_on_overflow(mut self) -> Self {
        self.overflow = Overflow::Close;
        self
    }

    /// What may wait to be taken. Default: the settings' `subscription`, 4 096 items and 16 MiB.
    pub fn bound(mut self, bound: Bound) -> Self {
        self.bound = Some(bound);
        self
    }

    /// After a reconnect, the client counts as ready only once this topic is acknowledged.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// After a reconnect, topics of higher priority are asked for first. Default: 0.
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// How long the topic may be silent before it counts as stale: an event tells so, it is
    /// subscribed to anew, and if that does not help, the error handler judges; its default
    /// reconnects. Default: for ever.
    pub fn fresh_within(mut self, within: Duration) -> Self {
        self.fresh_within = Some(within);
        self
    }

    /// How long to wait for the acknowledgement. Default: the settings' `call_deadline`, 30 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Adds to the wanted set and returns the subscription at once, also while there is no link, so
    /// that nothing is missed that comes before the acknowledgement. See
    /// [`Subscription::confirmed`].
    ///
    /// # Errors
    ///
    /// [`RequestError::NotSent`]: the service has no subscriptions, the client is closed, or the
    /// overflow rule holds the link back for too long.
    pub fn open(self) -> Result<Subscription<C::Item>, RequestError> {
        let Self { hold, channel, overflow, bound, required, priority, fresh_within, .. } = self;
        let mut wanted = Wanted::new(vec![channel.topic()]);
        (wanted.overflow, wanted.bound, wanted.required) = (overflow, bound, required);
        (wanted.priority, wanted.fresh_within) = (priority, fresh_within);
        let id = hold.0.with(|session| session.subscribe(wanted))?;
        Ok(Subscription::new(hold, id))
    }

    async fn make(self) -> Result<Subscription<C::Item>, SubscribeError> {
        let default = self.hold.0.with(|session| session.settings().call_deadline);
        let deadline = self.deadline.unwrap_or(default);
        // From here on, dropping the subscription takes it back.
        let subscription = self.open()?;
        match tokio::time::timeout(deadline, subscription.confirmed()).await {
            Ok(Ok(())) => Ok(subscription),
            Ok(Err(end)) => Err(SubscribeError::Ended(end)),
            Err(_) => Err(SubscribeError::TimedOut),
        }
    }
}

impl<H: Behaviour, P: Policy, C: Channel<Dialect = H::Dialect>> IntoFuture for SubscribeBuilder<H, P, C> {
    type Output = Result<Subscription<C::Item>, SubscribeError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}

/// Why there is no subscription.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// It was not accepted.
    #[error("the subscription was not accepted")]
    NotAccepted(#[from] RequestError),
    /// It ended before it was acknowledged; for instance, the server refused it.
    #[error("the subscription was not acknowledged")]
    Ended(#[source] SubscriptionEnd),
    /// No acknowledgement came before the deadline. The topic is no longer wanted.
    #[error("the subscription was not acknowledged before the deadline")]
    TimedOut,
}
