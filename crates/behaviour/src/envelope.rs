//! JSON in an envelope whose members are known by name: what most services speak, as data.

pub(crate) mod members;
mod messages;

pub use messages::{EnvelopeError, EnvelopeMessages};

/// How a service wraps what it is told and what it says. Every message is a JSON object; names with
/// dots mean members of members.
///
/// ```
/// # use nova_behaviour::{Demand, Envelope};
/// // {"jsonrpc":"2.0","id":7,"method":"ticker","params":{…}}, and {"id":7,"result":{…}}
/// let envelope = Envelope::new("id", "method", "result", "error")
///     .with_constant("jsonrpc", r#""2.0""#)
///     .with_params("params")
///     .with_items("params.channel", "params.data")
///     .with_demand("method", "ping", Demand::Answer(r#"{"method":"pong"}"#));
/// ```
#[derive(Clone, Debug)]
pub struct Envelope {
    id: &'static str,
    method: &'static str,
    params: Option<&'static str>,
    result: &'static str,
    error: &'static str,
    error_code: &'static str,
    error_message: &'static str,
    items: Option<Items>,
    constants: Vec<(&'static str, &'static str)>,
    demands: Vec<(&'static str, &'static str, Demand)>,
}

#[derive(Clone, Copy, Debug)]
struct Items {
    topic: &'static str,
    item: &'static str,
    sequence: Option<&'static str>,
}

/// What a message wants that neither answers nor streams.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Demand {
    /// This answer, ahead of everything else: a heartbeat of the protocol.
    Answer(&'static str),
    /// A fresh link, for this reason.
    Reconnect(&'static str),
    /// Nothing.
    Ignore,
}

impl Envelope {
    /// Requests carry their number and their method under these names, with the parameters beside them;
    /// answers carry the number, and a result or an error. An error is a text, or an object with
    /// `code` and `message`.
    #[must_use]
    pub const fn new(
        id: &'static str,
        method: &'static str,
        result: &'static str,
        error: &'static str,
    ) -> Self {
        Self {
            id,
            method,
            params: None,
            result,
            error,
            error_code: "code",
            error_message: "message",
            items: None,
            constants: Vec::new(),
            demands: Vec::new(),
        }
    }

    /// Puts the parameters under a name of their own. Default: they stand beside number and method,
    /// and must be an object then.
    #[must_use]
    pub const fn with_params(mut self, params: &'static str) -> Self {
        self.params = Some(params);
        self
    }

    /// The names of the number and of the text in an error. Default: `code` and `message`.
    #[must_use]
    pub const fn with_error(mut self, code: &'static str, message: &'static str) -> Self {
        (self.error_code, self.error_message) = (code, message);
        self
    }

    /// A message with both of these is an item of a stream. Default: there are no streams.
    #[must_use]
    pub const fn with_items(mut self, topic: &'static str, item: &'static str) -> Self {
        self.items = Some(Items { topic, item, sequence: None });
        self
    }

    /// Where an item says its position. Default: nowhere.
    #[must_use]
    pub const fn with_sequence(mut self, sequence: &'static str) -> Self {
        if let Some(items) = &mut self.items {
            items.sequence = Some(sequence);
        }
        self
    }

    /// Adds a member to every request: its name, and its value as JSON.
    #[must_use]
    pub fn with_constant(mut self, name: &'static str, json: &'static str) -> Self {
        self.constants.push((name, json));
        self
    }

    /// What to do when this member of a message is this text.
    #[must_use]
    pub fn with_demand(mut self, member: &'static str, text: &'static str, demand: Demand) -> Self {
        self.demands.push((member, text, demand));
        self
    }
}
