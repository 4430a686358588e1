//! Messages the application writes itself: with a reply, or as a notification.

use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use nova_behaviour::{Behaviour, Body, Kept, Policy};
use nova_session::{Answer, Ask, Content, RequestError, Settlement};

use crate::{call::Pending, shared::Hold};

/// A message about to be sent, and its reply. Await it to send it.
///
/// # Cancel safety
///
/// As for a call: dropping the future cancels it.
#[must_use = "a message is sent only when it is awaited"]
pub struct SendBuilder<H: Behaviour, P: Policy> {
    hold: Arc<Hold<H, P>>,
    content: Result<Content<H::Dialect>, RequestError>,
    ask: Ask,
}

impl<H: Behaviour, P: Policy> SendBuilder<H, P> {
    pub(crate) fn new(hold: Arc<Hold<H, P>>, content: Result<Content<H::Dialect>, RequestError>) -> Self {
        Self { hold, content, ask: Ask::default() }
    }

    /// Lets it overtake what waits with a lower priority, for the socket or for credits. Default: 0.
    pub fn priority(mut self, priority: u8) -> Self {
        self.ask.priority = priority;
        self
    }

    /// How long it may take in all. Default: the settings' `call_deadline`, 30 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.ask.deadline = Some(deadline);
        self
    }

    /// Lets it wait this long for a usable link. Default: without one it fails at once.
    pub fn wait_for_link(mut self, wait: Duration) -> Self {
        self.ask.wait = Some(wait);
        self
    }

    /// Takes the first message that `claims` as the reply. It sees every message while this one
    /// waits; those it does not claim go on to whom they concern.
    ///
    /// It runs under the client's lock: a comparison, not a computation.
    pub fn matching(mut self, claims: impl FnMut(Body<'_>) -> bool + Send + 'static) -> Self {
        self.ask.answer = Answer::Matching(Box::new(claims));
        self
    }
}

impl<H: Behaviour, P: Policy> IntoFuture for SendBuilder<H, P> {
    type Output = Result<Kept, RequestError>;
    type IntoFuture = RawReply<H, P>;

    fn into_future(self) -> Self::IntoFuture {
        RawReply(Pending::new(self.hold, self.content, self.ask))
    }
}

/// A sent message whose reply is awaited.
#[must_use = "futures do nothing unless polled"]
pub struct RawReply<H: Behaviour, P: Policy>(Pending<H, P>);

impl<H: Behaviour, P: Policy> Future for RawReply<H, P> {
    type Output = Result<Kept, RequestError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.0.poll(cx))? {
            Settlement::Reply(body) => Ok(body),
            _ => Err(RequestError::Cancelled),
        })
    }
}

/// A message that wants no reply. Await it to send it; yields when it was handed to the socket.
///
/// # Cancel safety
///
/// Dropping the future takes the message back unless it has been handed over already.
#[must_use = "a message is sent only when it is awaited"]
pub struct Notify<H: Behaviour, P: Policy> {
    hold: Arc<Hold<H, P>>,
    content: Result<Content<H::Dialect>, RequestError>,
    ask: Ask,
}

impl<H: Behaviour, P: Policy> Notify<H, P> {
    pub(crate) fn new(hold: Arc<Hold<H, P>>, content: Result<Content<H::Dialect>, RequestError>) -> Self {
        let mut ask = Ask::default();
        ask.answer = Answer::None;
        Self { hold, content, ask }
    }

    /// Lets it overtake what waits with a lower priority, for the socket or for credits. Default: 0.
    pub fn priority(mut self, priority: u8) -> Self {
        self.ask.priority = priority;
        self
    }

    /// How long it may take until the socket has it. Default: the settings' `call_deadline`, 30 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.ask.deadline = Some(deadline);
        self
    }

    /// Lets it wait this long for a usable link. Default: without one it fails at once.
    pub fn wait_for_link(mut self, wait: Duration) -> Self {
        self.ask.wait = Some(wait);
        self
    }
}

impl<H: Behaviour, P: Policy> IntoFuture for Notify<H, P> {
    type Output = Result<(), RequestError>;
    type IntoFuture = Handing<H, P>;

    fn into_future(self) -> Self::IntoFuture {
        Handing(Pending::new(self.hold, self.content, self.ask))
    }
}

/// A notification on its way to the socket.
#[must_use = "futures do nothing unless polled"]
pub struct Handing<H: Behaviour, P: Policy>(Pending<H, P>);

impl<H: Behaviour, P: Policy> Future for Handing<H, P> {
    type Output = Result<(), RequestError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx).map_ok(|_| ())
    }
}
