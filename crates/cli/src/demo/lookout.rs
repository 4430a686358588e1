//! The endpoint from which others look on: probes and scrapers, while the story is told.

use std::{io, net::SocketAddr, time::Duration};

use websockex_nova::{
    behaviour::{Behaviour, Policy},
    client::Client,
    telemetry_export::{
        Watchlist,
        endpoint::{Endpoint, Serving},
    },
};

use super::story::Story;

/// What others may look at, and for how long at the least.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    watched: Watchlist,
    serving: Option<Serving>,
    hold: Duration,
}

impl Lookout {
    /// Serves at this address if there is one, and tells it in the first line of the story.
    pub(super) async fn open(addr: Option<SocketAddr>, hold: Duration, story: &Story) -> io::Result<Self> {
        let watched = Watchlist::default();
        let serving = match addr {
            Some(addr) => Some(Endpoint::new(watched.clone()).serve(addr).await?),
            None => None,
        };
        if let Some(serving) = &serving {
            story.serves(serving.addr());
        }
        Ok(Self { watched, serving, hold })
    }

    /// From now on it speaks for this client.
    pub(super) fn watch<H: Behaviour, P: Policy>(&self, client: &Client<H, P>) {
        self.watched.watch(CLIENT, client.monitor());
    }

    /// How long each outage is held at the least.
    pub(super) const fn hold(&self) -> Duration {
        self.hold
    }

    /// Leaves things as they are for as long as was wished.
    pub(super) async fn holds(&self, story: &Story, what: &str) {
        if !self.hold.is_zero() {
            story.tell(format!("{what}, for {:?}: the time to look", self.hold));
            tokio::time::sleep(self.hold).await;
        }
    }

    /// Ends before the client does, since an end that is wished for is no failure to be told of.
    pub(super) async fn close(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.shutdown().await;
        }
    }
}

/// The client's name to whoever looks on.
const CLIENT: &str = "demo";
