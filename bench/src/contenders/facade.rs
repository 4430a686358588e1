//! Our client, as an application uses it: through the facade, every item decoded.

use std::net::SocketAddr;

use websockex_nova::{
    behaviour::{Channel, KeepAlive},
    deribit::{
        Book, Decimal, Deribit, DeribitDialect, Number, Ticker, Trades,
        items::{BookUpdate, TickerData, Trade},
    },
    prelude::*,
};

use super::{Count, Tally};
use crate::messages::{Kind, checksum};

pub(super) async fn floats(server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    match kind {
        Kind::Ticker => {
            take(server, Ticker::every_100ms("BTC-PERPETUAL").as_floats(), messages, ticker).await
        }
        Kind::Book => take(server, Book::every_100ms("BTC-PERPETUAL").as_floats(), messages, book).await,
        Kind::Trades => {
            take(server, Trades::every_100ms("BTC-PERPETUAL").as_floats(), messages, trades).await
        }
    }
}

pub(super) async fn exact(server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    match kind {
        Kind::Ticker => take(server, Ticker::every_100ms("BTC-PERPETUAL"), messages, ticker).await,
        Kind::Book => take(server, Book::every_100ms("BTC-PERPETUAL"), messages, book).await,
        Kind::Trades => take(server, Trades::every_100ms("BTC-PERPETUAL"), messages, trades).await,
    }
}

async fn take<C>(server: SocketAddr, channel: C, messages: u64, sum: fn(&C::Item) -> u64) -> Tally
where
    C: Channel<Dialect = DeribitDialect>,
{
    let endpoint = Endpoint::parse(&format!("ws://{server}/")).expect("an address makes a URL");
    let client = Client::prepare(Deribit::at(endpoint))
        .with_settings(|settings| settings.keep_alive = KeepAlive::OFF)
        .connect()
        .await
        .expect("the server upgrades");
    let mut items = client.subscribe(channel).open().expect("the channel is right");
    let mut count = Count::of(messages);
    loop {
        match items.next().await.expect("the server goes on") {
            Delivery::Item(item) => {
                if let Some(tally) = count.add(sum(&item)) {
                    return tally;
                }
            }
            Delivery::Gap(gap) => panic!("nothing is lost here: {gap}"),
        }
    }
}

fn ticker<N: Summed>(item: &TickerData<N>) -> u64 {
    checksum(item.timestamp.as_millis(), item.best_bid_price.map(Summed::summed).unwrap_or_default())
}

fn book<N: Summed>(item: &BookUpdate<N>) -> u64 {
    checksum(
        item.timestamp.as_millis(),
        item.bids.first().map(|level| level.price.summed()).unwrap_or_default(),
    )
}

fn trades<N: Summed>(item: &Vec<Trade<N>>) -> u64 {
    item.first().map_or(0, |trade| checksum(trade.timestamp.as_millis(), trade.price.summed()))
}

/// What is added up: the number as a float, whichever way it was read.
trait Summed: Number {
    fn summed(self) -> f64;
}

impl Summed for f64 {
    fn summed(self) -> f64 {
        self
    }
}

impl Summed for Decimal {
    fn summed(self) -> f64 {
        self.to_f64()
    }
}
