//! The facade, as an application takes it: one dependency of ours, by its default features.

use websockex_nova::prelude::*;

/// What an application holds in a struct of its own: types that can be named.
struct Desk {
    client: Client<<Echo as Adapter>::Handlers>,
}

impl Desk {
    async fn open(url: &str) -> Result<Self> {
        Ok(Self { client: Client::connect(Echo::at(url)?).await? })
    }

    async fn greet(&self) -> Result<String> {
        Ok(self.client.call("hello").deadline(secs(2)).await?)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // Nothing listens there, which must show at once and by its cause.
    let Err(error) = Desk::open("ws://127.0.0.1:9/").await else {
        panic!("port 9 discards, and speaks no WebSocket");
    };
    assert!(matches!(error, Error::Closed(_)), "{error:?}");
    let wrong = Desk::open("https://venue.example/").await.err();
    assert!(matches!(wrong, Some(Error::Endpoint(_))), "{wrong:?}");
    // Compiled, and not reached: there is no service here.
    if std::env::args().count() > 9 {
        let desk = Desk::open("wss://echo.example/").await.expect("a service");
        desk.greet().await.expect("an answer");
    }
}
