//! The same conversation in every codec, over a real socket.
//!
//! | Codec | Whose | Messages |
//! |---|---|---|
//! | `Json` | the default | text |
//! | `MessagePack`, `Cbor`, `Protobuf` | features of the facade | binary |
//! | `KeyValue` | written here, as a stranger would | text |

mod conversation;
mod key_value;
mod language;
mod venue;
