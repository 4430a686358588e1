//! The contenders: each takes a stream from the socket to typed items.

mod facade;
mod fast;
mod floor;
mod tungstenite;

use std::{net::SocketAddr, time::Instant};

use serde::Deserialize;
use websockex_nova::deribit::items::{BookUpdate, TickerData, Trade};

use crate::{
    cpu,
    messages::{Kind, checksum},
};

/// Who takes part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Contender {
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
    pub(crate) const ALL: [Self; 8] = [
        Self::Floor,
        Self::FastSerde,
        Self::FastSonic,
        Self::FastSimd,
        Self::TungsteniteSerde,
        Self::Nova,
        Self::NovaExact,
        Self::NovaNative,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor: raw socket + serde_json",
            Self::FastSerde => "fastwebsockets loop + serde_json",
            Self::FastSonic => "fastwebsockets loop + sonic-rs",
            Self::FastSimd => "fastwebsockets loop + simd-json",
            Self::TungsteniteSerde => "tokio-tungstenite loop + serde_json",
            Self::Nova => "websockex-nova, floats",
            Self::NovaExact => "websockex-nova, exact decimals",
            Self::NovaNative => "websockex-nova over transport-native, floats",
        }
    }

    /// Takes all items and prints what that took: nanoseconds of processor time, of wall time,
    /// allocations and the checksum.
    pub(crate) fn run(self, server: SocketAddr, kind: Kind, messages: u64) {
        let tally = match self {
            Self::Floor => floor::run(server, kind, messages),
            Self::FastSerde => on_runtime(fast::run(server, kind, messages, fast::serde)),
            Self::FastSonic => on_runtime(fast::run(server, kind, messages, fast::sonic)),
            Self::FastSimd => on_runtime(fast::run(server, kind, messages, fast::simd)),
            Self::TungsteniteSerde => on_runtime(tungstenite::run(server, kind, messages)),
            Self::Nova => on_runtime(facade::floats(server, kind, messages)),
            Self::NovaExact => on_runtime(facade::exact(server, kind, messages)),
            Self::NovaNative => on_runtime(facade::floats_native(server, kind, messages)),
        };
        println!("{} {} {} {}", tally.cpu, tally.wall, tally.allocations, tally.checksum);
    }
}

fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(work)
}

/// What taking the items took, from the first to the last.
pub(crate) struct Tally {
    cpu: u128,
    wall: u128,
    allocations: u64,
    checksum: u64,
}

/// Counts items, from the first one on: what comes before is the handshake.
pub(crate) struct Count {
    messages: u64,
    seen: u64,
    checksum: u64,
    began: Option<(Instant, std::time::Duration, u64)>,
}

impl Count {
    pub(crate) const fn of(messages: u64) -> Self {
        Self { messages, seen: 0, checksum: 0, began: None }
    }

    /// One item more. Returns the tally with the last.
    pub(crate) fn add(&mut self, sum: u64) -> Option<Tally> {
        if self.began.is_none() {
            self.began = Some((Instant::now(), cpu::used(), cpu::allocations()));
        }
        self.seen += 1;
        self.checksum = self.checksum.wrapping_add(sum);
        if self.seen < self.messages {
            return None;
        }
        let (began, cpu, allocations) = self.began?;
        Some(Tally {
            cpu: (cpu::used() - cpu).as_nanos(),
            wall: began.elapsed().as_nanos(),
            allocations: cpu::allocations() - allocations,
            checksum: self.checksum,
        })
    }
}

/// What a hand-written loop reads: the whole notification in one pass.
#[derive(Deserialize)]
pub(crate) struct Notification<T> {
    pub(crate) params: Params<T>,
}

#[derive(Deserialize)]
pub(crate) struct Params<T> {
    pub(crate) data: T,
}

/// The items, read as our adapter reads them with floats: the same types for everybody.
pub(crate) trait Item: serde::de::DeserializeOwned {
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
pub(crate) fn subscription(kind: Kind) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":{{"channels":["{}"]}}}}"#,
        kind.channel()
    )
}
