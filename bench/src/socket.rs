//! What every contender can do, and what is asked of it.

use bytes::Bytes;

use crate::{
    load::Sum,
    meter::{Mark, Used},
};

/// An open WebSocket, by whichever library.
///
/// Each contender writes these loops as its documentation would.
pub(crate) trait Socket {
    /// Takes text messages until there are enough.
    async fn receive(&mut self, taker: &mut Taker);

    /// Sends this text so many times; after each batch nothing of it waits any more.
    async fn send(&mut self, text: &Text, messages: u64, batch: u64);
}

/// Takes messages, looks at each, and measures what it took from the first that counts to the last.
pub(crate) struct Taker {
    left: u64,
    /// With so many left, measuring begins: what comes before warms up.
    begins_at: u64,
    began: Option<Mark>,
    used: Used,
    sum: Sum,
}

impl Taker {
    /// For so many messages; of these the first twentieth warms up.
    pub(crate) fn new(messages: u64, whole_sum: bool) -> Self {
        let began = None;
        let begins_at = messages - messages / 20;
        Self { left: messages, begins_at, began, used: Used::default(), sum: Sum::new(whole_sum) }
    }

    /// Looks at a message; tells whether there are enough now.
    #[inline(always)]
    pub(crate) fn take(&mut self, payload: &[u8]) -> bool {
        self.sum.add(payload);
        self.left -= 1;
        if self.left == self.begins_at {
            self.begin();
        }
        self.left == 0 && self.end()
    }

    #[cold]
    #[inline(never)]
    fn begin(&mut self) {
        self.began = Some(Mark::now());
    }

    #[cold]
    #[inline(never)]
    fn end(&mut self) -> bool {
        self.used = self.began.map_or_else(Used::default, |began| began.used());
        true
    }

    /// How many messages were measured.
    pub(crate) const fn measured(&self) -> u64 {
        self.begins_at
    }

    pub(crate) const fn used(&self) -> Used {
        self.used
    }

    #[cfg(feature = "peers")]
    pub(crate) const fn sum(&self) -> u64 {
        self.sum.value
    }
}

/// A text to send, in whatever form a library takes it without a copy.
#[derive(Clone, Debug)]
pub(crate) struct Text(Bytes);

impl Text {
    pub(crate) fn new(text: String) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("it was made of a text")
    }

    #[cfg(feature = "peers")]
    pub(crate) const fn bytes(&self) -> &Bytes {
        &self.0
    }
}
