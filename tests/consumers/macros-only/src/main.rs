//! An adapter, a channel and a typed client by macros, without the facade, and with a crate below it
//! under another name.

#![deny(missing_docs, unsafe_code, warnings, clippy::all)]

use meaning::{
    Adapter as _, Behaviour as _, Call as _, Channel as _, Kept, MessageHandler as _, RequestId, Topic,
};
use nova_macros::{Adapter, Channel, client};

/// A venue.
#[derive(Adapter)]
#[adapter(
    endpoint = "wss://venue.example/",
    json(params = "params", topic = "channel", item = "data"),
    topics()
)]
pub struct Venue {}

/// What can be asked of it.
#[client(dialect = Venue)]
pub trait VenueClient {
    /// Buys.
    #[call("order/buy", cost("orders" = 1))]
    fn buy(&self, instrument: String, amount: f64, price: Option<f64>) -> u64;

    /// Prices.
    #[channel("ticker.{instrument}.100ms", conflatable)]
    fn ticker(&self, instrument: String) -> Price;
}

/// A price.
#[derive(serde::Deserialize)]
pub struct Price {
    /// The best bid.
    pub bid: f64,
}

/// A book.
#[derive(Channel)]
#[channel(topic = "book.{0}", item = Price, dialect = Venue)]
pub struct Book(&'static str);

/// Compiled, and not called: there is no venue here.
async fn trade(client: &impl VenueClient) -> Result<u64, Box<dyn std::error::Error>> {
    let mut ticks = client.ticker("BTC").conflated().await?;
    while ticks.next().await.is_some() {}
    Ok(client.buy("BTC", 10.0, None).await?)
}

fn main() {
    assert_eq!(Ticker::new("BTC").topic(), Topic::from("ticker.BTC.100ms"));
    assert_eq!(Book("BTC").topic(), Topic::from("book.BTC"));
    let mut out = Kept::default();
    let request = Buy::new("BTC", 10.0).with_price(2.5).into_request();
    let mut handlers = Venue {}.into_handlers();
    handlers.messages().encode(RequestId::new(1), request, &mut out).expect("it can be written");
    let expected = r#"{"id":1,"method":"order/buy","params":{"instrument":"BTC","amount":10.0,"price":2.5}}"#;
    assert_eq!(out, Kept::from(expected));
    if std::env::args().count() > 9 {
        let traded: fn(&nova_client::Client<<Venue as meaning::Adapter>::Handlers>) =
            |client| drop(trade(client));
        let _ = traded;
    }
}
