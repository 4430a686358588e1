//! The flight recorder: what a session was told, what foreign code answered it, and what it said, kept
//! in a bounded ring without payloads and secrets, and replayed bit for bit.
//!
//! A [`Session`](nova_session::Session) has no clock, no chance and no IO of its own, so its inputs and
//! the answers of handlers, strategy and limiter are all it takes to live the same life again.
//! [`Recorded`] is the one door through which a session is used: it notes every input, and what came of
//! it, on a ring bounded by a [`Keep`]. A [`Recording`] is what the ring held at some moment; it is
//! written as lines of JSON, read again, and [replayed](Recording::replay): a real session is told the
//! same, its handlers answer from the recording, payloads are filler of the same length, and everything
//! it says has to be what was recorded.
//!
//! # What never stands in a recording
//!
//! Payloads, in either direction; texts of a peer (close reasons, refusals, names of streams that
//! nobody takes); headers, addresses, URLs; credentials. Lengths, kinds and numbers stand in their
//! place, from the beginning: nothing else ever reaches the ring, so there is nothing to redact later.
//! Names of streams that the application wants stand there, as they do in events.
//!
//! # Where a recording begins
//!
//! At the session's beginning, as long as the ring holds all of it: such a recording is
//! [checked](Verdict::Equal) by its replay. Once the ring is full, the oldest lines go, and with them
//! the state they led to. What is left says how much is missing; it can be read as a story, and its
//! replay says [so](Verdict::Unchecked) rather than guess.

mod failure;
mod line;
mod playback;
mod recorded;
mod recording;
mod replay;
mod ring;
mod settings;
mod story;
mod words;

pub use failure::{Break, Failure};
pub use line::{Asked, Hole, Input, Kind, Line, Opcode, Shape, Told, Wish};
pub use recorded::Recorded;
pub use recording::{FORMAT, Header, ReadError, Recording, VERSION};
pub use replay::{Difference, Verdict};
pub use ring::{Keep, Snapshot};
pub use settings::SettingsShape;
