//! How the program can end, as the number its caller sees.

use std::process::ExitCode;

/// A status. The numbers are part of the interface, and stand in `--help` and in the README.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All went well.
    Clean = 0,
    /// The peer or the network ended the conversation for good; or the demonstration found a
    /// difference it cannot explain; or a venue refused a channel; or a replay came out different.
    Failed = 1,
    /// The command line, or a file it names, cannot be used. clap ends with this number too.
    Usage = 2,
    /// There never was a conversation.
    NotConnected = 3,
    /// The end was in order, but some lines were not sent, or their fate is unknown.
    Undelivered = 4,
    /// A recording lacks its beginning, so that it was told, and not checked.
    Unchecked = 5,
    /// Interrupted before there was a conversation, or a second time while it was being closed.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
