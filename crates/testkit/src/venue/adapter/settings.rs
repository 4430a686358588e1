//! What every connection must have: a heartbeat, and orders that end with it.

use std::time::Duration;

use nova_behaviour::{Setting, SettingHandler};

use super::dialect::{Request, VenueDialect};

/// The wishes; none by default.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct VenueSettings {
    /// How often the venue shall ask whether we live.
    pub heartbeat: Option<Duration>,
    /// Whether open orders shall end with the connection.
    pub cancels_on_drop: bool,
}

impl SettingHandler<VenueDialect> for VenueSettings {
    fn wanted(&mut self) -> Vec<Setting<Request>> {
        let heartbeat = self.heartbeat.map(|pause| {
            let heartbeat = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            Setting::new("heartbeat", Request::Heartbeat { heartbeat })
        });
        let cancel = self.cancels_on_drop.then(|| {
            Setting::new("cancel on drop", Request::CancelOnDrop { cancel_on_drop: true }).after_login()
        });
        heartbeat.into_iter().chain(cancel).collect()
    }
}
