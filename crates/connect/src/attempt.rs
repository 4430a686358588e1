//! The clock of one attempt: announces each phase, bounds it, and records how long it took.

use std::{future::Future, time::Duration};

use nova_transport::{ConnectError, Phase, Progress};
use tokio::time::{Instant, timeout};

use crate::deadlines::Deadlines;

pub(crate) struct Attempt<'a> {
    deadlines: Deadlines,
    progress: Progress<'a>,
    /// How long each phase took, in the order they ran.
    pub(crate) timings: Vec<(Phase, Duration)>,
}

impl<'a> Attempt<'a> {
    pub(crate) const fn new(deadlines: Deadlines, progress: Progress<'a>) -> Self {
        Self { deadlines, progress, timings: Vec::new() }
    }

    /// Runs one phase within its deadline.
    pub(crate) async fn run<T>(
        &mut self,
        phase: Phase,
        work: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        (self.progress)(phase);
        let limit = self.deadlines.of(phase);
        let begun = Instant::now();
        let done = timeout(limit, work).await.map_err(|_| ConnectError::TimedOut { phase, limit })??;
        self.timings.push((phase, begun.elapsed()));
        Ok(done)
    }
}
