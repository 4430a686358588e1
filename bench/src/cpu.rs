//! What a process has used so far: processor time of all its threads, and allocations.

use std::{fs, time::Duration};

/// Nanoseconds on a processor, of every thread of this process that still lives.
pub(crate) fn used() -> Duration {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux tells of its tasks");
    let nanos = tasks.filter_map(|task| {
        let stat = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// How many allocations were made so far; 0 if they are not counted.
pub(crate) fn allocations() -> u64 {
    #[cfg(feature = "allocations")]
    let count = {
        let stats = stats_alloc::INSTRUMENTED_SYSTEM.stats();
        (stats.allocations + stats.reallocations) as u64
    };
    #[cfg(not(feature = "allocations"))]
    let count = 0;
    count
}

#[cfg(feature = "allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;
