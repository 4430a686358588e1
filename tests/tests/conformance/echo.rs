//! The echo adapter, against a service that says what it hears.

use std::time::Duration;

use nova_testkit::conformance::{self, Service};
use websockex_nova::{
    behaviour::{Body, Kept},
    echo::{Echo, EchoDialect},
};

struct Repeating;

impl Service<EchoDialect> for Repeating {
    fn hear(&mut self, _at: Duration, message: Body<'_>) -> Vec<Kept> {
        vec![Kept::from(message)]
    }

    fn call(&self, number: u32) -> Kept {
        Kept::Text(format!("call {number}"))
    }

    fn answers(&self, number: u32, reply: Body<'_>) -> bool {
        reply.as_text() == Some(&format!("call {number}"))
    }
}

#[test]
fn the_echo_adapter_holds_in_all_that_applies_to_it() {
    let report = conformance::check(|| Echo::at("wss://echo.example/").unwrap(), || Repeating);
    assert!(report.holds(), "{report}");
    assert!(report.applied() >= 9, "{report}");
}
