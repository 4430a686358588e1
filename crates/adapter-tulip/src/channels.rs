//! What an application can listen to.

use nova_behaviour::{Channel, Topic};
use serde::Deserialize;

use crate::{calls::Side, dialect::TulipDialect};

/// What is traded of an instrument.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trades {
    instrument: String,
}

/// A trade. Each tells something of its own, so trades are not `Conflate`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct Trade {
    /// How much.
    pub lots: u64,
    /// At which price, in ticks.
    pub price: u64,
    /// Which way whoever took it traded.
    pub taker: Side,
}

impl Trades {
    /// Those of this instrument.
    #[must_use]
    pub fn of(instrument: impl Into<String>) -> Self {
        Self { instrument: instrument.into() }
    }
}

impl Channel for Trades {
    type Dialect = TulipDialect;
    type Item = Trade;

    fn topic(&self) -> Topic {
        Topic::from(format!("trades.{}", self.instrument))
    }
}

#[cfg(test)]
mod tests {
    use nova_behaviour::{Decode, Json, Kept};

    use super::*;

    #[test]
    fn a_trade_is_read_out_of_an_item() {
        let mut item = Kept::from(r#"{"lots":3,"price":101,"taker":"sell","later":"unknown"}"#);
        let trade = <Trade as Decode<Json>>::decode(&mut item).unwrap();
        assert_eq!(trade, Trade { lots: 3, price: 101, taker: Side::Sell });
        assert_eq!(Trades::of("ABC").topic(), Topic::from("trades.ABC"));
    }
}
