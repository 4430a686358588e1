//! What must hold of any adapter, tried against a service its author scripts.
//!
//! The author says how the service behaves, by implementing [`Service`]: what it answers, what its
//! items look like, how it refuses. [`check`] then runs a real session with the adapter's handlers in
//! virtual time through some two dozen scenarios: calls that overtake each other, links that break,
//! topics that are refused, heartbeats, logins that run out, and nonsense. It takes no time and needs
//! no port.
//!
//! ```
//! use std::time::Duration;
//! use nova_behaviour::{Body, Correlation, Dialect, Handlers, Inbound, Kept, MessageHandler, Plain, RequestId, speaking};
//! use nova_testkit::conformance::{self, Service};
//!
//! # #[derive(Clone, Copy)]
//! struct Parrot;
//!
//! impl Dialect for Parrot {
//!     type Request = String;
//!     type Codec = Plain;
//! }
//!
//! impl MessageHandler for Parrot {
//!     type Dialect = Self;
//!     type Error = std::convert::Infallible;
//!
//!     fn encode(&mut self, _: RequestId, line: String, out: &mut Kept) -> Result<Correlation, Self::Error> {
//!         *out = Kept::Text(line);
//!         Ok(Correlation::Fifo)
//!     }
//!
//!     fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Self::Error> {
//!         Ok(Inbound::Reply { to: None, result: Ok(message) })
//!     }
//! }
//!
//! /// It says what it hears.
//! struct Bird;
//!
//! impl Service<Parrot> for Bird {
//!     fn hear(&mut self, _: Duration, message: Body<'_>) -> Vec<Kept> {
//!         vec![Kept::from(message)]
//!     }
//!
//!     fn call(&self, number: u32) -> String {
//!         format!("polly {number}")
//!     }
//!
//!     fn answers(&self, number: u32, reply: Body<'_>) -> bool {
//!         reply.as_text() == Some(&format!("polly {number}"))
//!     }
//! }
//!
//! let endpoint: nova_transport::Endpoint = "wss://parrot.example/".parse()?;
//! let report = conformance::check(|| speaking(endpoint.clone(), Handlers::new(Parrot)), || Bird);
//! println!("{report}");
//! assert!(report.holds());
//! # Ok::<(), nova_transport::EndpointError>(())
//! ```

mod bench;
mod report;
mod scenarios;
mod service;
mod stage;

use std::panic::{AssertUnwindSafe, catch_unwind};

use nova_behaviour::Adapter;

pub use report::{Report, Verdict};
pub use service::Service;

use bench::Bench;

/// Runs every scenario with a fresh adapter and a fresh service each.
///
/// A scenario that the service says nothing about does not apply. One that panics fails.
pub fn check<A, S>(make_adapter: impl Fn() -> A, make_service: impl Fn() -> S) -> Report
where
    A: Adapter,
    S: Service<bench::DialectOf<A>>,
{
    let bench = Bench { make_adapter: &make_adapter, make_service: &make_service };
    let run = |(name, scenario): (&'static str, scenarios::Scenario<A, S>)| {
        let verdict = match catch_unwind(AssertUnwindSafe(|| scenario(&bench))) {
            Ok(Ok(true)) => Verdict::Holds,
            Ok(Ok(false)) => Verdict::DoesNotApply,
            Ok(Err(why)) => Verdict::Fails(why),
            Err(panic) => Verdict::Fails(format!("it panicked: {}", report::text(&*panic))),
        };
        (name, verdict)
    };
    Report::new(scenarios::all::<A, S>().into_iter().map(run).collect())
}
