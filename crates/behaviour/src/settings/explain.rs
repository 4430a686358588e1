//! What a setting is, and who said so.

use std::{fmt, time::Duration};

use super::{
    Bound, InitialConnect, KeepAlive, Lanes, Settings,
    layer::Layer,
    overrides::{COUNT, SettingName},
};

/// One setting, its value, and the layer it comes from. Reads as `call_deadline = 10 s (adapter)`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Explained {
    /// Which setting.
    pub name: SettingName,
    /// What it is.
    pub value: SettingValue,
    /// Who said so.
    pub origin: Layer,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.name, self.value, self.origin)
    }
}

/// The value of a setting of whatever type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SettingValue {
    /// A time.
    Time(Duration),
    /// A number, of entries or of bytes.
    Number(u64),
    /// A choice, by its name.
    Choice(&'static str),
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(Duration::MAX) => f.write_str("never"),
            Self::Time(time) if time.subsec_nanos() == 0 => write!(f, "{} s", time.as_secs()),
            Self::Time(time) => write!(f, "{} ms", time.as_secs_f64() * 1000.0),
            Self::Number(number) => number.fmt(f),
            Self::Choice(choice) => f.write_str(choice),
        }
    }
}

impl From<Duration> for SettingValue {
    fn from(time: Duration) -> Self {
        Self::Time(time)
    }
}

impl From<u32> for SettingValue {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for SettingValue {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<InitialConnect> for SettingValue {
    fn from(choice: InitialConnect) -> Self {
        Self::Choice(match choice {
            InitialConnect::FailFast => "fail fast",
            InitialConnect::Retry => "retry",
        })
    }
}

impl Settings {
    /// Every setting, with its value and the layer it comes from.
    pub fn explain(&self) -> impl Iterator<Item = Explained> {
        self.values().into_iter().map(|(name, value)| Explained { name, value, origin: self.origin(name) })
    }

    /// The settings taken apart. Nothing is left out by `..`, so a new field has to get its name here,
    /// and with it its place in the layers.
    fn values(&self) -> [(SettingName, SettingValue); COUNT] {
        let Self {
            initial_connect,
            keep_alive: KeepAlive { every, deadline, misses },
            call_deadline,
            opening_deadline,
            stable_after,
            close_deadline,
            drop_deadline,
            message_bytes,
            lanes: Lanes { control, session, user },
            in_flight,
            subscription,
            events,
            origins: _,
        } = *self;
        let [control, session, user, subscription] = [control, session, user, subscription]
            .map(|Bound { count, bytes }| (SettingValue::from(count), SettingValue::from(bytes)));
        [
            (SettingName::InitialConnect, initial_connect.into()),
            (SettingName::KeepAliveEvery, every.into()),
            (SettingName::KeepAliveDeadline, deadline.into()),
            (SettingName::KeepAliveMisses, misses.into()),
            (SettingName::CallDeadline, call_deadline.into()),
            (SettingName::OpeningDeadline, opening_deadline.into()),
            (SettingName::StableAfter, stable_after.into()),
            (SettingName::CloseDeadline, close_deadline.into()),
            (SettingName::DropDeadline, drop_deadline.into()),
            (SettingName::MessageBytes, message_bytes.into()),
            (SettingName::LanesControlCount, control.0),
            (SettingName::LanesControlBytes, control.1),
            (SettingName::LanesSessionCount, session.0),
            (SettingName::LanesSessionBytes, session.1),
            (SettingName::LanesUserCount, user.0),
            (SettingName::LanesUserBytes, user.1),
            (SettingName::InFlight, in_flight.into()),
            (SettingName::SubscriptionCount, subscription.0),
            (SettingName::SubscriptionBytes, subscription.1),
            (SettingName::Events, events.into()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listing_and_the_table_of_layers_name_the_same_settings_and_values() {
        let settings = Settings::default();
        let listed: Vec<_> = settings.explain().map(|line| (line.name, line.value)).collect();
        let named: Vec<_> = SettingName::ALL.iter().map(|name| (*name, name.of(&settings))).collect();
        assert_eq!(listed, named);
    }

    #[test]
    fn values_read_as_people_write_them() {
        let shown = |value: SettingValue| value.to_string();
        assert_eq!(shown(Duration::from_secs(90).into()), "90 s");
        assert_eq!(shown(Duration::from_millis(1250).into()), "1250 ms");
        assert_eq!(shown(Duration::MAX.into()), "never");
        assert_eq!(shown(4096_usize.into()), "4096");
        assert_eq!(shown(InitialConnect::Retry.into()), "retry");
    }
}
