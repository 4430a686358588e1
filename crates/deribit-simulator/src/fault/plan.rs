//! Where, when and for how long a fault acts.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use super::Fault;

/// A fault with its place and time. Most faults are used as they are: everywhere, now.
///
/// ```
/// use nova_deribit_simulator::{Fault, FaultPlan};
/// use std::time::Duration;
///
/// let gap: FaultPlan = Fault::Gap { n: 2 }.on_channel("book.BTC-PERPETUAL.100ms").starting_in(Duration::from_secs(5));
/// let file: FaultPlan = serde_json::from_str(
///     r#"{"at": 5, "fault": "gap", "params": {"n": 2}, "target": {"channel": "book.BTC-PERPETUAL.100ms"}}"#,
/// )?;
/// assert_eq!(gap, file);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FaultPlan {
    /// What goes wrong.
    pub fault: Fault,
    /// Where.
    pub target: Target,
    /// From when on.
    pub start: Start,
    /// Only on this one of the matching frames, the first being 1.
    pub nth: Option<u64>,
    /// For how long.
    pub lasting: Lasting,
}

/// Where a fault acts.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Target {
    /// Everywhere.
    #[default]
    All,
    /// On one connection; the first is 1.
    Connection(u64),
    /// On the connection opened last when it begins.
    NewestConnection,
    /// On one channel.
    Channel(String),
    /// On one book that is subscribed when it begins, by the seed.
    RandomBook,
}

/// From when on a fault acts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Start {
    /// After this span of the simulator's clock.
    In(Duration),
    /// After so many matching frames.
    AfterFrames(u64),
}

/// For how long a fault acts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lasting {
    /// On so many matching frames, calls or attempts.
    Times(u32),
    /// For this span of the simulator's clock.
    For(Duration),
    /// Until it is cleared.
    UntilCleared,
}

impl Fault {
    /// At this target.
    #[must_use]
    pub fn on(self, target: Target) -> FaultPlan {
        FaultPlan { target, ..self.into() }
    }

    /// On this connection; the first is 1.
    #[must_use]
    pub fn on_connection(self, connection: u64) -> FaultPlan {
        self.on(Target::Connection(connection))
    }

    /// On this channel.
    #[must_use]
    pub fn on_channel(self, channel: &str) -> FaultPlan {
        self.on(Target::Channel(channel.to_owned()))
    }
}

impl FaultPlan {
    /// After this span of the simulator's clock.
    #[must_use]
    pub fn starting_in(self, span: Duration) -> Self {
        Self { start: Start::In(span), ..self }
    }

    /// After so many matching frames were sent.
    #[must_use]
    pub fn after_frames(self, frames: u64) -> Self {
        Self { start: Start::AfterFrames(frames), ..self }
    }

    /// Only on this one of the matching frames, the first being 1.
    #[must_use]
    pub fn on_nth(self, nth: u64) -> Self {
        Self { nth: Some(nth), lasting: Lasting::Times(1), ..self }
    }

    /// On so many matching frames, calls or attempts.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { lasting: Lasting::Times(times), ..self }
    }

    /// For this span of the simulator's clock.
    #[must_use]
    pub fn lasting(self, span: Duration) -> Self {
        Self { lasting: Lasting::For(span), ..self }
    }

    /// Until it is cleared.
    #[must_use]
    pub fn until_cleared(self) -> Self {
        Self { lasting: Lasting::UntilCleared, ..self }
    }
}

impl From<Fault> for FaultPlan {
    fn from(fault: Fault) -> Self {
        let lasting = fault.usual_lasting();
        Self { fault, target: Target::All, start: Start::In(Duration::ZERO), nth: None, lasting }
    }
}

/// A plan as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// In seconds from the start of the scenario.
    #[serde(default)]
    at: f64,
    fault: String,
    #[serde(default)]
    params: Option<Map<String, Value>>,
    #[serde(default)]
    target: Target,
    #[serde(default)]
    after_frames: Option<u64>,
    #[serde(default)]
    nth: Option<u64>,
    #[serde(default)]
    times: Option<u32>,
    #[serde(default)]
    for_s: Option<f64>,
    #[serde(default)]
    until_cleared: bool,
}

impl<'de> Deserialize<'de> for FaultPlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let span = |seconds: f64| Duration::try_from_secs_f64(seconds).map_err(D::Error::custom);
        // The name is the variant, the parameters are its fields.
        let named = Map::from_iter([(written.fault, Value::Object(written.params.unwrap_or_default()))]);
        let fault: Fault = serde_json::from_value(Value::Object(named)).map_err(D::Error::custom)?;
        let mut plan = Self { target: written.target, ..fault.into() }.starting_in(span(written.at)?);
        if let Some(frames) = written.after_frames {
            plan = plan.after_frames(frames);
        }
        if let Some(nth) = written.nth {
            plan = plan.on_nth(nth);
        }
        match (written.times, written.for_s, written.until_cleared) {
            (None, None, false) => Ok(plan),
            (Some(times), None, false) => Ok(plan.times(times)),
            (None, Some(seconds), false) => Ok(plan.lasting(span(seconds)?)),
            (None, None, true) => Ok(plan.until_cleared()),
            _ => Err(D::Error::custom("only one of times, for_s and until_cleared makes sense")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Ending, Refusal};

    fn read(text: &str) -> Result<FaultPlan, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_plan_is_read_from_its_name_and_parameters() {
        assert_eq!(read(r#"{"fault":"mute_channel"}"#).unwrap(), Fault::MuteChannel {}.into());
        let drop = read(r#"{"at":1.5,"fault":"drop_tcp","params":{"how":"fin"},"target":{"connection":2}}"#);
        let right = Fault::DropTcp { how: Ending::Fin }.on_connection(2);
        assert_eq!(drop.unwrap(), right.starting_in(Duration::from_millis(1_500)));
        let refuse =
            read(r#"{"fault":"refuse_handshake","params":{"how":{"status":429},"count":3}}"#).unwrap();
        assert_eq!(refuse.lasting, Lasting::Times(3));
        assert_eq!(refuse.fault, Fault::RefuseHandshake { how: Refusal::Status(429), count: Some(3) });
        let gap = read(r#"{"fault":"gap","target":"random_book","after_frames":9,"for_s":2}"#).unwrap();
        assert_eq!((gap.start, gap.lasting), (Start::AfterFrames(9), Lasting::For(Duration::from_secs(2))));
    }

    #[test]
    fn slips_are_told() {
        for text in [
            r#"{"fault":"gapp"}"#,
            r#"{"fault":"gap","params":{"m":1}}"#,
            r#"{"fault":"gap","tarqet":"all"}"#,
            r#"{"fault":"gap","times":1,"for_s":1}"#,
            r#"{"fault":"gap","at":-1}"#,
            r#"{"params":{}}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
