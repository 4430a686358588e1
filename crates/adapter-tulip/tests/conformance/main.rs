//! What must hold of any adapter, tried in virtual time against a script of the venue.
//!
//! A scenario that fails is named, with what happened instead.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod venue;

use std::time::Duration;

use nova_adapter_tulip::Tulip;
use nova_testkit::conformance;

use crate::venue::{KEY, SECRET, Venue};

/// The adapter as an application would have it.
fn adapter() -> Tulip {
    let adapter = Tulip::at("wss://tulip.example/ws").unwrap().with_credentials(KEY, SECRET);
    // Here the script asks for signs of life when the kit wants it to.
    adapter.with_heartbeat(Duration::from_secs(3600))
}

#[test]
fn the_adapter_holds_in_every_scenario() {
    let report = conformance::check(adapter, Venue::default);
    assert!(report.holds(), "\n{report}");
    assert_eq!(report.applied(), report.verdicts().len(), "\n{report}");
}

#[test]
fn without_credentials_it_holds_too() {
    let report = conformance::check(|| Tulip::at("wss://tulip.example/ws").unwrap(), Venue::public);
    assert!(report.holds(), "\n{report}");
}
