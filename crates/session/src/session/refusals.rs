//! What a refusal says besides no: that the login no longer holds (law L11), or that the service is
//! asked too much (law L12).

use std::time::Instant;

use nova_behaviour::{AuthHandler, Behaviour, Policy, RateLimitHandler, Refusal};
use nova_telemetry::Event;

use super::{Session, calls::after};
use crate::{requests::Purpose, tape::Said};

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// The server refused a request made for this purpose.
    pub(super) fn heed(&mut self, now: Instant, purpose: &Purpose, refusal: &Refusal) {
        match self.tape.ask(|| self.handlers.limits().held_back(refusal), |span| Said::HeldBack(*span)) {
            Ok(Some(span)) => {
                self.held_until = self.held_until.max(Some(after(now, span)));
                self.emit(now, Event::HeldBack { span });
            }
            Ok(None) => {}
            Err(_) => self.panicked(now, "limits"),
        }
        // What became of a login is judged by whoever reads its answer.
        if matches!(purpose, Purpose::Login(_)) {
            return;
        }
        match self.tape.ask(|| self.handlers.auth().has_lapsed(refusal), |has| Said::HasLapsed(*has)) {
            Ok(true) => self.lapsed(now),
            Ok(false) => {}
            Err(_) => self.panicked(now, "auth"),
        }
    }
}
