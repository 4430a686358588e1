use nova_macros::{Adapter, client};

#[derive(Adapter)]
#[adapter(endpoint = "wss://venue.example/", json())]
struct Venue {}

#[client(dialect = Venue)]
trait VenueClient {
    #[call]
    fn time(&self) -> u64;
}

fn main() {}
