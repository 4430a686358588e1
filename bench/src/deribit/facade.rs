//! Our client, as an application uses it: through the facade, every item decoded.

use std::net::SocketAddr;

use websockex_nova::{
    behaviour::{Channel, KeepAlive},
    deribit::{
        Book, Decimal, Deribit, DeribitDialect, DeribitHandlers, Number, Ticker, Trades,
        items::{BookUpdate, TickerData, Trade},
    },
    prelude::*,
    transport::Transport,
    transport_fastwebsockets::FastWebSockets,
    transport_native::Native,
};

use super::{
    contenders::{Count, Tally},
    messages::{Kind, checksum},
};

pub(super) async fn floats(server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    floats_over(FastWebSockets::default(), server, kind, messages).await
}

pub(super) async fn floats_native(server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    floats_over(<Native>::default(), server, kind, messages).await
}

async fn floats_over<T: Transport>(over: T, server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    let client = client(over, server).await;
    match kind {
        Kind::Ticker => take(&client, Ticker::every_100ms(NAME).as_floats(), messages, ticker).await,
        Kind::Book => take(&client, Book::every_100ms(NAME).as_floats(), messages, book).await,
        Kind::Trades => take(&client, Trades::every_100ms(NAME).as_floats(), messages, trades).await,
    }
}

pub(super) async fn exact(server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    let client = client(FastWebSockets::default(), server).await;
    match kind {
        Kind::Ticker => take(&client, Ticker::every_100ms(NAME), messages, ticker).await,
        Kind::Book => take(&client, Book::every_100ms(NAME), messages, book).await,
        Kind::Trades => take(&client, Trades::every_100ms(NAME), messages, trades).await,
    }
}

const NAME: &str = "BTC-PERPETUAL";

async fn client<T: Transport>(over: T, server: SocketAddr) -> Client<DeribitHandlers, Policies> {
    let endpoint = Endpoint::parse(&format!("ws://{server}/")).expect("an address makes a URL");
    Connect::new(Deribit::at(endpoint), over)
        .with_settings(|settings| settings.keep_alive = KeepAlive::OFF)
        .connect()
        .await
        .expect("the server upgrades")
}

async fn take<C>(
    client: &Client<DeribitHandlers, Policies>,
    channel: C,
    messages: u64,
    sum: fn(&C::Item) -> u64,
) -> Tally
where
    C: Channel<Dialect = DeribitDialect>,
{
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
