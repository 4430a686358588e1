//! Points in time, as the venue tells them.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error, de::Unexpected, de::Visitor};

/// Milliseconds since the beginning of 1970, by the venue's clock.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// This many milliseconds since the beginning of 1970.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// How many milliseconds since the beginning of 1970.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The same on the system's clock, as far as that reaches.
    #[must_use]
    pub fn to_system_time(self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(self.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(WholeVisitor).map(Self)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

/// Reads a whole number however it is printed: the venue prints some as `1054.0`.
struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number that is not negative")
    }

    fn visit_u64<E>(self, whole: u64) -> Result<u64, E> {
        Ok(whole)
    }

    fn visit_f64<E: Error>(self, float: f64) -> Result<u64, E> {
        // Up to 2^53 a float is as good as a whole number.
        if float.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&float) {
            Ok(float as u64)
        } else {
            Err(E::invalid_value(Unexpected::Float(float), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_in_every_form() {
        for text in ["1790133842703", "1790133842703.0", "1.790133842703e12"] {
            assert_eq!(serde_json::from_str::<Timestamp>(text).unwrap().as_millis(), 1_790_133_842_703);
        }
        for text in ["-1", "0.5", "1e300", "null", r#""1""#] {
            assert!(serde_json::from_str::<Timestamp>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn time_is_counted_from_the_epoch() {
        let second = Timestamp::from_millis(1_000).to_system_time().unwrap();
        assert_eq!(second.duration_since(SystemTime::UNIX_EPOCH).unwrap(), Duration::from_secs(1));
    }
}
