//! Calls about the connection and the venue itself.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, de::Visitor};

use super::methods;
use crate::{
    items::{Currency, IndexName, Timestamp, or_default, words},
    settings::CancelScope,
};

words! {
    /// That a call was done.
    Acknowledgement {
        /// It was.
        Ok = "ok",
    }
    /// Which orders are said to end when a connection does; to ask for it, see
    /// [`CancelScope`](crate::CancelScope).
    ReportedScope {
        /// This one, until it ends.
        Connection = "connection",
        /// Those of the account from now on.
        Account = "account",
    }
}

methods! {
    /// The venue's clock.
    reads GetTime() = "public/get_time" -> Timestamp [] []

    /// Which indices are locked.
    reads Status() = "public/status" -> StatusData [] []

    /// Introduces a program to the venue.
    reads Hello(client_name: String, client_version: String) = "public/hello" -> Version [] []

    /// Asks for a sign of life. The adapter answers the venue's own such questions by itself.
    reads Test() = "public/test" -> Version [] [
        /// What to answer: `exception` makes the venue answer with an error.
        with_expected_result(expected_result: String)
    ]

    /// Switches heartbeats off. The adapter switches them on by itself, on each connection.
    acts DisableHeartbeat() = "public/disable_heartbeat" -> Acknowledgement [] []

    /// Lets the venue cancel orders when the connection they were placed over ends. To have it on every
    /// connection, set it in the adapter.
    acts EnableCancelOnDisconnect() = "private/enable_cancel_on_disconnect" -> Acknowledgement [
        /// For this connection (the default), or for the account from now on.
        with_scope(scope: CancelScope)
    ] []

    /// Lets orders live on when the connection they were placed over ends.
    acts DisableCancelOnDisconnect() = "private/disable_cancel_on_disconnect" -> Acknowledgement [
        /// For this connection (the default), or for the account from now on.
        with_scope(scope: CancelScope)
    ] []

    /// Whether orders end with the connection they were placed over.
    reads GetCancelOnDisconnect() = "private/get_cancel_on_disconnect" -> CancelOnDisconnect [
        /// Of this connection (the default), or of the account.
        with_scope(scope: CancelScope)
    ] []
}

/// Switches heartbeats on. The adapter does so by itself, on each connection.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SetHeartbeat {
    interval: u64,
}

impl SetHeartbeat {
    /// This often, in whole seconds. The venue takes ten at the least.
    #[must_use]
    pub const fn new(interval: Duration) -> Self {
        Self { interval: interval.as_secs() }
    }
}

impl nova_behaviour::Call<crate::DeribitDialect> for SetHeartbeat {
    type Reply = Acknowledgement;

    fn into_request(self) -> crate::Request {
        crate::Request::new("public/set_heartbeat", &self)
    }
}

/// The version of the venue's programming interface.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct Version {
    /// Such as `1.2.26`.
    pub version: Box<str>,
}

/// Whether orders end with the connection they were placed over, as things are.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct CancelOnDisconnect {
    /// Which connections that is about.
    pub scope: ReportedScope,
    /// Whether they do.
    pub enabled: bool,
}

/// Which indices are locked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct StatusData {
    /// Whether any is.
    pub locked: Locked,
    /// Which.
    #[serde(default, deserialize_with = "or_default")]
    pub locked_indices: Vec<IndexName>,
    /// Which currencies, as it was told earlier.
    #[serde(default, deserialize_with = "or_default")]
    pub locked_currencies: Vec<Currency>,
}

/// Whether trading is locked.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Locked {
    /// Nowhere.
    No,
    /// On some indices.
    Partly,
    /// Everywhere.
    Yes,
    /// A word this version does not know.
    Other(Box<str>),
}

impl<'de> Deserialize<'de> for Locked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LockedVisitor)
    }
}

/// The venue says it in a word, and said it as `true` or `false` earlier.
struct LockedVisitor;

impl Visitor<'_> for LockedVisitor {
    type Value = Locked;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("whether it is locked")
    }

    fn visit_bool<E>(self, locked: bool) -> Result<Locked, E> {
        Ok(if locked { Locked::Yes } else { Locked::No })
    }

    fn visit_str<E>(self, word: &str) -> Result<Locked, E> {
        Ok(match word {
            "true" => Locked::Yes,
            "partial" => Locked::Partly,
            "false" => Locked::No,
            other => Locked::Other(other.into()),
        })
    }
}
