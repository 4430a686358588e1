//! Wakers: kept in the entries they wake, collected when due, and woken after unlocking.

use std::task::{Context, Waker};

/// Wakers that are due. Take them out of the session under its lock, and wake them outside.
#[derive(Debug, Default)]
#[must_use = "tasks sleep on until these are woken"]
pub struct Wakes {
    few: [Option<Waker>; 4],
    more: Vec<Waker>,
}

impl Wakes {
    pub(crate) fn add(&mut self, waker: Option<Waker>) {
        let Some(waker) = waker else { return };
        match self.few.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(waker),
            None => self.more.push(waker),
        }
    }

    /// Wakes all.
    pub fn wake(self) {
        // Most often there is none, or one.
        if self.few[0].is_none() {
            return;
        }
        self.few.into_iter().flatten().chain(self.more).for_each(Waker::wake);
    }
}

/// Remembers who waits, without cloning the waker of the task that waits already.
pub(crate) fn remember(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *place = Some(cx.waker().clone()),
    }
}

/// Remembers one more of several who wait.
pub(crate) fn remember_also(places: &mut Vec<Waker>, cx: &Context<'_>) {
    if !places.iter().any(|waker| waker.will_wake(cx.waker())) {
        places.push(cx.waker().clone());
    }
}
