//! What the server of the benches says: notifications as the venue sends them, each with other numbers.

use std::fmt::Write as _;

/// The streams that are measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A ticker of about 350 bytes.
    Ticker,
    /// Changes of an order book, three levels each.
    Book,
    /// One trade each.
    Trades,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Ticker, Self::Book, Self::Trades];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ticker => "ticker",
            Self::Book => "book",
            Self::Trades => "trades",
        }
    }

    pub(super) const fn channel(self) -> &'static str {
        match self {
            Self::Ticker => "ticker.BTC-PERPETUAL.100ms",
            Self::Book => "book.BTC-PERPETUAL.100ms",
            Self::Trades => "trades.BTC-PERPETUAL.100ms",
        }
    }

    /// The notification with this number.
    pub(super) fn message(self, number: u64) -> String {
        let mut data = String::with_capacity(512);
        let (price, stamp) = (64_000.0 + (number % 997) as f64 * 0.5, 1_767_225_600_000 + number);
        let written = match self {
            Self::Ticker => write!(
                data,
                r#"{{"timestamp":{stamp},"state":"open","instrument_name":"BTC-PERPETUAL","index_price":{},"mark_price":{},"last_price":{price},"best_bid_price":{price},"best_bid_amount":{}.0,"best_ask_price":{},"best_ask_amount":1200.0,"open_interest":812345670.0,"funding_8h":{}.0e-7}}"#,
                price + 0.13,
                price + 0.27,
                number % 4_000 * 10,
                price + 0.5,
                number % 9 + 1,
            ),
            Self::Book if number == 0 => write!(
                data,
                r#"{{"type":"snapshot","timestamp":{stamp},"instrument_name":"BTC-PERPETUAL","change_id":{},"bids":[["new",{price},10.0]],"asks":[["new",{},10.0]]}}"#,
                id(0),
                price + 600.0,
            ),
            Self::Book => write!(
                data,
                r#"{{"type":"change","timestamp":{stamp},"prev_change_id":{},"instrument_name":"BTC-PERPETUAL","change_id":{},"bids":[["new",{},{}.0],["change",{},20.0]],"asks":[["delete",{},0.0]]}}"#,
                id(number - 1),
                id(number),
                price - 1000.0,
                number % 700 * 10 + 10,
                price - 1001.5,
                price + 1000.0,
            ),
            Self::Trades => write!(
                data,
                r#"[{{"trade_seq":{number},"trade_id":"{}","timestamp":{stamp},"tick_direction":{},"price":{price},"mark_price":{},"index_price":{},"instrument_name":"BTC-PERPETUAL","direction":"buy","amount":{}.0,"contracts":1.0}}]"#,
                48_000_000 + number,
                number % 4,
                price + 0.13,
                price + 0.27,
                number % 300 * 10 + 10,
            ),
        };
        written.expect("a string takes everything");
        format!(
            r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"{}","data":{data}}}}}"#,
            self.channel()
        )
    }
}

const fn id(number: u64) -> u64 {
    100_000_000_000 + number * 7
}

/// What every contender adds up over all items, so that nobody wins by not looking: the timestamp and
/// one price of each, in halves.
pub(super) fn checksum(timestamp: u64, price: f64) -> u64 {
    timestamp.wrapping_mul(31).wrapping_add((price * 2.0) as u64)
}
