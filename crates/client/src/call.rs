//! Calls: a request and its typed reply.

use std::{
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use nova_behaviour::{Behaviour, Call, Decode, Dialect, Idempotent, Policy, RequestId};
use nova_session::{Ask, Content, RequestError, Settlement};

use crate::{
    decode::contained,
    shared::{Hold, now},
};

/// A call about to be made. Await it to make it.
///
/// # Cancel safety
///
/// Dropping the future cancels the call: it is not sent if it has not been; if it has, its reply is
/// ignored.
#[must_use = "a call is made only when it is awaited"]
pub struct CallBuilder<H: Behaviour, P: Policy, C> {
    hold: Arc<Hold<H, P>>,
    call: C,
    ask: Ask,
}

impl<H: Behaviour, P: Policy, C: Call<H::Dialect>> CallBuilder<H, P, C> {
    pub(crate) fn new(hold: Arc<Hold<H, P>>, call: C) -> Self {
        Self { hold, call, ask: Ask::default() }
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

    /// Lets it wait this long for a usable link, across reconnections. Default: without a usable
    /// link it fails at once.
    pub fn wait_for_link(mut self, wait: Duration) -> Self {
        self.ask.wait = Some(wait);
        self
    }

    /// Sends it again on the next link if the link is lost before the reply. Only calls that are
    /// [`Idempotent`] can be: others could make the service act twice.
    pub fn replay_on_reconnect(mut self) -> Self
    where
        C: Idempotent,
    {
        self.ask.replay = true;
        self
    }
}

impl<H: Behaviour, P: Policy, C: Call<H::Dialect>> IntoFuture for CallBuilder<H, P, C> {
    type Output = Result<C::Reply, RequestError>;
    type IntoFuture = Reply<H, P, C::Reply>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { hold, call, ask } = self;
        Reply {
            pending: Pending::new(hold, Ok(Content::Request(call.into_request())), ask),
            reply: PhantomData,
        }
    }
}

/// A call under way.
#[must_use = "futures do nothing unless polled"]
pub struct Reply<H: Behaviour, P: Policy, R> {
    pending: Pending<H, P>,
    reply: PhantomData<fn() -> R>,
}

impl<H: Behaviour, P: Policy, R: Decode<<H::Dialect as Dialect>::Codec>> Future for Reply<H, P, R> {
    type Output = Result<R, RequestError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.pending.poll(cx))? {
            Settlement::Reply(mut body) => contained(|| R::decode(&mut body)).map_err(|error| {
                self.pending.count_undecodable();
                RequestError::Undecodable(error)
            }),
            _ => Err(RequestError::Cancelled),
        })
    }
}

/// A request under way; dropping it cancels the request.
pub(crate) struct Pending<H: Behaviour, P: Policy> {
    hold: Arc<Hold<H, P>>,
    request: Request<H::Dialect>,
}

enum Request<D: Dialect> {
    /// To be made when polled first, so that building a future changes nothing.
    New(Result<Content<D>, RequestError>, Ask),
    Ping(Option<Duration>),
    Made(RequestId),
    Over,
}

impl<H: Behaviour, P: Policy> Pending<H, P> {
    pub(crate) const fn new(
        hold: Arc<Hold<H, P>>,
        content: Result<Content<H::Dialect>, RequestError>,
        ask: Ask,
    ) -> Self {
        Self { hold, request: Request::New(content, ask) }
    }

    pub(crate) const fn ping(hold: Arc<Hold<H, P>>, deadline: Option<Duration>) -> Self {
        Self { hold, request: Request::Ping(deadline) }
    }

    fn count_undecodable(&self) {
        self.hold.0.with(|session| session.handle_undecodable_reply());
    }

    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<Settlement, RequestError>> {
        let shared = &self.hold.0;
        let id = match std::mem::replace(&mut self.request, Request::Over) {
            Request::New(content, ask) => shared.with(|session| session.request(now(), content?, ask))?,
            Request::Ping(deadline) => shared.with(|session| session.ping(now(), deadline))?,
            Request::Made(id) => id,
            Request::Over => return Poll::Ready(Err(RequestError::Cancelled)),
        };
        let polled = shared.with(|session| session.poll_settled(id, cx));
        if polled.is_pending() {
            self.request = Request::Made(id);
        }
        polled
    }
}

impl<H: Behaviour, P: Policy> Drop for Pending<H, P> {
    fn drop(&mut self) {
        if let Request::Made(id) = self.request {
            self.hold.0.later(move |session| session.cancel(now(), id));
        }
    }
}

// Nothing in it is pinned: it holds no future of its own.
impl<H: Behaviour, P: Policy> Unpin for Pending<H, P> {}
impl<H: Behaviour, P: Policy, R> Unpin for Reply<H, P, R> {}
