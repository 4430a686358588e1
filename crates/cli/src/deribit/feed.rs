//! One channel: its items are taken, looked at, and shown.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use websockex_nova::{
    behaviour::Refusal,
    deribit::{
        ChannelName, OrderBook,
        items::{BookUpdate, JsonText, Level},
    },
    prelude::{Delivery, Subscription},
    session::{DeliveryCounts, SubscriptionEnd},
};

use super::{
    board::{Board, Glance},
    output::Output,
};

pub(super) struct Feed {
    place: usize,
    channel: String,
    board: Board,
    output: Output,
    look: Look,
}

/// How items of a channel are looked at.
enum Look {
    /// They keep a book.
    Book(Box<OrderBook>),
    /// Each says by itself what there is to see.
    Item,
}

/// What became of a channel.
#[derive(Debug)]
pub(super) struct Fed {
    pub(super) channel: String,
    pub(super) counts: DeliveryCounts,
    pub(super) gaps: u64,
    /// Why the venue would not have it.
    pub(super) refusal: Option<Refusal>,
    /// How many items were taken here.
    pub(super) taken: u64,
}

impl Feed {
    pub(super) fn new(place: usize, name: ChannelName, board: Board, output: Output) -> Self {
        let look = match name {
            ChannelName::Book { .. } => Look::Book(Box::default()),
            _ => Look::Item,
        };
        Self { place, channel: name.to_string(), board, output, look }
    }

    /// Takes items until there are no more.
    pub(super) async fn run(mut self, mut items: Subscription<JsonText>) -> Fed {
        let (mut taken, mut gaps) = (0, 0);
        while let Some(next) = items.next().await {
            match next {
                Delivery::Item(data) => {
                    taken += 1;
                    let glance = self.look.at(&data, now_ms());
                    let age = glance.age_ms;
                    self.board.took(self.place, glance);
                    self.output.item(&self.channel, items.arrival(), age, data.as_str()).await;
                }
                Delivery::Gap(gap) => {
                    gaps += 1;
                    if let Look::Book(book) = &mut self.look {
                        book.gap();
                    }
                    self.board.missed(self.place, gap.cause.name());
                    self.output.gap(&gap).await;
                }
            }
        }
        let refusal = match items.why_ended() {
            Some(SubscriptionEnd::Refused(refusal)) => Some(refusal),
            _ => None,
        };
        if refusal.is_some() {
            self.board.refused(self.place);
        }
        Fed { channel: self.channel, counts: items.counts(), gaps, refusal, taken }
    }
}

impl Fed {
    /// Whether every item that came is accounted for.
    pub(super) const fn adds_up(&self) -> bool {
        let DeliveryCounts { received, delivered, conflated, dropped, undecodable, queued, .. } = self.counts;
        received == delivered + conflated + dropped + undecodable + queued && delivered == self.taken
    }
}

impl Look {
    fn at(&mut self, data: &JsonText, now_ms: i64) -> Glance {
        let age = |stamp: u64| i64::try_from(stamp).ok().map(|stamp| now_ms - stamp);
        match self {
            Self::Book(book) => {
                let Ok(update) = data.read::<BookUpdate>() else {
                    book.gap();
                    return Glance::default();
                };
                // The book says by its state whether it took it.
                let _ = book.apply(&update);
                let price = |level: Option<Level>| level.map(|level| level.price.to_string());
                let (bid, ask) = (price(book.best_bid()), price(book.best_ask()));
                Glance { age_ms: age(update.timestamp.as_millis()), bid, ask }
            }
            Self::Item => {
                let Ok(value) = data.read::<Value>() else { return Glance::default() };
                // Of several in one message, the last is the newest.
                let item = value.as_array().and_then(|items| items.last()).unwrap_or(&value);
                let price = |name: &str, side: &str| {
                    let value = item.get(name).or_else(|| item.get(side)?.get(0)?.get(0))?;
                    value.is_number().then(|| value.to_string())
                };
                Glance {
                    age_ms: item.get("timestamp").and_then(Value::as_u64).and_then(age),
                    bid: price("best_bid_price", "bids"),
                    ask: price("best_ask_price", "asks"),
                }
            }
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glance(look: &mut Look, data: &str) -> Glance {
        look.at(&serde_json::from_str(data).unwrap(), 1_000)
    }

    fn glimpse(age: i64, bid: &str, ask: &str) -> Glance {
        Glance { age_ms: Some(age), bid: Some(bid.to_owned()), ask: Some(ask.to_owned()) }
    }

    #[test]
    fn items_tell_their_age_and_what_is_best() {
        let mut look = Look::Item;
        let ticker = r#"{"timestamp":990,"best_bid_price":1.5,"best_ask_price":2}"#;
        assert_eq!(glance(&mut look, ticker), glimpse(10, "1.5", "2"));
        let window = r#"{"timestamp":1001,"bids":[[3,10],[2,10]],"asks":[[4,10]]}"#;
        assert_eq!(glance(&mut look, window), glimpse(-1, "3", "4"));
        let trades = r#"[{"timestamp":1},{"timestamp":999}]"#;
        assert_eq!(glance(&mut look, trades).age_ms, Some(1));
        assert_eq!(glance(&mut look, r#""maintenance""#), Glance::default());
    }

    #[test]
    fn a_book_shows_nothing_until_it_is_whole() {
        let mut look = Look::Book(Box::default());
        let change = |id: u64, follows: u64| {
            format!(
                r#"{{"type":"change","timestamp":1000,"change_id":{id},"prev_change_id":{follows},
                    "instrument_name":"X","bids":[["new",6,1]],"asks":[]}}"#
            )
        };
        let snapshot = r#"{"type":"snapshot","timestamp":1000,"change_id":1,"instrument_name":"X",
            "bids":[["new",5,1]],"asks":[["new",7,1]]}"#;
        assert_eq!(glance(&mut look, &change(2, 1)).bid, None);
        assert_eq!(glance(&mut look, snapshot), glimpse(0, "5", "7"));
        assert_eq!(glance(&mut look, &change(2, 1)), glimpse(0, "6", "7"));
        assert_eq!(glance(&mut look, &change(9, 8)).bid, None);
    }
}
