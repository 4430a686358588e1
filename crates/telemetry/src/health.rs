//! What an endpoint for probes asks of whatever it speaks for.

/// Something whose health can be asked for, such as a client.
pub trait Patient: Send + Sync + 'static {
    /// How it is.
    fn vitals(&self) -> Vitals;
}

/// How something is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Vitals {
    /// Whether it can be used now.
    pub is_ready: bool,
    /// Whether it lives, or will again by itself; if not, only a restart helps.
    pub is_alive: bool,
    /// The whole in a word, such as `well`.
    pub condition: &'static str,
    /// What is wrong, for people. No payload and no secret stands in it.
    pub reasons: Vec<String>,
}
