//! What the market says: the `data` of a notification, rendered once for all who listen.

use bytes::Bytes;

use super::channel::ChannelKey;

/// One message of one channel.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// The channel.
    pub key: ChannelKey,
    /// When it happened, in microseconds since the epoch.
    pub at_us: u64,
    /// The JSON text of `params.data`.
    pub data: Bytes,
}

/// Where notices go.
pub trait Sink {
    /// Takes one message. Messages come in the order of their times.
    fn notice(&mut self, notice: Notice);
}

impl Sink for Vec<Notice> {
    fn notice(&mut self, notice: Notice) {
        self.push(notice);
    }
}
