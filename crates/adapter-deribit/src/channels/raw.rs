//! Any channel, by its name.

use std::{fmt, marker::PhantomData};

use nova_behaviour::{Channel, Decode, Topic};

use crate::{codec::DeribitJson, dialect::DeribitDialect, items::JsonText};

/// Any channel by its name, with items of whatever type reads them: at first their JSON text.
///
/// ```
/// # use nova_adapter_deribit::{ChannelName, RawChannel, items::TickerData};
/// # use nova_behaviour::Channel;
/// let tickers = RawChannel::new("ticker.BTC-PERPETUAL.100ms").reading::<TickerData>();
/// assert_eq!(tickers.topic().as_str(), "ticker.BTC-PERPETUAL.100ms");
/// let same = RawChannel::new("ticker.BTC-PERPETUAL.100ms".parse::<ChannelName>()?);
/// assert_eq!(same.topic(), tickers.topic());
/// # Ok::<(), nova_adapter_deribit::ChannelNameError>(())
/// ```
pub struct RawChannel<I = JsonText> {
    topic: Topic,
    items: PhantomData<fn() -> I>,
}

impl RawChannel {
    /// The channel of this name. Whether there is such a one is seen when it is subscribed to.
    #[must_use]
    pub fn new(name: impl Into<Topic>) -> Self {
        Self { topic: name.into(), items: PhantomData }
    }
}

impl<I> RawChannel<I> {
    /// Reads its items as something else, such as `nova_behaviour::Dynamic` or a type of one's own.
    #[must_use]
    pub fn reading<T: Decode<DeribitJson>>(self) -> RawChannel<T> {
        RawChannel { topic: self.topic, items: PhantomData }
    }
}

impl<I: Decode<DeribitJson> + Send + 'static> Channel for RawChannel<I> {
    type Dialect = DeribitDialect;
    type Item = I;

    fn topic(&self) -> Topic {
        self.topic.clone()
    }
}

impl<I> Clone for RawChannel<I> {
    fn clone(&self) -> Self {
        Self { topic: self.topic.clone(), items: PhantomData }
    }
}

impl<I> fmt::Debug for RawChannel<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawChannel").field(&self.topic).finish()
    }
}
