//! A waker that only remembers that it was woken.
//!
//! The world asks the session anew after every step, whether it was woken or not; so it can tell when
//! something became ready and nobody was told, which a real task would have slept through.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

#[derive(Debug)]
pub(super) struct Flag {
    waker: Waker,
    raised: Arc<Raised>,
}

#[derive(Debug)]
struct Raised(AtomicBool);

impl Wake for Raised {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Flag {
    /// A flag that is raised, since who has never asked need not be told to.
    pub(super) fn new() -> Self {
        let raised = Arc::new(Raised(AtomicBool::new(true)));
        Self { waker: Waker::from(Arc::clone(&raised)), raised }
    }

    /// A flag that is not raised, for who has asked just now.
    pub(super) fn lowered() -> Self {
        let flag = Self::new();
        flag.lower();
        flag
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }

    /// Whether it was raised; lowers it.
    pub(super) fn lower(&self) -> bool {
        self.raised.0.swap(false, Ordering::Relaxed)
    }

    pub(super) fn is_raised(&self) -> bool {
        self.raised.0.load(Ordering::Relaxed)
    }

    /// Raises it by hand.
    pub(super) fn raise(&self) {
        self.raised.0.store(true, Ordering::Relaxed);
    }
}
