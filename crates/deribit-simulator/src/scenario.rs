//! Scenarios: what goes wrong and when, over a span of time.

mod ready;

use std::{fmt, fs, io, path::Path, time::Duration};

use serde::{Deserialize, Deserializer};

use crate::{config::Config, fault::FaultPlan};

/// A sequence of faults. In a file it is a list of steps, or an object with `length_s` and `steps`:
///
/// ```
/// use nova_deribit_simulator::Scenario;
///
/// let scenario: Scenario = serde_json::from_str(r#"[
///     {"at": 10, "fault": "gap", "target": "random_book"},
///     {"at": 20, "fault": "drop_tcp", "params": {"how": "rst"}}
/// ]"#)?;
/// assert_eq!(scenario.steps.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What happens, in a sentence.
    pub about: String,
    /// How long it takes; for ever if not given.
    pub length: Option<Duration>,
    /// The faults.
    pub steps: Vec<FaultPlan>,
    /// What it needs of the configuration.
    settings: fn(&mut Config),
}

impl Scenario {
    /// A scenario of these faults, which needs nothing of the configuration.
    #[must_use]
    pub fn new(name: &str, steps: Vec<FaultPlan>) -> Self {
        let (name, about) = (name.to_owned(), String::new());
        Self { name, about, length: None, steps, settings: |_| {} }
    }

    /// One of the ready-made ones, drawn from this seed where chance has a part in it.
    #[must_use]
    pub fn ready_made(name: &str, seed: u64) -> Option<Self> {
        ready::find(name, seed)
    }

    /// The names of the ready-made ones.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        ready::NAMES.to_vec()
    }

    /// A ready-made one of this name, or else the file of this name.
    ///
    /// # Errors
    ///
    /// There is neither, or the file is no scenario.
    pub fn find(name: &str, seed: u64) -> Result<Self, ScenarioError> {
        Self::ready_made(name, seed).map_or_else(|| Self::read(Path::new(name)), Ok)
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no scenario.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let text = fs::read_to_string(path).map_err(ScenarioError::Read)?;
        let scenario: Self = serde_json::from_str(&text).map_err(ScenarioError::Parse)?;
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        Ok(Self { name: name.unwrap_or_default(), ..scenario })
    }

    /// Sets what it needs of the configuration.
    #[must_use]
    pub fn adjust(&self, mut config: Config) -> Config {
        (self.settings)(&mut config);
        config
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("name", &self.name)
            .field("length", &self.length)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Scenario {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let (length_s, steps) = match written {
            Written::Steps(steps) => (None, steps),
            Written::Whole(Whole { length_s, steps }) => (length_s, steps),
        };
        let length = length_s.map(Duration::try_from_secs_f64).transpose();
        let length = length.map_err(serde::de::Error::custom)?;
        Ok(Self { length, ..Self::new("", steps) })
    }
}

/// A scenario as it stands in a file.
enum Written {
    Steps(Vec<FaultPlan>),
    Whole(Whole),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    #[serde(default)]
    length_s: Option<f64>,
    steps: Vec<FaultPlan>,
}

impl<'de> Deserialize<'de> for Written {
    /// By hand, since an untagged enum would hide which step is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.is_array() {
            return serde_json::from_value(value).map(Self::Steps).map_err(D::Error::custom);
        }
        serde_json::from_value(value).map(Self::Whole).map_err(D::Error::custom)
    }
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("the scenario cannot be read")]
    Read(#[source] io::Error),
    /// It is no scenario.
    #[error("the scenario makes no sense")]
    Parse(#[source] serde_json::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_file_are_read_and_slips_are_told() {
        let list: Scenario = serde_json::from_str(r#"[{"at":1,"fault":"gap"}]"#).unwrap();
        assert_eq!((list.length, list.steps.len()), (None, 1));
        let whole: Scenario =
            serde_json::from_str(r#"{"length_s":2.5,"steps":[{"fault":"gap"},{"fault":"ack_lie"}]}"#)
                .unwrap();
        assert_eq!((whole.length, whole.steps.len()), (Some(Duration::from_millis(2_500)), 2));
        let slip = serde_json::from_str::<Scenario>(r#"[{"at":1,"fault":"gapp"}]"#).unwrap_err();
        assert!(slip.to_string().contains("gapp"), "{slip}");
    }

    #[test]
    fn every_name_is_a_scenario_and_the_seed_decides() {
        for name in Scenario::names() {
            let scenario = Scenario::ready_made(name, 1).unwrap();
            assert!(!scenario.about.is_empty(), "{name}");
            assert!(scenario.adjust(Config::default()).check().is_ok(), "{name}");
            assert_eq!(scenario.steps, Scenario::ready_made(name, 1).unwrap().steps, "{name}");
        }
        assert!(Scenario::ready_made("nonsense", 1).is_none());
        assert!(matches!(Scenario::find("/nonsense", 1), Err(ScenarioError::Read(_))));
        assert_eq!(Scenario::find("flap", 1).unwrap().steps.len(), 20);
        let flap = |seed| Scenario::ready_made("flap", seed).unwrap().steps;
        assert_ne!(flap(1), flap(2));
    }
}
