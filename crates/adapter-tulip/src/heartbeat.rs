//! What every connection must have: the venue's heartbeat.
//!
//! The venue forgets it with the connection, so it is made anew on every link, before the login. The
//! demands themselves are answered by the message handler.

use std::time::Duration;

use nova_behaviour::{Setting, SettingHandler};

use crate::dialect::{Request, TulipDialect};

/// Wishes to be asked for signs of life.
#[derive(Clone, Copy, Debug)]
pub struct TulipHeartbeat {
    every: Duration,
}

impl TulipHeartbeat {
    /// This often; the venue counts whole seconds, and knows none shorter than one.
    #[must_use]
    pub const fn every(every: Duration) -> Self {
        Self { every }
    }
}

impl Default for TulipHeartbeat {
    /// Every 30 s.
    fn default() -> Self {
        Self::every(Duration::from_secs(30))
    }
}

impl SettingHandler<TulipDialect> for TulipHeartbeat {
    fn wanted(&mut self) -> Vec<Setting<Request>> {
        vec![Setting::new("heartbeat", Request::Beat { every: self.every.as_secs().max(1) })]
    }
}
