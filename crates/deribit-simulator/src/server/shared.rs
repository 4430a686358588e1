//! What all tasks share: the venue, its clock, and the bells.

use std::{
    collections::HashMap,
    future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{sync::Notify, time};

use super::Clock;
use crate::{config::Config, venue::Venue};

/// The venue and what is needed to share it.
#[derive(Debug)]
pub(crate) struct Shared {
    venue: Mutex<Venue>,
    clock: Clock,
    /// One for each connection that is served.
    bells: Mutex<HashMap<u64, Arc<Notify>>>,
    /// What the timekeeper waits for, and the bell that makes it look again.
    awaited_us: AtomicU64,
    sooner: Notify,
    /// Rung after every change, for whoever waits for something.
    news: Notify,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        let clock = Clock::new(&config);
        Self {
            venue: Mutex::new(Venue::new(config, clock.started_us())),
            clock,
            bells: Mutex::default(),
            awaited_us: AtomicU64::new(0),
            sooner: Notify::new(),
            news: Notify::new(),
        }
    }

    /// Looks at the venue.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Venue) -> T) -> T {
        look(&self.lock())
    }

    /// Does something to the venue at the present; everybody concerned is told.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Venue, u64) -> T) -> T {
        let (result, changed, due) = {
            let mut venue = self.lock();
            // Read while the venue is held, so that it never runs back.
            let now = self.clock.now_us().unwrap_or_else(|| venue.now());
            let result = change(&mut venue, now);
            let changed = venue.poll_changed();
            (result, changed, venue.poll_timeout())
        };
        self.ring(&changed);
        if due < self.awaited_us.load(Ordering::Relaxed) {
            self.sooner.notify_one();
        }
        self.news.notify_waiters();
        result
    }

    /// Takes what is to be sent on a connection.
    pub(crate) fn take<T>(&self, take: impl FnOnce(&mut Venue) -> T) -> T {
        take(&mut self.lock())
    }

    /// The bell of a connection, from now until it is taken down.
    pub(crate) fn hang_bell(&self, conn: u64) -> Arc<Notify> {
        let bell = Arc::new(Notify::new());
        self.bells().insert(conn, Arc::clone(&bell));
        bell
    }

    pub(crate) fn take_bell_down(&self, conn: u64) {
        self.bells().remove(&conn);
    }

    /// Resolves once this holds; it is asked after every change.
    pub(crate) async fn wait_until(&self, mut holds: impl FnMut(&Venue) -> bool) {
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            // Before looking, so that no change between the two is missed.
            news.as_mut().enable();
            if holds(&self.lock()) {
                return;
            }
            news.await;
        }
    }

    fn ring(&self, conns: &[u64]) {
        if conns.is_empty() {
            return;
        }
        let bells = self.bells();
        conns.iter().filter_map(|conn| bells.get(conn)).for_each(|bell| bell.notify_one());
    }

    fn bells(&self) -> MutexGuard<'_, HashMap<u64, Arc<Notify>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Venue> {
        // A test that panicked while it looked has changed nothing by halves.
        self.venue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the venue the time whenever something is due.
pub(crate) async fn keep_time(shared: Arc<Shared>) {
    loop {
        let due = shared.look(Venue::poll_timeout);
        shared.awaited_us.store(due, Ordering::Relaxed);
        // Looked at again once the wish is known, so that no sooner one is missed.
        let due = due.min(shared.look(Venue::poll_timeout));
        let wait = async {
            match shared.clock.instant_of(due) {
                Some(at) => time::sleep_until(at).await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            () = wait => shared.change(|venue, now| venue.handle_timeout(now)),
            () = shared.sooner.notified() => {}
        }
    }
}
