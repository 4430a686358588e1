//! Incidents on their way: one at a time, tried once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{Incident, Report, ReportError};

/// Incidents on their way. Dropping it ends that at once.
#[derive(Debug)]
pub struct Reporting {
    delivered: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Reporting {
    pub(super) fn start(incidents: mpsc::Receiver<Incident>, to: impl Report) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (delivered, failed) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
        let courier = Courier { to, delivered: delivered.clone(), failed: failed.clone(), held_until: None };
        Self { delivered, failed, stop: Some(stop), task: tokio::spawn(courier.run(incidents, stopped)) }
    }

    /// How many got there.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// How many did not.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }

    /// Takes no more, delivers what waits, and ends.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, it ends at once.
    pub async fn finish(mut self) {
        drop(self.stop.take());
        // It ends without a value; a panic would have been told where it happened.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Courier<R> {
    to: R,
    delivered: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    held_until: Option<Instant>,
}

impl<R: Report> Courier<R> {
    async fn run(mut self, mut incidents: mpsc::Receiver<Incident>, mut stopped: oneshot::Receiver<()>) {
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped, if !incidents.is_closed() => incidents.close(),
                next = incidents.recv() => match next {
                    Some(incident) => self.deliver(&incident).await,
                    None => return,
                },
            }
        }
    }

    async fn deliver(&mut self, incident: &Incident) {
        let outcome = match self.held_until {
            // Whoever wants nothing is not asked. What is dropped here happened, and counts as failed.
            Some(until) if Instant::now() < until => Err(ReportError::HeldBack(until - Instant::now())),
            _ => {
                let reporting = timeout(PATIENCE, self.to.report(incident)).await;
                let outcome = reporting.unwrap_or(Err(ReportError::TimedOut));
                if let Err(ReportError::HeldBack(span)) = &outcome {
                    self.held_until = Instant::now().checked_add(*span);
                }
                outcome
            }
        };
        let count = if outcome.is_ok() { &self.delivered } else { &self.failed };
        count.fetch_add(1, Relaxed);
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
