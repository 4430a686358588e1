//! Sent again after a lost link, an order could be executed twice.

use nova_behaviour::{Behaviour, Call, Dialect, Plain};
use nova_client::Client;

struct Venue;

impl Dialect for Venue {
    type Request = String;
    type Codec = Plain;
}

struct Order;

impl Call<Venue> for Order {
    type Reply = String;

    fn into_request(self) -> String {
        "buy".to_owned()
    }
}

async fn trade<H: Behaviour<Dialect = Venue>>(client: Client<H>) {
    let _ = client.call(Order).replay_on_reconnect().await;
}

fn main() {}
