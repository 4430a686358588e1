//! Every setting by its name, and what one layer says about each.
//!
//! The table at the end is the one place that lists them; [`Settings::explain`] takes the fields apart
//! one by one, so that a field which is missing here does not compile.

use std::fmt;

use super::{Bound, InitialConnect, KeepAlive, Lanes, Settings, explain::SettingValue, layer::Layer};

/// Writes out, for every row of the table, the name, the entry of a layer, and what is done with both.
macro_rules! table {
    ($($name:ident, $text:literal, $($path:ident).+, $field:ident, $with:ident, $type:ty;)+) => {
        /// The name of one setting. The parts of a compound setting have each their own.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum SettingName {
            $(#[doc = concat!("`", $text, "`.")] $name,)+
        }

        impl SettingName {
            /// All settings, in the order of [`Settings`].
            pub const ALL: [Self; COUNT] = [$(Self::$name),+];

            /// The path of the field.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// Its value.
            #[must_use]
            pub fn of(self, settings: &Settings) -> SettingValue {
                match self {
                    $(Self::$name => settings.$($path).+.into(),)+
                }
            }
        }

        /// What one layer says about the settings: of each, a value or nothing.
        ///
        /// Nothing said leaves a setting to the layers below, and so there is no way to erase what they
        /// said. The parts of a compound setting are said one by one.
        ///
        /// ```
        /// # use nova_behaviour::*;
        /// # use std::time::Duration;
        /// let ours = Overrides::new().with_call_deadline(Duration::from_secs(10)).with_in_flight(64);
        /// let mut settings = Settings::default();
        /// settings.overlay(Layer::Client, &ours);
        /// settings.overlay(Layer::Adapter, &Overrides::new().with_in_flight(7).with_events(32));
        ///
        /// assert_eq!((settings.in_flight, settings.events), (64, 32));
        /// assert_eq!(settings.origin(SettingName::InFlight), Layer::Client);
        /// let line = settings.explain().find(|line| line.name == SettingName::CallDeadline).unwrap();
        /// assert_eq!(line.to_string(), "call_deadline = 10 s (client)");
        /// ```
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Overrides {
            $($field: Option<$type>,)+
        }

        impl Overrides {
            /// Nothing said.
            #[must_use]
            pub const fn new() -> Self {
                Self { $($field: None,)+ }
            }

            $(
                #[doc = concat!("Sets `", $text, "`; see [`Settings`].")]
                #[must_use]
                pub const fn $with(mut self, value: $type) -> Self {
                    self.$field = Some(value);
                    self
                }
            )+

            /// What is said, in the order of [`SettingName::ALL`].
            pub fn said(&self) -> impl Iterator<Item = (SettingName, SettingValue)> {
                [$(self.$field.map(|value| (SettingName::$name, value.into()))),+].into_iter().flatten()
            }

            /// Whatever differs in `after`.
            pub(super) fn between(before: &Settings, after: &Settings) -> Self {
                Self { $($field: (before.$($path).+ != after.$($path).+).then_some(after.$($path).+),)+ }
            }

            /// What `settings` hold that is not left to the default.
            pub(super) fn stated_in(settings: &Settings) -> Self {
                let default = Settings::default();
                Self {
                    $($field: {
                        let is_stated = settings.$($path).+ != default.$($path).+
                            || settings.origin(SettingName::$name) > Layer::Default;
                        is_stated.then_some(settings.$($path).+)
                    },)+
                }
            }

            /// The one rule of precedence: whoever stands at least as high as the one before wins.
            pub(super) fn lay_on(&self, settings: &mut Settings, layer: Layer) {
                $(if let Some(value) = self.$field
                    && layer >= settings.origin(SettingName::$name)
                {
                    settings.$($path).+ = value;
                    settings.origins.0[SettingName::$name as usize] = layer;
                })+
            }
        }
    };
}

impl Overrides {
    /// Sets all parts of `keep_alive`.
    #[must_use]
    pub const fn with_keep_alive(self, value: KeepAlive) -> Self {
        let KeepAlive { every, deadline, misses } = value;
        self.with_keep_alive_every(every).with_keep_alive_deadline(deadline).with_keep_alive_misses(misses)
    }

    /// Sets all parts of `lanes`.
    #[must_use]
    pub const fn with_lanes(self, value: Lanes) -> Self {
        let Lanes { control, session, user } = value;
        self.with_lanes_control(control).with_lanes_session(session).with_lanes_user(user)
    }

    /// Sets both parts of `lanes.control`.
    #[must_use]
    pub const fn with_lanes_control(self, Bound { count, bytes }: Bound) -> Self {
        self.with_lanes_control_count(count).with_lanes_control_bytes(bytes)
    }

    /// Sets both parts of `lanes.session`.
    #[must_use]
    pub const fn with_lanes_session(self, Bound { count, bytes }: Bound) -> Self {
        self.with_lanes_session_count(count).with_lanes_session_bytes(bytes)
    }

    /// Sets both parts of `lanes.user`.
    #[must_use]
    pub const fn with_lanes_user(self, Bound { count, bytes }: Bound) -> Self {
        self.with_lanes_user_count(count).with_lanes_user_bytes(bytes)
    }

    /// Sets both parts of `subscription`.
    #[must_use]
    pub const fn with_subscription(self, Bound { count, bytes }: Bound) -> Self {
        self.with_subscription_count(count).with_subscription_bytes(bytes)
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which layer each setting comes from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origins(pub(super) [Layer; COUNT]);

type Duration = std::time::Duration;

pub(super) const COUNT: usize = 20;

#[rustfmt::skip]
table! {
    InitialConnect, "initial_connect", initial_connect, initial_connect, with_initial_connect, InitialConnect;
    KeepAliveEvery, "keep_alive.every", keep_alive.every, keep_alive_every, with_keep_alive_every, Duration;
    KeepAliveDeadline, "keep_alive.deadline", keep_alive.deadline, keep_alive_deadline, with_keep_alive_deadline, Duration;
    KeepAliveMisses, "keep_alive.misses", keep_alive.misses, keep_alive_misses, with_keep_alive_misses, u32;
    CallDeadline, "call_deadline", call_deadline, call_deadline, with_call_deadline, Duration;
    OpeningDeadline, "opening_deadline", opening_deadline, opening_deadline, with_opening_deadline, Duration;
    StableAfter, "stable_after", stable_after, stable_after, with_stable_after, Duration;
    CloseDeadline, "close_deadline", close_deadline, close_deadline, with_close_deadline, Duration;
    DropDeadline, "drop_deadline", drop_deadline, drop_deadline, with_drop_deadline, Duration;
    MessageBytes, "message_bytes", message_bytes, message_bytes, with_message_bytes, usize;
    LanesControlCount, "lanes.control.count", lanes.control.count, lanes_control_count, with_lanes_control_count, usize;
    LanesControlBytes, "lanes.control.bytes", lanes.control.bytes, lanes_control_bytes, with_lanes_control_bytes, usize;
    LanesSessionCount, "lanes.session.count", lanes.session.count, lanes_session_count, with_lanes_session_count, usize;
    LanesSessionBytes, "lanes.session.bytes", lanes.session.bytes, lanes_session_bytes, with_lanes_session_bytes, usize;
    LanesUserCount, "lanes.user.count", lanes.user.count, lanes_user_count, with_lanes_user_count, usize;
    LanesUserBytes, "lanes.user.bytes", lanes.user.bytes, lanes_user_bytes, with_lanes_user_bytes, usize;
    InFlight, "in_flight", in_flight, in_flight, with_in_flight, usize;
    SubscriptionCount, "subscription.count", subscription.count, subscription_count, with_subscription_count, usize;
    SubscriptionBytes, "subscription.bytes", subscription.bytes, subscription_bytes, with_subscription_bytes, usize;
    Events, "events", events, events, with_events, usize;
}
