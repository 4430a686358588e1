//! What a service cannot be asked is refused where it is asked.

use nova_behaviour::{Handlers, RawMessages};
use nova_client::Client;

struct Order;

fn ask(client: Client<Handlers<RawMessages>>) {
    let _ = client.call(Order);
}

fn main() {}
