//! Receiving: how messages come, and what each costs.

use std::error::Error;

use super::{Column, Extent, print};
use crate::{load::Load, process, who::Who};

/// Over TCP or TLS.
pub(super) fn tables(extent: Extent, over_tls: bool) -> Result<(), Box<dyn Error>> {
    let contenders = if over_tls { Who::TLS_RECEIVERS } else { Who::RECEIVERS };
    let (millis, rounds) = extent.of((60, 3), (120, 5));
    let groups = loads(extent, over_tls);
    for (index, loads) in groups.iter().enumerate() {
        let columns = loads
            .iter()
            .map(|load| column(*load, contenders, over_tls, millis, rounds))
            .collect::<Result<Vec<_>, _>>()?;
        print(&columns, contenders, "Allocations, reads and waits (`epoll_wait`) for one message", |run| {
            [run.used.allocations, run.used.reads, run.used.waits]
        });
        if index + 1 < groups.len() {
            println!();
        }
    }
    Ok(())
}

fn loads(extent: Extent, over_tls: bool) -> Vec<Vec<Load>> {
    let fragments = Load::new(1_024, 64).in_fragments(4);
    let large = vec![Load::new(16 << 10, 4), Load::new(1 << 20, 1), fragments];
    let bursts = |bytes| [1, 8, 64, 200].map(|burst| Load::new(bytes, burst)).to_vec();
    match (extent, over_tls) {
        (Extent::Short, false) => {
            vec![bursts(350), vec![Load::new(64, 64), Load::new(1_000, 64)], large]
        }
        (Extent::Short, true) => vec![vec![Load::new(350, 8), Load::new(350, 64)]],
        (Extent::Long, _) => vec![bursts(64), bursts(350), bursts(1_000), large],
    }
}

fn column(
    load: Load,
    contenders: &[Who],
    over_tls: bool,
    millis: u64,
    rounds: usize,
) -> Result<Column, Box<dyn Error>> {
    let burst = load.burst as u64;
    // About how long a message takes its server, so that runs are of about the same length.
    let nanos = 120 + load.bytes as u64 * if over_tls { 3 } else { 1 } / 2 + 3_000 / burst;
    let messages = (millis * 1_000_000 / nanos).max(200).next_multiple_of(burst);
    // Counting takes no time worth comparing, and looking at every byte takes some.
    let counted = (messages / 4).max(100).next_multiple_of(burst);
    let ring = load.ring();
    Column::measured(name(load), contenders, rounds, |who, counts| {
        let messages = if counts { counted } else { messages };
        let run = process::receive(who, load, messages, over_tls, counts)?;
        if run.sum != ring.sum(messages, counts) {
            return Err(format!("{} has read something else", who.name()).into());
        }
        Ok(run)
    })
}

fn name(load: Load) -> String {
    let bytes = match load.bytes {
        1_048_576 => "1 MiB".to_owned(),
        16_384 => "16 KiB".to_owned(),
        bytes => format!("{bytes} B"),
    };
    let fragments = if load.fragments > 1 { format!(" in {}", load.fragments) } else { String::new() };
    format!("{bytes}{fragments}, {} a write", load.burst)
}
