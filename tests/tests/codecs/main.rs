//! The same conversation in every codec, over a real socket.
//!
//! | Codec | Whose | Messages |
//! |---|---|---|
//! | `Json` | the default | text |
//! | `MessagePack`, `Cbor`, `Protobuf` | features of the facade | binary |
//! | `KeyValue` | written here, as a stranger would | text |

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod conversation;
mod key_value;
mod language;
mod venue;
