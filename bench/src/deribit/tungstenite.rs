//! A hand-written loop over tokio-tungstenite.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use websockex_nova::deribit::items::{BookUpdate, TickerData, Trade};

use super::{
    contenders::{Count, Item, Notification, Tally, subscription},
    messages::Kind,
};

pub(super) async fn run(server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    match kind {
        Kind::Ticker => take::<TickerData<f64>>(server, kind, messages).await,
        Kind::Book => take::<BookUpdate<f64>>(server, kind, messages).await,
        Kind::Trades => take::<Vec<Trade<f64>>>(server, kind, messages).await,
    }
}

async fn take<T: Item>(server: SocketAddr, kind: Kind, messages: u64) -> Tally {
    let (mut socket, _) = connect_async(format!("ws://{server}/")).await.expect("the server upgrades");
    socket.send(Message::text(subscription(kind))).await.expect("the server reads");
    socket.next().await.expect("the server answers").expect("the server answers");
    let mut count = Count::of(messages);
    loop {
        let message = socket.next().await.expect("the server goes on").expect("the server goes on");
        let Message::Text(text) = message else { continue };
        let item: Notification<T> = serde_json::from_str(&text).expect("it has the expected shape");
        if let Some(tally) = count.add(item.params.data.sum()) {
            return tally;
        }
    }
}
