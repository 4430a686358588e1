//! How the checker recognises requests and replies in what passes.

use nova_behaviour::Body;

/// Reads the number that a test gave to a request out of payloads.
///
/// With it, the checker follows each request: whether the session handed it out, whether the peer saw
/// it, and whether the reply its caller got is its own.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// The number of the request in a payload on its way to the peer.
    pub request: fn(Body<'_>) -> Option<u64>,
    /// The number of the request in what its caller receives.
    pub reply: fn(Body<'_>) -> Option<u64>,
    /// Whether the number is the id that the session gave; if not, tests give one to each request.
    pub is_id: bool,
}

impl Marks {
    /// Nothing is recognised, so outcomes are not checked against the wire.
    pub const NONE: Self = Self { request: |_| None, reply: |_| None, is_id: false };

    /// The payload ends in `#` and the number, in requests and replies alike; for services that echo.
    pub const HASH: Self = Self { request: after_hash, reply: after_hash, is_id: false };
}

fn after_hash(body: Body<'_>) -> Option<u64> {
    body.as_text()?.rsplit_once('#')?.1.parse().ok()
}
