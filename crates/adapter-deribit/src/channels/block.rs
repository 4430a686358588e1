//! Channels of block trades and of requests for quotes.

use super::{channels, of_one};
use crate::{
    ChannelName,
    items::{BlockRfq, BlockRfqQuote, BlockRfqTrade, BlockTradeConfirmation, Currency, RfqData},
};

channels! {
    /// Requests for quotes in a currency, in the older way.
    Rfq<N> => RfqData<N>;
    /// Block requests that were traded.
    BlockRfqTrades<N> => BlockRfqTrade<N>;
    /// Block requests one may quote. Needs a login.
    BlockRfqMaker<N> => BlockRfq<N>;
    /// One's own quotes on block requests. Needs a login.
    BlockRfqMakerQuotes<N> => Vec<BlockRfqQuote<N>>;
    /// One's own block requests. Needs a login.
    BlockRfqTaker<N> => BlockRfq<N>;
    /// What becomes of the approvals of one's own block trades. Needs a login.
    BlockTradeConfirmations<N> => BlockTradeConfirmation<N>;
}

of_one! {
    Rfq { currency: Currency }
    BlockRfqTrades { currency: Currency }
    BlockRfqMaker { currency: Currency }
    BlockRfqMakerQuotes { currency: Currency }
    BlockRfqTaker { currency: Currency }
}

impl BlockTradeConfirmations {
    /// Of all currencies.
    #[must_use]
    pub fn all() -> Self {
        Self::named(ChannelName::BlockTradeConfirmations { currency: None })
    }

    /// Of one currency.
    #[must_use]
    pub fn of(currency: impl Into<Currency>) -> Self {
        Self::named(ChannelName::BlockTradeConfirmations { currency: Some(currency.into()) })
    }
}
