//! The contenders: each takes a stream from the socket to typed items.

use std::net::SocketAddr;

use serde::Deserialize;
use websockex_nova::deribit::items::{BookUpdate, TickerData, Trade};

use super::{
    facade, fast, floor,
    messages::{Kind, checksum},
    tungstenite,
};
use crate::{
    meter::{Mark, Used},
    on_runtime,
    process::{self, Run},
};

/// Who takes part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Contender {
    /// `read` into 64 KiB, frames found by their headers, serde_json: no queue, no protocol.
    Floor,
    FastSerde,
    FastSonic,
    FastSimd,
    TungsteniteSerde,
    Nova,
    NovaExact,
    /// Over our own codec.
    NovaNative,
}

impl Contender {
    pub(super) const ALL: [Self; 8] = [
        Self::Floor,
        Self::FastSerde,
        Self::FastSonic,
        Self::FastSimd,
        Self::TungsteniteSerde,
        Self::Nova,
        Self::NovaExact,
        Self::NovaNative,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor: raw socket + serde_json",
            Self::FastSerde => "fastwebsockets loop + serde_json",
            Self::FastSonic => "fastwebsockets loop + sonic-rs",
            Self::FastSimd => "fastwebsockets loop + simd-json",
            Self::TungsteniteSerde => "tokio-tungstenite loop + serde_json",
            Self::Nova => "**client** over fastwebsockets, floats",
            Self::NovaExact => "**client** over fastwebsockets, exact decimals",
            Self::NovaNative => "**client** over native, floats",
        }
    }

    /// Takes all items and prints what that took.
    pub(super) fn run(self, server: SocketAddr, kind: Kind, messages: u64) {
        let Tally { used, checksum } = match self {
            Self::Floor => floor::run(server, kind, messages),
            Self::FastSerde => on_runtime(fast::run(server, kind, messages, fast::serde)),
            Self::FastSonic => on_runtime(fast::run(server, kind, messages, fast::sonic)),
            Self::FastSimd => on_runtime(fast::run(server, kind, messages, fast::simd)),
            Self::TungsteniteSerde => on_runtime(tungstenite::run(server, kind, messages)),
            Self::Nova => on_runtime(facade::floats(server, kind, messages)),
            Self::NovaExact => on_runtime(facade::exact(server, kind, messages)),
            Self::NovaNative => on_runtime(facade::floats_native(server, kind, messages)),
        };
        println!("{}", process::told(Run { used, messages, sum: checksum }));
    }
}

/// What taking the items took, from the first to the last.
pub(super) struct Tally {
    used: Used,
    checksum: u64,
}

/// Counts items, from the first one on: what comes before is the handshake.
pub(super) struct Count {
    messages: u64,
    seen: u64,
    checksum: u64,
    began: Option<Mark>,
}

impl Count {
    pub(super) const fn of(messages: u64) -> Self {
        Self { messages, seen: 0, checksum: 0, began: None }
    }

    /// One item more. Returns the tally with the last.
    pub(super) fn add(&mut self, sum: u64) -> Option<Tally> {
        let began = *self.began.get_or_insert_with(Mark::now);
        self.seen += 1;
        self.checksum = self.checksum.wrapping_add(sum);
        (self.seen == self.messages).then(|| Tally { used: began.used(), checksum: self.checksum })
    }
}

/// What a hand-written loop reads: the whole notification in one pass.
#[derive(Deserialize)]
pub(super) struct Notification<T> {
    pub(super) params: Params<T>,
}

#[derive(Deserialize)]
pub(super) struct Params<T> {
    pub(super) data: T,
}

/// The items, read as our adapter reads them with floats: the same types for everybody.
pub(super) trait Item: serde::de::DeserializeOwned {
    fn sum(&self) -> u64;
}

impl Item for TickerData<f64> {
    fn sum(&self) -> u64 {
        checksum(self.timestamp.as_millis(), self.best_bid_price.unwrap_or_default())
    }
}

impl Item for BookUpdate<f64> {
    fn sum(&self) -> u64 {
        checksum(self.timestamp.as_millis(), self.bids.first().map(|level| level.price).unwrap_or_default())
    }
}

impl Item for Vec<Trade<f64>> {
    fn sum(&self) -> u64 {
        self.first().map_or(0, |trade| checksum(trade.timestamp.as_millis(), trade.price))
    }
}

/// What a hand-written client says first.
pub(super) fn subscription(kind: Kind) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":{{"channels":["{}"]}}}}"#,
        kind.channel()
    )
}
