//! What every connection must have: a heartbeat, and orders that end with it.

use std::time::Duration;

use nova_behaviour::{Body, Refusal, Setting, SettingHandler};
use serde::Serialize;

use crate::dialect::{DeribitDialect, Request};

/// The settings of each connection: the heartbeat before the login, since a connection without one may
/// die of silence, and cancel-on-disconnect after it.
#[derive(Clone, Debug)]
pub struct DeribitSettings {
    pub(crate) heartbeat: Option<Heartbeat>,
    pub(crate) cancel_on_disconnect: Option<CancelScope>,
}

/// How often the venue shall ask whether we live; at least every ten seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Heartbeat(u64);

/// The venue does not ask so often.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the heartbeat's interval is {0:?}, and the venue takes ten seconds at least")]
pub struct HeartbeatTooShort(pub Duration);

impl TryFrom<Duration> for Heartbeat {
    type Error = HeartbeatTooShort;

    /// In whole seconds, rounded up.
    fn try_from(interval: Duration) -> Result<Self, HeartbeatTooShort> {
        if interval < LEAST {
            return Err(HeartbeatTooShort(interval));
        }
        Ok(Self(interval.as_secs().saturating_add(u64::from(interval.subsec_nanos() > 0))))
    }
}

impl Default for Heartbeat {
    /// Thirty seconds: what the venue recommends.
    fn default() -> Self {
        Self(30)
    }
}

/// Which orders end when a connection does.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelScope {
    /// Those placed over this connection. The venue forgets it with the connection.
    Connection,
    /// Those of every connection of the account that is made from now on, also by other programs: the
    /// venue keeps it as the account's default.
    Account,
}

#[derive(Serialize)]
struct Interval {
    interval: u64,
}

#[derive(Serialize)]
struct Cancel {
    scope: CancelScope,
}

impl SettingHandler<DeribitDialect> for DeribitSettings {
    fn wanted(&mut self) -> Vec<Setting<Request>> {
        let heartbeat = self.heartbeat.map(|Heartbeat(interval)| {
            Setting::new("heartbeat", Request::new("public/set_heartbeat", &Interval { interval }))
        });
        let cancel = self.cancel_on_disconnect.map(|scope| {
            let request = Request::new("private/enable_cancel_on_disconnect", &Cancel { scope });
            Setting::new("cancel on disconnect", request).after_login()
        });
        heartbeat.into_iter().chain(cancel).collect()
    }

    fn answered(&mut self, name: &'static str, answer: Result<Body<'_>, Refusal>) -> Result<(), Refusal> {
        match answer?.as_text().map(str::trim) {
            Some("\"ok\"") => Ok(()),
            _ => Err(Refusal::new(format!("the answer to the setting \"{name}\" is not \"ok\""))),
        }
    }
}

const LEAST: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> DeribitSettings {
        DeribitSettings {
            heartbeat: Some(Heartbeat::default()),
            cancel_on_disconnect: Some(CancelScope::Connection),
        }
    }

    #[test]
    fn the_heartbeat_comes_before_the_login_and_cancelling_after_it() {
        let wanted = all().wanted();
        let told: Vec<_> = wanted
            .iter()
            .map(|setting| (setting.request.method(), setting.request.params().unwrap(), setting.needs_login))
            .collect();
        assert_eq!(
            told,
            [
                ("public/set_heartbeat", r#"{"interval":30}"#, false),
                ("private/enable_cancel_on_disconnect", r#"{"scope":"connection"}"#, true),
            ]
        );
        assert!(wanted.iter().all(|setting| setting.is_required));
        let none = DeribitSettings { heartbeat: None, cancel_on_disconnect: None }.wanted();
        assert!(none.is_empty());
    }

    #[test]
    fn an_interval_below_ten_seconds_is_refused_and_parts_of_a_second_are_rounded_up() {
        let of = |millis| Heartbeat::try_from(Duration::from_millis(millis));
        assert_eq!(of(9_999).unwrap_err(), HeartbeatTooShort(Duration::from_millis(9_999)));
        assert_eq!((of(10_000), of(10_001)), (Ok(Heartbeat(10)), Ok(Heartbeat(11))));
        assert!(Heartbeat::try_from(Duration::MAX).is_ok());
    }

    #[test]
    fn anything_but_ok_is_no_setting() {
        assert_eq!(all().answered("heartbeat", Ok(Body::Text("\"ok\""))), Ok(()));
        assert!(all().answered("heartbeat", Ok(Body::Text("true"))).is_err());
        let refusal = Refusal::new("no").with_code(10049);
        assert_eq!(all().answered("cancel on disconnect", Err(refusal.clone())), Err(refusal));
    }
}
