//! One direction of one connection through a [`FaultProxy`](super::FaultProxy).

use std::{io, sync::atomic::Ordering, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{ReadHalf, WriteHalf},
    sync::broadcast::error::RecvError,
    task, time,
};

use super::faults::{Cut, Flow, Lines, Plan};
use crate::net::stream::Ending;

pub(super) struct Pipe<'a> {
    from: ReadHalf<'a>,
    to: WriteHalf<'a>,
    lines: Lines,
    /// The cut to come, and how many bytes may pass until then.
    cut: Option<(Cut, u64)>,
}

impl<'a> Pipe<'a> {
    pub(super) const fn new(from: ReadHalf<'a>, to: WriteHalf<'a>, lines: Lines) -> Self {
        Self { from, to, lines, cut: None }
    }

    /// Passes bytes on until their source ends in order, which is passed on too.
    ///
    /// # Errors
    ///
    /// How the whole connection is to end now, because of a fault or of a failure.
    pub(super) async fn run(mut self) -> Result<(), Ending> {
        let mut buffer = [0; CHUNK_BYTES];
        loop {
            let plan = self.look_at_plan();
            self.cut_if_due()?;
            tokio::select! {
                // A plan that changed before bytes came must hold for these bytes.
                biased;
                _ = self.lines.plan.changed() => {}
                injected = self.lines.injected.recv() => match injected {
                    Ok(bytes) => self.to.write_all(&bytes).await.map_err(of_failure)?,
                    Err(RecvError::Lagged(lost)) => panic!("{lost} injected pieces waited too long"),
                    Err(RecvError::Closed) => return Err(Ending::Fin),
                },
                read = self.from.read(&mut buffer), if plan.flow != Flow::Hold => {
                    let length = read.map_err(of_failure)?;
                    if length == 0 {
                        return self.to.shutdown().await.map_err(of_failure);
                    }
                    if plan.flow == Flow::Forward {
                        self.forward(&buffer[..length], plan).await?;
                    }
                }
            }
        }
    }

    /// The plan as it is now. A cut that is new begins to count.
    fn look_at_plan(&mut self) -> Plan {
        let plan = *self.lines.plan.borrow_and_update();
        let known = self.cut.map(|(cut, _)| cut.serial);
        if plan.cut.map(|cut| cut.serial) != known {
            self.cut = plan.cut.map(|cut| (cut, cut.after_bytes));
        }
        plan
    }

    /// Passes bytes on, up to a cut.
    async fn forward(&mut self, mut bytes: &[u8], plan: Plan) -> Result<(), Ending> {
        // The timer rounds up, also from zero.
        if !plan.delay.is_zero() {
            time::sleep(plan.delay).await;
        }
        while !bytes.is_empty() {
            let (chunk, rest) = bytes.split_at(self.chunk_bytes(bytes.len(), plan));
            bytes = rest;
            self.to.write_all(chunk).await.map_err(of_failure)?;
            self.lines.direction.forwarded.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            if let Some((_, left)) = &mut self.cut {
                *left -= chunk.len() as u64;
            }
            self.cut_if_due()?;
            if let Some(rate) = plan.bytes_per_second {
                time::sleep(Duration::from_secs(chunk.len() as u64) / rate).await;
            } else if plan.is_split {
                task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Fails if enough bytes were passed on, unless another connection has used the cut up.
    fn cut_if_due(&mut self) -> Result<(), Ending> {
        match self.cut.take_if(|(_, left)| *left == 0) {
            Some((cut, _)) if self.lines.direction.claim(cut) => Err(cut.ending),
            _ => Ok(()),
        }
    }

    /// How many bytes to pass on in one write.
    fn chunk_bytes(&self, waiting: usize, plan: Plan) -> usize {
        let throttled = plan.bytes_per_second.map_or(waiting, |rate| (rate / 100).max(1) as usize);
        let split = if plan.is_split { 1 } else { waiting };
        let until_cut = self.cut.map_or(waiting, |(_, left)| usize::try_from(left).unwrap_or(waiting));
        waiting.min(throttled).min(split).min(until_cut)
    }
}

/// A socket that failed ends the connection as a reset would.
fn of_failure(_: io::Error) -> Ending {
    Ending::Reset
}

const CHUNK_BYTES: usize = 16 * 1024;
