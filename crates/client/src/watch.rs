//! Following the state.

use std::sync::Arc;

use nova_behaviour::{Behaviour, Policy};
use nova_session::State;

use crate::shared::Shared;

/// Follows a client's state. It does not keep the client alive.
pub struct Watch<H: Behaviour, P: Policy> {
    shared: Arc<Shared<H, P>>,
    seen: Option<u64>,
}

impl<H: Behaviour, P: Policy> Watch<H, P> {
    pub(crate) const fn new(shared: Arc<Shared<H, P>>) -> Self {
        Self { shared, seen: None }
    }

    /// The state, as soon as it differs from the one seen last; the first call yields at once.
    /// States in between may be skipped. After [`State::Closed`] it waits for ever.
    ///
    /// # Cancel safety
    ///
    /// No change is lost when the future is dropped.
    pub async fn changed(&mut self) -> State {
        let seen = self.seen;
        let (version, state) = self.shared.until(|| self.shared.state_after(seen)).await;
        self.seen = Some(version);
        state
    }
}
