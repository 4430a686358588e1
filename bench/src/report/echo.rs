//! How long a message takes there and back.

use std::error::Error;

use super::{Extent, table};
use crate::{process, who::Who};

pub(super) fn print(extent: Extent) -> Result<(), Box<dyn Error>> {
    let (rounds, repeats) = extent.of((3_000, 3), (20_000, 5));
    let mut nanos = vec![Vec::new(); Who::EACH.len()];
    for _ in 0..repeats {
        for (who, nanos) in Who::EACH.iter().zip(&mut nanos) {
            nanos.extend(process::echo(*who, rounds)?);
        }
    }
    nanos.iter_mut().for_each(|nanos| nanos.sort_unstable());
    println!("Microseconds for 350 bytes to a server that sends them back, one at a time:\n");
    let cells = |index: usize| {
        let nanos: &Vec<u64> = &nanos[index];
        let at = |share: f64| nanos[((nanos.len() - 1) as f64 * share) as usize] as f64 / 1_000.0;
        [0.5, 0.99, 0.999].map(|share| format!("{:.1}", at(share))).to_vec()
    };
    print!("{}", table(&["p50", "p99", "p99.9"], Who::EACH, cells));
    Ok(())
}
