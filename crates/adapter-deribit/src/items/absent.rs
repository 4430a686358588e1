//! Members that may be missing, or there and empty.

use serde::{Deserialize, Deserializer};

use crate::number::{Number, optional};

/// Reads a member that may be `null`, which is the same as not being there.
pub(crate) fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a member of a change, where being there and empty is not the same as not being there.
pub(crate) fn told<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// The same for a number.
pub(crate) fn told_number<'de, N, D>(deserializer: D) -> Result<Option<Option<N>>, D::Error>
where
    N: Number,
    D: Deserializer<'de>,
{
    optional(deserializer).map(Some)
}
