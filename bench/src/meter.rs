//! What a piece of work takes: processor time, wall time, allocations, calls to the system.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use crate::allocator;

/// What a process has used up to a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    at: Instant,
    used: Used,
}

/// What was used between two moments.
#[cfg_attr(not(feature = "peers"), expect(dead_code, reason = "counting in memory looks at no clock"))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// Nanoseconds of processor time, of all threads.
    pub(crate) cpu: u64,
    /// Nanoseconds.
    pub(crate) wall: u64,
    pub(crate) allocations: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) waits: u64,
}

impl Mark {
    pub(crate) fn now() -> Self {
        let calls = calls();
        let allocations = allocator::allocations();
        Self { at: Instant::now(), used: Used { cpu: processor_nanos(), wall: 0, allocations, ..calls } }
    }

    /// What was used since.
    pub(crate) fn used(&self) -> Used {
        let now = Self::now().used;
        let then = self.used;
        Used {
            cpu: now.cpu - then.cpu,
            wall: self.at.elapsed().as_nanos() as u64,
            allocations: now.allocations - then.allocations,
            reads: now.reads - then.reads,
            writes: now.writes - then.writes,
            waits: now.waits - then.waits,
        }
    }
}

/// Reads and writes of streams in memory, which ask no system.
static MEMORY_READS: AtomicU64 = AtomicU64::new(0);
static MEMORY_WRITES: AtomicU64 = AtomicU64::new(0);

pub(crate) fn note_read() {
    MEMORY_READS.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn note_write() {
    MEMORY_WRITES.fetch_add(1, Ordering::Relaxed);
}

#[cfg(feature = "peers")]
fn calls() -> Used {
    let calls = crate::syscalls::calls();
    Used {
        reads: calls.reads + MEMORY_READS.load(Ordering::Relaxed),
        writes: calls.writes + MEMORY_WRITES.load(Ordering::Relaxed),
        waits: calls.waits,
        ..Used::default()
    }
}

#[cfg(not(feature = "peers"))]
fn calls() -> Used {
    Used {
        reads: MEMORY_READS.load(Ordering::Relaxed),
        writes: MEMORY_WRITES.load(Ordering::Relaxed),
        ..Used::default()
    }
}

#[cfg(feature = "peers")]
fn processor_nanos() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(not(feature = "peers"))]
fn processor_nanos() -> u64 {
    0
}
