//! The locked session, shared by the driver and the handles.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use nova_behaviour::{Behaviour, Policy};
use nova_session::Session;
use nova_telemetry::Record;
use tokio::sync::broadcast;

/// What the driver and the handles share.
pub(crate) struct Shared<H: Behaviour, P: Policy> {
    session: Mutex<Session<H, P>>,
    pub(crate) events: broadcast::Sender<Record>,
}

impl<H: Behaviour, P: Policy> Shared<H, P> {
    pub(crate) fn new(session: Session<H, P>) -> Self {
        let events = broadcast::Sender::new(session.settings().events.max(1));
        Self { session: Mutex::new(session), events }
    }

    /// Locks, works, unlocks, and then wakes whoever is concerned.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Session<H, P>) -> T) -> T {
        // The session calls foreign code only through its guard, so a poisoned lock would be a
        // panic of the session itself; going on is still better than taking every handle down.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let result = work(&mut session);
        let wakes = session.take_wakes();
        drop(session);
        wakes.wake();
        result
    }
}

/// Keeps the session alive; when the last one goes, it closes in the background.
pub(crate) struct Hold<H: Behaviour, P: Policy>(pub(crate) std::sync::Arc<Shared<H, P>>);

impl<H: Behaviour, P: Policy> Drop for Hold<H, P> {
    fn drop(&mut self) {
        self.0.with(|session| {
            let within = session.settings().drop_deadline;
            session.shutdown(now(), within);
        });
    }
}

/// The clock of the shell: tokio's, so that its paused time also drives the session.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
