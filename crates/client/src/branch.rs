//! One branch of the driver's task, polled only when it was woken itself.
//!
//! The driver is one task of several loops. Polled together, each wake of one would cost every
//! other a lock and a clock reading; so each has a waker of its own, which wakes the task too.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// A future that is polled only when its own waker was woken.
pub(crate) struct Branch<'a, T> {
    bell: Arc<Bell>,
    waker: Waker,
    /// The task's waker as it was passed on last, to spare the lock while it stays the same.
    task: Option<Waker>,
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
}

/// Makes a branch of a loop.
pub(crate) fn branch<'a, T>(future: impl Future<Output = T> + Send + 'a) -> Branch<'a, T> {
    let bell = Arc::new(Bell { rung: AtomicBool::new(true), task: Mutex::new(Waker::noop().clone()) });
    Branch { waker: Waker::from(Arc::clone(&bell)), bell, task: None, future: Box::pin(future) }
}

struct Bell {
    rung: AtomicBool,
    task: Mutex<Waker>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Whoever rang first has woken the task already.
        if !self.rung.swap(true, Ordering::AcqRel) {
            let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).clone();
            task.wake();
        }
    }
}

impl<T> Future for Branch<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = &mut *self;
        if !this.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            this.task = Some(cx.waker().clone());
            *this.bell.task.lock().unwrap_or_else(PoisonError::into_inner) = cx.waker().clone();
        }
        // The task's waker is in place by now, so a ring from here on is not lost.
        if !this.bell.rung.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        this.future.as_mut().poll(&mut Context::from_waker(&this.waker))
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::poll_fn, sync::atomic::AtomicUsize};

    use super::*;

    #[test]
    fn only_the_branch_that_was_woken_is_polled() {
        let polls = [const { AtomicUsize::new(0) }; 2];
        let wakers = Mutex::new(Vec::new());
        let count = |index: usize| {
            let (polls, wakers) = (&polls, &wakers);
            branch(poll_fn(move |cx| {
                polls[index].fetch_add(1, Ordering::Relaxed);
                wakers.lock().unwrap().push((index, cx.waker().clone()));
                Poll::<()>::Pending
            }))
        };
        let mut branches = [count(0), count(1)];
        let mut poll_all = || {
            let cx = &mut Context::from_waker(Waker::noop());
            branches.iter_mut().for_each(|branch| assert!(Pin::new(branch).poll(cx).is_pending()));
        };
        poll_all();
        poll_all();
        let first = wakers.lock().unwrap().iter().find(|(index, _)| *index == 0).unwrap().1.clone();
        first.wake();
        poll_all();
        assert_eq!(polls.each_ref().map(|count| count.load(Ordering::Relaxed)), [2, 1]);
    }

    #[test]
    fn a_ring_wakes_the_task_that_polls_now() {
        struct Count(AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let inner = Cell::new(None);
        let counts = [Arc::new(Count(AtomicUsize::new(0))), Arc::new(Count(AtomicUsize::new(0)))];
        let slot = Mutex::new(inner);
        let mut branch = branch(poll_fn(|cx| {
            slot.lock().unwrap().set(Some(cx.waker().clone()));
            Poll::<()>::Pending
        }));
        for count in &counts {
            let waker = Waker::from(Arc::clone(count));
            assert!(Pin::new(&mut branch).poll(&mut Context::from_waker(&waker)).is_pending());
        }
        slot.lock().unwrap().take().unwrap().wake();
        assert_eq!(counts.map(|count| count.0.load(Ordering::Relaxed)), [0, 1]);
    }
}
