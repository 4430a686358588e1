//! Sending: each message by itself, and several at once.

use std::error::Error;

use super::{Column, Extent, print};
use crate::{process, who::Who};

pub(super) fn tables(extent: Extent) -> Result<(), Box<dyn Error>> {
    let (messages, rounds) = extent.of((40_000, 3), (120_000, 5));
    let columns = [1, 16, 64]
        .map(|batch: u64| {
            let messages = messages * if batch == 1 { 1 } else { 4 };
            let messages = u64::next_multiple_of(messages, 20 * batch);
            Column::measured(format!("{batch} at once"), Who::SENDERS, rounds, |who, counts| {
                process::send(who, 350, messages, batch, counts)
            })
        })
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    print(&columns, Who::SENDERS, "Allocations, reads and writes for one message", |run| {
        [run.used.allocations, run.used.reads, run.used.writes]
    });
    Ok(())
}
