//! Pings of the application.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use nova_behaviour::{Behaviour, Policy};
use nova_session::{RequestError, Settlement};

use crate::{call::Pending, shared::Hold};

/// A ping about to be sent. Await it for the time until its pong.
///
/// # Cancel safety
///
/// Dropping the future forgets the ping.
#[must_use = "a ping is sent only when it is awaited"]
pub struct PingBuilder<H: Behaviour, P: Policy> {
    hold: Arc<Hold<H, P>>,
    deadline: Option<Duration>,
}

impl<H: Behaviour, P: Policy> PingBuilder<H, P> {
    pub(crate) const fn new(hold: Arc<Hold<H, P>>) -> Self {
        Self { hold, deadline: None }
    }

    /// How long to wait for the pong. Default: the settings' `call_deadline`, 30 s.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl<H: Behaviour, P: Policy> IntoFuture for PingBuilder<H, P> {
    type Output = Result<Duration, RequestError>;
    type IntoFuture = Pong<H, P>;

    fn into_future(self) -> Self::IntoFuture {
        Pong(Pending::ping(self.hold, self.deadline))
    }
}

/// A ping whose pong is awaited.
#[must_use = "futures do nothing unless polled"]
pub struct Pong<H: Behaviour, P: Policy>(Pending<H, P>);

impl<H: Behaviour, P: Policy> Future for Pong<H, P> {
    type Output = Result<Duration, RequestError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.0.poll(cx))? {
            Settlement::Pong(round_trip) => Ok(round_trip),
            _ => Err(RequestError::Cancelled),
        })
    }
}
