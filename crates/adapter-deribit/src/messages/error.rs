//! What can be wrong with a message, in either direction.

use std::sync::Arc;

/// A message that cannot be written or read. The text names the place, never the payload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The parameters of a request cannot be written.
    #[error("the parameters of the request cannot be written as JSON")]
    Params(#[source] Arc<serde_json::Error>),
    /// The venue takes parameters by name only.
    #[error("the parameters of a request have to be an object")]
    Unnamed,
    /// A private method, and nobody to log in as.
    #[error(
        "\"{method}\" needs a login, and the adapter has no credentials: give it some by `Deribit::with_credentials`"
    )]
    NoCredentials {
        /// The method.
        method: String,
    },
    /// Longer than the venue takes.
    #[error("the request is {bytes} bytes long, and the venue takes 32 kB at most")]
    TooLong {
        /// How long.
        bytes: usize,
    },
    /// The venue speaks text only.
    #[error("a binary message")]
    Binary,
    /// Not JSON, or no object with the members of an envelope.
    #[error("the message is not in the venue's envelope")]
    Envelope(#[source] serde_json::Error),
    /// The venue's protocol has no batches.
    #[error("a batch of messages")]
    Batch,
    /// A notification of a subscription without a channel or without an item.
    #[error("the notification lacks its channel or its item")]
    NoItem,
    /// An envelope with nothing in it that means anything.
    #[error("the message is neither reply nor notification")]
    Meaningless,
}
