//! The shell: one task in which every loop awaits one thing.
//!
//! A branch of a `select!` here is a whole loop, and ends only when its link is over, so no read
//! and no write is ever cut in half.

use std::{
    future::{Future, pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::SystemTime,
};

use nova_behaviour::{Behaviour, Endpoints, Policy};
use nova_recorder::Recorded;
use nova_session::{Dial, Sleep, Transmit};
use nova_telemetry::{LoggingHandler, MetricsCollector, Observer};
use nova_transport::{FrameSink, FrameSource, Generation, Link, Phase, Transport, TransportError};

use crate::{
    branch::branch,
    budget::ReconnectBudget,
    recorder::Incidents,
    shared::{Shared, now},
};

/// Drives a session: dials, reads, writes, keeps time, carries events. It ends when the session is
/// closed. Must be polled inside a tokio runtime with time enabled.
///
/// # Cancel safety
///
/// Dropping it ends the session at once; every waiting call is told so.
#[must_use = "the client stands still unless its driver is polled"]
pub struct Driver(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Driver {
    pub(crate) fn new<H: Behaviour, P: Policy, T: Transport>(
        shared: Arc<Shared<H, P>>,
        dialler: Dialler<T>,
        watchers: Watchers<H, P>,
        incidents: Option<Incidents>,
    ) -> Self {
        let abandons = Abandons(Arc::clone(&shared));
        Self(Box::pin(async move {
            let shared = &*abandons.0;
            let lane = |place| branch(lane(shared, &dialler, place));
            tokio::join!(
                lane(0),
                lane(1),
                branch(keep_time(shared)),
                branch(pump(shared, watchers, incidents))
            );
        }))
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

/// Ends the session when the driver goes, whichever way.
struct Abandons<H: Behaviour, P: Policy>(Arc<Shared<H, P>>);

impl<H: Behaviour, P: Policy> Drop for Abandons<H, P> {
    fn drop(&mut self) {
        self.0.with(|session| session.abandon(now()));
        // The pump is gone as well: the stream of events would never end for its receivers.
        let (mut records, cx) = (Vec::new(), Context::from_waker(Waker::noop()));
        let _ = self.0.with(|session| session.poll_events(now(), &mut records, &cx));
        records.into_iter().for_each(|record| self.0.publish_event(record));
    }
}

/// Those who watch the events. Whoever panics over one sees no more of them.
pub(crate) struct Watchers<H: Behaviour, P: Policy> {
    pub(crate) logging: Option<H::Logging>,
    pub(crate) metrics: Option<H::Metrics>,
    pub(crate) observer: Option<P::Observer>,
}

/// What it takes to open links.
pub(crate) struct Dialler<T> {
    pub(crate) transport: T,
    pub(crate) endpoints: Endpoints,
    pub(crate) budget: Option<ReconnectBudget>,
}

/// One of the two places for links: dial, live, repeat.
async fn lane<H: Behaviour, P: Policy, T: Transport>(
    shared: &Shared<H, P>,
    dialler: &Dialler<T>,
    place: usize,
) {
    while let Some(dial) = poll_fn(|cx| shared.with(|session| session.poll_dial(place, cx))).await {
        let link = dial.link;
        tokio::select! {
            biased;
            () = branch(poll_fn(|cx| shared.with(|session| session.poll_over(link, cx)))) => {}
            () = live(shared, dialler, dial) => {}
        }
    }
}

/// Opens a link and runs it. Never ends by itself: the session says when a link is over.
async fn live<H: Behaviour, P: Policy, T: Transport>(
    shared: &Shared<H, P>,
    dialler: &Dialler<T>,
    dial: Dial,
) {
    let link = dial.link;
    let progress = |phase: Phase| shared.with(|session| session.handle_phase(now(), link, phase));
    // Boxed, so that an open link does not keep the room that opening it took.
    let opened = Box::pin(async {
        if let Some(budget) = dialler.budget.as_ref().filter(|_| dial.attempt > 0) {
            budget.admit().await;
        }
        let endpoint = dial.endpoint(&dialler.endpoints).await?;
        dialler.transport.connect(&endpoint, &progress).await
    });
    match opened.await {
        Ok(Link { mut source, sink, handshake }) => {
            let message_bytes = shared.with(|session| {
                session.handle_connected(now(), SystemTime::now(), link, &handshake);
                session.settings().message_bytes
            });
            source.bound_messages(message_bytes);
            tokio::join!(branch(read(shared, link, source)), branch(write(shared, link, sink)));
        }
        Err(error) => shared.with(|session| session.handle_connect_failed(now(), link, error)),
    }
    pending().await
}

/// Everything a wake brought is handled under one lock, with one clock reading.
async fn read<H: Behaviour, P: Policy>(
    shared: &Shared<H, P>,
    link: Generation,
    mut source: impl FrameSource,
) {
    let mut end = None;
    loop {
        match shared.with(|session| take_frames(session, link, &mut source)) {
            Taken::All => match end.take() {
                None => end = source.fill().await.err(),
                Some(error) => return shared.with(|session| session.handle_lost(now(), link, error)),
            },
            Taken::Paused => poll_fn(|cx| shared.with(|session| session.poll_read(link, cx))).await,
            Taken::Enough => tokio::task::yield_now().await,
            Taken::Broken(error) => return shared.with(|session| session.handle_lost(now(), link, error)),
        }
    }
}

enum Taken {
    /// Nothing is buffered any more.
    All,
    /// A subscriber holds the link back.
    Paused,
    /// Others want a turn as well.
    Enough,
    Broken(TransportError),
}

/// How many frames are handled in one turn, so that a flood does not starve the writer.
const FRAMES_PER_TURN: usize = 256;

fn take_frames<H: Behaviour, P: Policy>(
    session: &mut Recorded<H, P>,
    link: Generation,
    source: &mut impl FrameSource,
) -> Taken {
    let now = now();
    session.handle_heard(link);
    for _ in 0..FRAMES_PER_TURN {
        if !session.wants_read(link) {
            return Taken::Paused;
        }
        match source.next_frame() {
            Ok(Some(frame)) => session.handle_frame(now, link, frame),
            Ok(None) => return Taken::All,
            Err(error) => return Taken::Broken(error),
        }
    }
    Taken::Enough
}

/// Feeds the sink until the session has nothing more, then flushes: natural batching.
async fn write<H: Behaviour, P: Policy>(shared: &Shared<H, P>, link: Generation, mut sink: impl FrameSink) {
    loop {
        let fed = poll_fn(|cx| shared.with(|session| feed(session, link, &mut sink, cx))).await;
        let done = match fed {
            Ok(Fed::Frames) => sink.flush().await,
            Ok(Fed::Finish) => {
                // Both close frames have passed; what the socket says to this no longer matters.
                let _ = sink.finish().await;
                return;
            }
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => shared.with(|session| session.handle_flushed(now(), link)),
            Err(error) => return shared.with(|session| session.handle_lost(now(), link, error)),
        }
    }
}

enum Fed {
    Frames,
    Finish,
}

fn feed<H: Behaviour, P: Policy>(
    session: &mut Recorded<H, P>,
    link: Generation,
    sink: &mut impl FrameSink,
    cx: &Context<'_>,
) -> Poll<Result<Fed, TransportError>> {
    let now = now();
    let mut has_fed = false;
    while sink.has_room() {
        match session.poll_transmit(now, link, cx) {
            Poll::Ready(Transmit::Frame(frame)) => sink.feed(frame)?,
            Poll::Ready(Transmit::Finish) => return Poll::Ready(Ok(Fed::Finish)),
            Poll::Pending if has_fed => break,
            Poll::Pending => return Poll::Pending,
        }
        has_fed = true;
    }
    Poll::Ready(Ok(Fed::Frames))
}

/// Sleeps until something is due, for the whole session.
async fn keep_time<H: Behaviour, P: Policy>(shared: &Shared<H, P>) {
    let mut timer = pin!(tokio::time::sleep(std::time::Duration::ZERO));
    poll_fn(|cx| {
        loop {
            match shared.with(|session| session.poll_timekeeper(cx)) {
                Sleep::Ended => return Poll::Ready(()),
                Sleep::UntilWoken => return Poll::Pending,
                Sleep::Until(at) => {
                    timer.as_mut().reset(at.into());
                    ready!(timer.as_mut().poll(cx));
                    shared.with(|session| session.handle_timeout(now()));
                }
            }
        }
    })
    .await;
}

/// Carries events to those who watch, outside the lock and in order.
async fn pump<H: Behaviour, P: Policy>(
    shared: &Shared<H, P>,
    watchers: Watchers<H, P>,
    mut incidents: Option<Incidents>,
) {
    let Watchers { mut logging, mut metrics, mut observer } = watchers;
    let mut records = Vec::new();
    while poll_fn(|cx| shared.with(|session| session.poll_events(now(), &mut records, cx))).await {
        let incident = incidents.as_mut().and_then(|incidents| incidents.look(&records));
        for record in records.drain(..) {
            watch(&mut logging, |logging| logging.log(&record));
            watch(&mut metrics, |metrics| metrics.collect(&record));
            watch(&mut observer, |observer| observer.observe(&record));
            shared.publish_event(record);
        }
        if let (Some(incidents), Some(incident)) = (&mut incidents, incident)
            && let Some(snapshot) = shared.with(Recorded::snapshot)
        {
            incidents.dump(snapshot, incident).await;
        }
    }
}

/// Lets somebody watch; whoever panics over an event sees no more of them.
fn watch<W>(watcher: &mut Option<W>, see: impl FnOnce(&mut W)) {
    if let Some(who) = watcher
        && catch_unwind(AssertUnwindSafe(|| see(who))).is_err()
    {
        *watcher = None;
    }
}
