//! The handle: everything an application does with a client.

use std::{fmt, sync::Arc, time::Duration};

use nova_behaviour::{
    Behaviour, Call, Channel, CodecHandler, Grant, InvalidSetting, Json, Kept, Layer, Policies, Policy,
    Settings, Topic,
};
use nova_recorder::{Recorded, Recording, Snapshot};
use nova_session::{Content, EndCause, NotSent, RequestError, ShutdownReport, State, TopicStatus};
use serde::Serialize;

use crate::{
    call::CallBuilder,
    events::Events,
    ping::PingBuilder,
    send::{Notify, SendBuilder},
    shared::{Hold, Shared, now},
    subscribe::SubscribeBuilder,
    watch::Watch,
};

/// A handle on a session that outlives its links. Cloning it is cheap; all clones are equal.
///
/// When the last handle is dropped, subscriptions included, the client closes in the background
/// within the settings' `drop_deadline`.
pub struct Client<H: Behaviour, P: Policy = Policies> {
    hold: Arc<Hold<H, P>>,
}

impl<H: Behaviour, P: Policy> Client<H, P> {
    pub(crate) const fn new(hold: Arc<Hold<H, P>>) -> Self {
        Self { hold }
    }

    pub(crate) fn hold(&self) -> Arc<Hold<H, P>> {
        Arc::clone(&self.hold)
    }

    pub(crate) fn shared(&self) -> &Shared<H, P> {
        &self.hold.0
    }

    /// Asks the service, and yields its reply. Without a usable link it fails at once, unless told
    /// to wait for one.
    pub fn call<C: Call<H::Dialect>>(&self, call: C) -> CallBuilder<H, P, C> {
        CallBuilder::new(self.hold(), call)
    }

    /// Tells the service something and wants no reply. Yields when it was handed to the socket.
    pub fn notify<C: Call<H::Dialect>>(&self, call: C) -> Notify<H, P> {
        Notify::new(self.hold(), Ok(Content::Request(call.into_request())))
    }

    /// Sends a text message and yields its reply: the one the adapter recognises, or that a matcher
    /// claims.
    pub fn send_text(&self, text: impl Into<String>) -> SendBuilder<H, P> {
        self.send_raw(Kept::Text(text.into()))
    }

    /// Sends a binary message and yields its reply, as [`send_text`](Self::send_text) does.
    pub fn send_binary(&self, bytes: impl Into<Vec<u8>>) -> SendBuilder<H, P> {
        self.send_raw(Kept::Binary(bytes.into()))
    }

    /// Sends a value as JSON text and yields its reply, as [`send_text`](Self::send_text) does.
    pub fn send_json<T: Serialize + ?Sized>(&self, value: &T) -> SendBuilder<H, P> {
        SendBuilder::new(self.hold(), json(value))
    }

    /// Sends a message as it is and yields its reply, as [`send_text`](Self::send_text) does.
    pub fn send_raw(&self, message: Kept) -> SendBuilder<H, P> {
        SendBuilder::new(self.hold(), Ok(Content::Raw(message)))
    }

    /// Sends a text message; yields when it was handed to the socket.
    pub fn notify_text(&self, text: impl Into<String>) -> Notify<H, P> {
        self.notify_raw(Kept::Text(text.into()))
    }

    /// Sends a binary message; yields when it was handed to the socket.
    pub fn notify_binary(&self, bytes: impl Into<Vec<u8>>) -> Notify<H, P> {
        self.notify_raw(Kept::Binary(bytes.into()))
    }

    /// Sends a value as JSON text; yields when it was handed to the socket.
    pub fn notify_json<T: Serialize + ?Sized>(&self, value: &T) -> Notify<H, P> {
        Notify::new(self.hold(), json(value))
    }

    /// Sends a message as it is; yields when it was handed to the socket.
    pub fn notify_raw(&self, message: Kept) -> Notify<H, P> {
        Notify::new(self.hold(), Ok(Content::Raw(message)))
    }

    /// Sends a ping with a payload of its own, and yields the time until its pong.
    pub fn ping(&self) -> PingBuilder<H, P> {
        PingBuilder::new(self.hold())
    }

    /// Subscribes to a channel; yields the subscription once the service has acknowledged it.
    pub fn subscribe<C: Channel<Dialect = H::Dialect>>(&self, channel: C) -> SubscribeBuilder<H, P, C> {
        SubscribeBuilder::new(self.hold(), channel)
    }

    /// Every topic of the wanted set, and how far it has come.
    #[must_use]
    pub fn topics(&self) -> Vec<TopicStatus> {
        self.shared().with(|session| session.topics().collect())
    }

    /// The names of the wanted set, to be kept and given to a later client's
    /// [`restore`](Self::restore). What was refused or unsubscribed is not in it.
    #[must_use]
    pub fn wanted(&self) -> Vec<Topic> {
        self.shared().with(|session| session.wanted())
    }

    /// Wants the topics of an earlier client at once, until subscriptions take them over or
    /// [`forget_restored`](Self::forget_restored) gives up the rest.
    pub fn restore(&self, wanted: &[Topic]) {
        let wanted = wanted.to_vec();
        self.shared().later(move |session| session.restore(&wanted));
    }

    /// Gives up the restored topics that no subscription has taken over.
    pub fn forget_restored(&self) {
        self.shared().later(|session| session.forget_restored());
    }

    /// Logs in anew on the present link, as is done by itself after every reconnect and before a
    /// login expires.
    ///
    /// # Errors
    ///
    /// The service has no login (`NotSent(Unsupported)`), refused it, or there is no usable link.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the login goes on when the future is dropped.
    pub async fn authenticate(&self) -> Result<Grant, RequestError> {
        let ticket = self.shared().with(|session| session.authenticate(now()))?;
        let outcome = || self.shared().with(|session| session.login_outcome(ticket));
        self.shared().until(outcome).await
    }

    /// Where the client stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared().state()
    }

    /// Where the client stands, with some numbers.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared().with(|session| Status {
            state: session.state(),
            live_requests: session.live_requests(),
            handler: session.handler_status(),
        })
    }

    /// Follows the changes of state.
    #[must_use]
    pub fn watch(&self) -> Watch<H, P> {
        Watch::new(Arc::clone(&self.hold.0))
    }

    /// Waits until the client is ready for use.
    ///
    /// # Errors
    ///
    /// It was, or came to be, closed.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn ready(&self) -> Result<(), EndCause> {
        let mut watch = self.watch();
        loop {
            match watch.changed().await {
                State::Ready { .. } => return Ok(()),
                State::Closed(cause) => return Err(cause),
                _ => {}
            }
        }
    }

    /// Waits until the client is closed, and tells why.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn closed(&self) -> EndCause {
        let mut watch = self.watch();
        loop {
            if let State::Closed(cause) = watch.changed().await {
                return cause;
            }
        }
    }

    /// Follows the events from here on. Several receivers see the same stream.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(self.shared().subscribe_events())
    }

    /// The settings as they are now, each with the layer it comes from.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.shared().with(|session| session.settings().clone())
    }

    /// What the [recorder](crate::Connect::with_recorder) holds: the newest inputs of the session and
    /// what came of them, all of them as long as they fit. `None` if nothing is recorded.
    #[must_use]
    pub fn recording(&self) -> Option<Recording> {
        // The lines are put together outside of the lock.
        self.shared().with(Recorded::snapshot).map(Snapshot::into_recording)
    }

    /// Changes the settings while the client runs, without touching its link. What is under way
    /// keeps the deadlines it was given; everything else follows the new settings from here on.
    /// What changes is the user's word from then on.
    ///
    /// # Errors
    ///
    /// A setting makes no sense; then none is changed.
    pub fn reconfigure(&self, change: impl FnOnce(&mut Settings)) -> Result<(), InvalidSetting> {
        self.shared().with(|session| {
            let mut settings = session.settings().clone();
            settings.change(Layer::User, change);
            session.reconfigure(now(), settings)
        })
    }

    /// Asks for a fresh link: the present one is closed in good order, and the next is dialled as
    /// soon as it is gone. While the client waits for its next attempt, the attempt begins at once;
    /// while it connects, nothing happens.
    pub fn reconnect(&self) {
        self.shared().later(|session| session.reconnect(now()));
    }

    /// Closes the client within this time, in any state: what was queued is sent, the closing
    /// handshake is held, and no task, timer or socket remains.
    ///
    /// # Errors
    ///
    /// Tells how many requests were not delivered, or whose fate is unknown.
    ///
    /// # Cancel safety
    ///
    /// Once polled, closing goes on when the future is dropped.
    pub async fn shutdown(&self, within: Duration) -> Result<(), ShutdownError> {
        self.shared().later(move |session| session.shutdown(now(), within));
        self.closed().await;
        let report = self.shutdown_report();
        if report.not_sent + report.sent_unknown > 0 { Err(ShutdownError { report }) } else { Ok(()) }
    }

    /// What closing has left behind; complete once the client is closed.
    #[must_use]
    pub fn shutdown_report(&self) -> ShutdownReport {
        self.shared().with(|session| session.shutdown_report())
    }
}

impl<H: Behaviour, P: Policy> Clone for Client<H, P> {
    fn clone(&self) -> Self {
        Self { hold: self.hold() }
    }
}

impl<H: Behaviour, P: Policy> fmt::Debug for Client<H, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("state", &self.state().name()).finish_non_exhaustive()
    }
}

/// Where a client stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The state.
    pub state: State,
    /// How many requests have not ended.
    pub live_requests: usize,
    /// What the connection handler says about itself.
    pub handler: Option<String>,
}

/// A shutdown left requests undelivered.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("closed with {} requests not sent and {} of unknown fate", report.not_sent, report.sent_unknown)]
#[non_exhaustive]
pub struct ShutdownError {
    /// What was left behind.
    pub report: ShutdownReport,
}

fn json<D: nova_behaviour::Dialect, T: Serialize + ?Sized>(value: &T) -> Result<Content<D>, RequestError> {
    let mut body = Kept::default();
    match Json::encode(value, &mut body) {
        Ok(()) => Ok(Content::Raw(body)),
        Err(error) => Err(NotSent::Encode(Arc::new(error)).into()),
    }
}
