//! What the venue says about itself.

use nova_behaviour::Conflate;
use serde::Deserialize;

use super::{name::IndexName, time::Timestamp, word::words};

words! {
    /// Whether an announcement is new or withdrawn.
    AnnouncementAction {
        /// It is new.
        New = "new",
        /// It is withdrawn.
        Delete = "delete",
    }
}

/// An announcement.
///
/// Not [`Conflate`]: each is of its own.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct Announcement {
    /// Whether it is new or withdrawn.
    pub action: Option<AnnouncementAction>,
    /// Its number.
    pub id: u64,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its text, in HTML.
    #[serde(default)]
    pub body: String,
    /// Whether it is important.
    #[serde(default, deserialize_with = "super::absent::or_default")]
    pub important: bool,
    /// When it was published.
    pub publication_timestamp: Option<Timestamp>,
    /// Whether the user has to confirm it.
    pub confirmation: Option<bool>,
    /// How many earlier ones the user has not read.
    pub unread: Option<u64>,
}

/// That an index is locked or free again, or that there is maintenance.
///
/// Not [`Conflate`]: one stream tells of every index, and of maintenance besides.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct PlatformStateData {
    /// Which index.
    pub price_index: Option<IndexName>,
    /// Whether trading on it is locked.
    pub locked: Option<bool>,
    /// Whether there is maintenance.
    pub maintenance: Option<bool>,
}

/// Whether public methods can be called without a login. It replaces all that came before it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct PublicMethodsStateData {
    /// Whether they can.
    pub allow_unauthenticated_public_requests: bool,
}

impl Conflate for PublicMethodsStateData {}
