//! Settings in a form that can be written and read.

use std::time::Duration;

use nova_behaviour::{Bound, InitialConnect, KeepAlive, Lanes, Settings};
use serde::{Deserialize, Serialize};

/// The settings of a session, as a recording holds them. Bounds are by count and by bytes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the fields are those of `Settings`, which explains them")]
pub struct SettingsShape {
    pub retries_initial_connect: bool,
    /// Every, deadline, misses.
    pub keep_alive: (Duration, Duration, u32),
    pub call_deadline: Duration,
    pub opening_deadline: Duration,
    pub stable_after: Duration,
    pub close_deadline: Duration,
    pub drop_deadline: Duration,
    pub message_bytes: usize,
    pub control_lane: (usize, usize),
    pub session_lane: (usize, usize),
    pub user_lane: (usize, usize),
    pub in_flight: usize,
    pub subscription: (usize, usize),
    pub events: usize,
}

impl From<&Settings> for SettingsShape {
    fn from(settings: &Settings) -> Self {
        let bound = |bound: Bound| (bound.count, bound.bytes);
        let KeepAlive { every, deadline, misses } = settings.keep_alive;
        Self {
            retries_initial_connect: settings.initial_connect == InitialConnect::Retry,
            keep_alive: (every, deadline, misses),
            call_deadline: settings.call_deadline,
            opening_deadline: settings.opening_deadline,
            stable_after: settings.stable_after,
            close_deadline: settings.close_deadline,
            drop_deadline: settings.drop_deadline,
            message_bytes: settings.message_bytes,
            control_lane: bound(settings.lanes.control),
            session_lane: bound(settings.lanes.session),
            user_lane: bound(settings.lanes.user),
            in_flight: settings.in_flight,
            subscription: bound(settings.subscription),
            events: settings.events,
        }
    }
}

impl From<&SettingsShape> for Settings {
    fn from(shape: &SettingsShape) -> Self {
        let bound = |(count, bytes)| Bound { count, bytes };
        let (every, deadline, misses) = shape.keep_alive;
        let retries = shape.retries_initial_connect;
        let mut settings = Self::default();
        settings.initial_connect = if retries { InitialConnect::Retry } else { InitialConnect::FailFast };
        settings.keep_alive = KeepAlive { every, deadline, misses };
        settings.call_deadline = shape.call_deadline;
        settings.opening_deadline = shape.opening_deadline;
        settings.stable_after = shape.stable_after;
        settings.close_deadline = shape.close_deadline;
        settings.drop_deadline = shape.drop_deadline;
        settings.message_bytes = shape.message_bytes;
        settings.lanes = Lanes {
            control: bound(shape.control_lane),
            session: bound(shape.session_lane),
            user: bound(shape.user_lane),
        };
        settings.in_flight = shape.in_flight;
        settings.subscription = bound(shape.subscription);
        settings.events = shape.events;
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_as_they_were() {
        let mut settings = Settings::default();
        settings.initial_connect = InitialConnect::Retry;
        settings.keep_alive = KeepAlive::OFF;
        settings.message_bytes = 777;
        settings.lanes.user = Bound { count: 3, bytes: 5 };
        let text = serde_json::to_string(&SettingsShape::from(&settings)).unwrap();
        let shape: SettingsShape = serde_json::from_str(&text).unwrap();
        assert_eq!(Settings::from(&shape), settings);
        // A new setting has to be added above, or its replay would use the default. One field more says
        // whose word each is, which a replay has no use for.
        assert_eq!(format!("{settings:?}").matches(": ").count(), 12 + 3 + 3 + 2 * 4 + 1);
    }
}
