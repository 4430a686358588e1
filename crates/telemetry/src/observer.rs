//! The general receiver of events.

use crate::event::Record;

/// Sees every event of a session, in order, on the task that drives it and outside its lock.
///
/// A slow observer delays only other observers and the event stream; a panicking one is dropped.
pub trait Observer: Send + 'static {
    /// Sees one event.
    fn observe(&mut self, record: &Record);
}

/// Sees nothing, at no cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn observe(&mut self, _record: &Record) {}
}

impl<F: FnMut(&Record) + Send + 'static> Observer for F {
    fn observe(&mut self, record: &Record) {
        self(record);
    }
}

/// Two observers, one after the other. They share a fate: if one panics, both are dropped.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn observe(&mut self, record: &Record) {
        self.0.observe(record);
        self.1.observe(record);
    }
}
