//! The simulator's clock as seen from real time.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::config::{ClockKind, Config};

/// Where the venue's time comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// From real time, this many times as fast.
    Real { started: Instant, started_us: u64, scale: f64 },
    /// From whoever moves it.
    Manual { started_us: u64 },
}

impl Clock {
    pub(crate) fn new(config: &Config) -> Self {
        match config.clock {
            ClockKind::Manual => Self::Manual { started_us: config.epoch_ms.saturating_mul(1_000) },
            ClockKind::Real => {
                let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                let started_us = u64::try_from(wall.as_micros()).unwrap_or_default();
                Self::Real { started: Instant::now(), started_us, scale: config.time_scale }
            }
        }
    }

    pub(crate) const fn started_us(&self) -> u64 {
        match self {
            Self::Real { started_us, .. } | Self::Manual { started_us } => *started_us,
        }
    }

    /// The present, or none if somebody else moves it.
    pub(crate) fn now_us(&self) -> Option<u64> {
        match self {
            Self::Real { started, started_us, scale } => {
                let elapsed = started.elapsed().as_secs_f64() * scale;
                Some(started_us + (elapsed * 1e6) as u64)
            }
            Self::Manual { .. } => None,
        }
    }

    /// When this time comes, in real time.
    pub(crate) fn instant_of(&self, at_us: u64) -> Option<Instant> {
        match self {
            Self::Real { started, started_us, scale } => {
                let seconds = at_us.saturating_sub(*started_us) as f64 / 1e6 / scale;
                // A year of real time is never waited for.
                Some(*started + Duration::from_secs_f64(seconds.min(31_536_000.0)))
            }
            Self::Manual { .. } => None,
        }
    }
}
