//! What a service cannot be asked is refused where it is asked.

use websockex_nova::{echo::EchoMessages, prelude::*};

struct Order;

fn ask(client: Client<Handlers<EchoMessages>>) {
    let _ = client.call(Order);
}

fn main() {}
