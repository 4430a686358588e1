//! What a connection holds that was used once and now waits.

use std::error::Error;

use super::{Extent, table};
use crate::{process, who::Who};

pub(super) fn print(extent: Extent) -> Result<(), Box<dyn Error>> {
    let connections = extent.of(2_000, 4_000);
    // The floor reads into a buffer that no idle connection needs.
    let contenders = &Who::EACH[1..];
    let bytes: Vec<f64> =
        contenders.iter().map(|who| process::idle(*who, connections)).collect::<Result<_, _>>()?;
    println!(
        "Resident memory of a process for each of {connections} connections over TCP, every one of which has \
         sent and received 350 bytes; the task that waits and the runtime's part included:\n"
    );
    print!("{}", table(&["KiB"], contenders, |index| vec![format!("{:.1}", bytes[index] / 1_024.0)]));
    Ok(())
}
