//! The service, as the author of an adapter scripts it.

use std::time::Duration;

use nova_behaviour::{Body, Dialect, Kept, Topic};

/// A well-behaved service that speaks `D`. The kit turns it ill-behaved where a scenario wants that.
///
/// Three methods are required. Each of the others stands for something a service may have, and says
/// by default that it does not.
pub trait Service<D: Dialect>: Sized + 'static {
    /// Hears a message and says what it answers, in order. `at` is the time since the beginning.
    fn hear(&mut self, at: Duration, message: Body<'_>) -> Vec<Kept>;

    /// A harmless call; those of different numbers are told apart by their replies.
    fn call(&self, number: u32) -> D::Request;

    /// Whether this is the reply to the call of this number, as its caller gets it.
    fn answers(&self, number: u32, reply: Body<'_>) -> bool;

    /// A connection has opened; what earlier ones had is gone.
    fn connected(&mut self) {}

    /// Whether replies may come in another order than their requests.
    fn may_reorder(&self) -> bool {
        false
    }

    /// How it would refuse this message, without acting on it.
    fn refuse(&mut self, message: Body<'_>) -> Option<Kept> {
        let _ = message;
        None
    }

    /// Whether it demands a login.
    fn has_login(&self) -> bool {
        false
    }

    /// Whether this is a login.
    fn is_login(&self, message: Body<'_>) -> bool {
        let _ = message;
        false
    }

    /// Whether this may come before the login was answered. Default: the login alone.
    fn may_precede_login(&self, message: Body<'_>) -> bool {
        self.is_login(message)
    }

    /// How long its logins hold, if not for ever.
    fn login_life(&self) -> Option<Duration> {
        None
    }

    /// A topic that can be subscribed to; different ones for 0 to 2.
    fn topic(&self, number: u32) -> Option<Topic> {
        let _ = number;
        None
    }

    /// A topic that is refused when it is subscribed to.
    fn refused_topic(&self) -> Option<Topic> {
        None
    }

    /// Whether it publishes this topic on the present connection.
    fn carries(&self, topic: &Topic) -> bool {
        let _ = topic;
        false
    }

    /// The next item of a topic, as a message. Each has a body of its own.
    fn publish(&mut self, topic: &Topic) -> Option<Kept> {
        let _ = topic;
        None
    }

    /// A demand for a sign of life.
    fn demand(&mut self) -> Option<Kept> {
        None
    }

    /// Whether this answers such a demand.
    fn is_alive(&self, message: Body<'_>) -> bool {
        let _ = message;
        false
    }

    /// Words that no event may show.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}
