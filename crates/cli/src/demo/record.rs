//! What the venue's journal says: what was sent on which connection, and what was asked for.
//!
//! Both sides know an item by the same mark. The client's is made of the typed item, the venue's of the
//! text it sent.

use std::collections::BTreeMap;

use nova_deribit_simulator::{Entry, Event, FrameKind, Journal};
use serde_json::Value;
use websockex_nova::deribit::items::{Announcement, BookUpdate, OrderUpdates, TickerData, Trade};

use super::{
    play::{BOOK, ORDERS, TICKER, TRADES},
    taker::Mark,
    venue::SECRET,
};

/// What happened, as the venue knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Attempts to connect.
    pub(super) attempts: u64,
    /// Handshakes that were answered with 101.
    pub(super) opened: u64,
    /// What was sent, by connection and channel, in order.
    pub(super) sent: BTreeMap<(u64, String), Vec<Mark>>,
    /// How often each method was asked for, read or not.
    pub(super) requests: BTreeMap<String, u64>,
    /// How often each order was, by its label.
    pub(super) orders: BTreeMap<String, u64>,
    /// Logins by credentials, and by a refresh token.
    pub(super) logins: [u64; 2],
    /// Signs of life that were asked for, and given.
    pub(super) heartbeats: [u64; 2],
    /// Calls refused because too much was asked.
    pub(super) exhausted: u64,
    /// What a client is held to, and did not do.
    pub(super) complaints: Vec<String>,
    /// Entries that were forgotten.
    pub(super) forgotten: u64,
}

impl Record {
    pub(super) fn of(journal: &Journal) -> Self {
        let mut record = Self {
            attempts: journal.entries().filter(|entry| matches!(entry.event, Event::Attempt { .. })).count()
                as u64,
            opened: journal.answers(101) as u64,
            exhausted: journal.errors(10028) as u64,
            forgotten: journal.forgotten(),
            ..Self::default()
        };
        journal.entries().for_each(|entry| record.add(entry));
        record
            .complaints
            .extend(journal.secrets_stay_in_place(&[SECRET]).err().map(|error| error.to_string()));
        record
    }

    /// What was sent on a connection for a channel.
    pub(super) fn sent_on(&self, connection: u64, channel: &str) -> &[Mark] {
        self.sent.get(&(connection, channel.to_owned())).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, entry: &Entry) {
        let Some(text) = entry.text() else { return };
        let Ok(message) = serde_json::from_str::<Value>(text) else { return };
        let method = message["method"].as_str().unwrap_or_default();
        match &entry.event {
            Event::Out(frame) if frame.kind == FrameKind::Text => {
                if message["params"]["type"] == "test_request" {
                    self.heartbeats[0] += 1;
                }
                if let Some(channel) = message["params"]["channel"].as_str() {
                    let mark = mark(channel, &message["params"]["data"]);
                    self.sent.entry((entry.connection, channel.to_owned())).or_default().push(mark);
                }
            }
            Event::In(_) | Event::Swallowed(_) => {
                *self.requests.entry(method.to_owned()).or_default() += 1;
                match (method, message["params"]["grant_type"].as_str()) {
                    ("public/auth", Some("refresh_token")) => self.logins[1] += 1,
                    ("public/auth", _) => self.logins[0] += 1,
                    ("public/test", _) => self.heartbeats[1] += 1,
                    _ => {}
                }
                if method == "private/buy"
                    && let Some(label) = message["params"]["label"].as_str()
                {
                    *self.orders.entry(label.to_owned()).or_default() += 1;
                }
            }
            _ => {}
        }
    }
}

fn mark(channel: &str, data: &Value) -> Mark {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    match channel {
        TICKER => Mark::Number(number(&data["timestamp"])),
        BOOK => Mark::Number(number(&data["change_id"])),
        TRADES => {
            let trades = data.as_array().into_iter().flatten();
            Mark::Words(words(trades.map(|trade| number(&trade["trade_seq"]).to_string())))
        }
        ORDERS => {
            let orders = data.as_array().map_or_else(|| vec![data], |orders| orders.iter().collect());
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Mark::Words(words(
                orders
                    .into_iter()
                    .map(|order| format!("{} {}", word(&order["order_id"]), word(&order["order_state"]))),
            ))
        }
        _ => Mark::Number(number(&data["id"])),
    }
}

pub(super) fn of_ticker(ticker: &TickerData) -> Mark {
    Mark::Number(ticker.timestamp.as_millis())
}

pub(super) fn of_book(update: &BookUpdate) -> Mark {
    Mark::Number(update.change_id)
}

pub(super) fn of_trades(trades: &[Trade]) -> Mark {
    Mark::Words(words(trades.iter().map(|trade| trade.trade_seq.to_string())))
}

pub(super) fn of_orders(orders: &OrderUpdates) -> Mark {
    Mark::Words(words(orders.iter().map(|order| format!("{} {}", order.order_id, order.order_state))))
}

pub(super) fn of_news(news: &Announcement) -> Mark {
    Mark::Number(news.id)
}

fn words(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
