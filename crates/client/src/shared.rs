//! The locked session, shared by the driver and the handles.

use std::{
    num::NonZeroU64,
    pin::pin,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use nova_behaviour::{Behaviour, Policy};
use nova_recorder::Recorded;
use nova_session::{Session, State};
use nova_telemetry::{Record, Registry};
use tokio::sync::{Notify, broadcast};

/// What the driver and the handles share.
///
/// Handlers run under the lock. One of them may hold a handle and use it, so no path may lock twice:
/// what changes something is done [`later`](Self::later) by whoever holds the lock, and the state is
/// read from a copy.
pub(crate) struct Shared<H: Behaviour, P: Policy> {
    session: Mutex<Recorded<H, P>>,
    /// The thread that holds the lock; 0 if none.
    owner: AtomicU64,
    /// The state as of the last unlocking.
    published: Mutex<Published>,
    /// Tells those who watch that something else was published. The session could remember them as
    /// well, but would go on remembering those who gave up: for as long as nothing changes, which
    /// may be for ever.
    changed: Notify,
    has_deferred: AtomicBool,
    deferred: Mutex<Vec<Deferred<H, P>>>,
    /// The stream of events, made when somebody first asks for it: its ring takes memory at once.
    events: OnceLock<broadcast::Sender<Record>>,
    /// How many events that ring holds.
    most_events: usize,
    pub(crate) registry: Option<Registry>,
}

/// What can be watched.
struct Published {
    version: u64,
    logins: u64,
    state: State,
}

type Deferred<H, P> = Box<dyn FnOnce(&mut Recorded<H, P>) + Send>;

impl<H: Behaviour, P: Policy> Shared<H, P> {
    pub(crate) fn new(session: Recorded<H, P>, registry: Option<Registry>) -> Self {
        Self {
            owner: AtomicU64::new(0),
            published: Mutex::new(Published {
                version: session.version(),
                logins: session.logins(),
                state: session.state(),
            }),
            changed: Notify::new(),
            has_deferred: AtomicBool::new(false),
            deferred: Mutex::new(Vec::new()),
            events: OnceLock::new(),
            most_events: session.settings().events.max(1),
            registry,
            session: Mutex::new(session),
        }
    }

    /// Locks, works, unlocks, and then wakes whoever is concerned.
    ///
    /// # Panics
    ///
    /// Inside a handler of the same client, which runs under the lock. The session's guard contains
    /// the panic.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Recorded<H, P>) -> T) -> T {
        self.refuse_inside();
        // The session calls foreign code only through its guard, so a poisoned lock would be a
        // panic of the session itself; going on is still better than taking every handle down.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let held = Held::by_this_thread(&self.owner);
        let result = work(&mut session);
        while self.has_deferred.swap(false, Ordering::AcqRel) {
            let deferred = std::mem::take(&mut *lock(&self.deferred));
            deferred.into_iter().for_each(|work| work(&mut session));
        }
        let has_changed = self.publish(&session);
        let wakes = session.take_wakes();
        drop(held);
        drop(session);
        wakes.wake();
        if has_changed {
            self.changed.notify_waiters();
        }
        result
    }

    /// Waits until `look` finds something, and lets it look again whenever the state has changed or
    /// a login has ended. Whoever stops waiting is forgotten.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let mut changed = pin!(self.changed.notified());
        loop {
            self.refuse_inside();
            // From here on no change is missed.
            changed.as_mut().enable();
            if let Some(found) = look() {
                return found;
            }
            changed.as_mut().await;
            changed.set(self.changed.notified());
        }
    }

    /// The state and its version, once the version differs from the one `seen`.
    pub(crate) fn state_after(&self, seen: Option<u64>) -> Option<(u64, State)> {
        let published = lock(&self.published);
        (seen != Some(published.version)).then(|| (published.version, published.state.clone()))
    }

    /// As [`with`](Self::with), for what may also be asked inside a handler: it is then done as
    /// soon as the handler has returned.
    pub(crate) fn later(&self, work: impl FnOnce(&mut Recorded<H, P>) + Send + 'static) {
        if self.is_mine() {
            lock(&self.deferred).push(Box::new(work));
            self.has_deferred.store(true, Ordering::Release);
        } else {
            self.with(work);
        }
    }

    /// The state as of the last unlocking; inside a handler, as of before its call.
    pub(crate) fn state(&self) -> State {
        lock(&self.published).state.clone()
    }

    /// A receiver of the events from here on.
    pub(crate) fn subscribe_events(&self) -> broadcast::Receiver<Record> {
        // No lock is taken: a handler may ask for the events of its own client.
        self.events.get_or_init(|| broadcast::Sender::new(self.most_events)).subscribe()
    }

    pub(crate) fn publish_event(&self, record: Record) {
        if let Some(events) = self.events.get() {
            // An error only says that nobody listens.
            let _ = events.send(record);
        }
    }

    /// Returns whether anything has changed.
    fn publish(&self, session: &Session<H, P>) -> bool {
        let mut published = lock(&self.published);
        let (version, logins) = (session.version(), session.logins());
        let has_changed = (published.version, published.logins) != (version, logins);
        if has_changed {
            *published = Published { version, logins, state: session.state() };
        }
        has_changed
    }

    fn refuse_inside(&self) {
        assert!(!self.is_mine(), "a handler may not wait for its own client: it runs inside of it");
    }

    fn is_mine(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == this_thread()
    }
}

/// Marks the lock as held by this thread, until dropped.
struct Held<'a>(&'a AtomicU64);

impl<'a> Held<'a> {
    fn by_this_thread(owner: &'a AtomicU64) -> Self {
        // Relaxed: a thread only ever looks for its own mark.
        owner.store(this_thread(), Ordering::Relaxed);
        Self(owner)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A number of this thread's own, never 0.
fn this_thread() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static NUMBER: NonZeroU64 = NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX);
    }
    NUMBER.with(|number| number.get())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the session alive; when the last one goes, it closes in the background.
pub(crate) struct Hold<H: Behaviour, P: Policy>(pub(crate) std::sync::Arc<Shared<H, P>>);

impl<H: Behaviour, P: Policy> Drop for Hold<H, P> {
    fn drop(&mut self) {
        self.0.later(|session| {
            let within = session.settings().drop_deadline;
            session.shutdown(now(), within);
        });
    }
}

/// The clock of the shell: tokio's, so that its paused time also drives the session.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
