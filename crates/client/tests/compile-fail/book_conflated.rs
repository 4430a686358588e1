//! Leaving out a change would corrupt an order book, so a stream of changes cannot be conflated.

use nova_behaviour::{Behaviour, Channel, Decode, DecodeError, Dialect, Kept, Plain, Topic};
use nova_client::Client;

struct Venue;

impl Dialect for Venue {
    type Request = String;
    type Codec = Plain;
}

struct Book;

struct BookChange;

impl Decode<Plain> for BookChange {
    fn decode(_: &mut Kept) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

impl Channel for Book {
    type Dialect = Venue;
    type Item = BookChange;

    fn topic(&self) -> Topic {
        Topic::from("book")
    }
}

async fn follow<H: Behaviour<Dialect = Venue>>(client: Client<H>) {
    let _ = client.subscribe(Book).conflated().await;
}

fn main() {}
