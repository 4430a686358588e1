//! The second chapter: two subscriptions across three lost links, and a slow subscriber.
//!
//! [`exchange`] is what the client meets: a trading venue that counts what it publishes. [`taker`] is
//! who takes the items and counts too. [`audit`] holds one against the other, and [`summary`] shows it.
//!
//! What is published, and when, is part of the script, so that every run has the same figures.

mod audit;
mod exchange;
mod summary;
mod taker;

use std::{error::Error, time::Duration};

use nova_testkit::{
    net::{Ending, Faults, Flow, Way},
    venue::adapter::{Delta, Deltas, Price, Prices, Time, VenueHandlers},
};
use websockex_nova::{
    behaviour::Bound,
    client::{Client, Connect},
    prelude::{Policies, millis, secs},
    ratelimit::Stated,
    reconnect::Jittered,
    session::ShutdownReport,
    transport::LostReason,
    transport_fastwebsockets::FastWebSockets,
};

pub(super) use self::{
    audit::differences,
    summary::{in_json, print},
};
use self::{
    exchange::{Exchange, Holding},
    taker::{Stream, Taker},
};
use super::{
    loopback,
    story::{Narrator, Progress, Story},
};

/// What is known at the end of the chapter.
pub(super) struct Streamed {
    /// What became of each subscription.
    streams: Vec<Stream>,
    /// What the venue held of each link once the client was ready on it.
    holdings: Vec<Holding>,
    /// What a client should not have done, in the venue's words.
    complaints: Vec<String>,
    /// What the client's events told.
    progress: Progress,
    shutdown: ShutdownReport,
}

/// One run of the chapter.
struct Play<'a> {
    story: &'a Story,
    exchange: Exchange,
    client: Client<VenueHandlers, Policies<Jittered, Stated, Narrator>>,
    deltas: Taker<Delta>,
    prices: Taker<Price>,
    holdings: Vec<Holding>,
}

/// Plays all scenes.
pub(super) async fn play(story: &Story) -> Result<Streamed, Box<dyn Error>> {
    let mut play = Play::begin(story).await?;
    play.flows().await?;
    play.loses_a_link_to_the_venue().await?;
    play.loses_a_link_full_of_items().await?;
    play.loses_a_link_that_carries_no_answers().await?;
    play.is_slow().await?;
    Ok(play.closes().await)
}

impl<'a> Play<'a> {
    async fn begin(story: &'a Story) -> Result<Self, Box<dyn Error>> {
        story.scene("A trading venue. A client logs in, asks for a heartbeat, and subscribes twice.");
        let exchange = Exchange::begin(DELTAS, PRICES).await?;
        let narrator =
            Narrator { story: story.clone(), faults: exchange.faults().clone(), once_lost: hold_the_next };
        let policies = Policies::default()
            .with_reconnect(Jittered::new(millis(50), millis(500)))
            .with_observer(narrator);
        let client = Connect::new(exchange.adapter(), FastWebSockets::new(loopback()))
            .with_policies(policies)
            .connect()
            .await?;
        story.reaches(|now| now.ready > 0).await;
        // Ready shall mean that both are acknowledged, also on later links.
        let deltas = client.subscribe(Deltas(INSTRUMENT)).dropping_oldest().bound(BOUND).required().await?;
        let prices = client.subscribe(Prices(INSTRUMENT)).conflated().required().await?;
        let mut play = Self {
            story,
            exchange,
            client,
            deltas: Taker::new(DELTAS, deltas, |delta| delta.n),
            prices: Taker::new(PRICES, prices, |price| price.n),
            holdings: Vec::new(),
        };
        play.looks_at_the_venue();
        Ok(play)
    }

    /// Items on a link that works.
    async fn flows(&mut self) -> Result<(), Box<dyn Error>> {
        self.story
            .scene("It takes 60 items of each, of the prices the newest of 20, and one that is no price.");
        for _ in 0..3 {
            self.publishes_and_takes(20).await?;
        }
        self.exchange.publish_nonsense(PRICES);
        self.catches_up().await
    }

    /// A link the venue closes.
    async fn loses_a_link_to_the_venue(&mut self) -> Result<(), Box<dyn Error>> {
        self.story.scene("The venue closes the link. Meanwhile it publishes 3 items of each to nobody.");
        let before = self.story.progress();
        self.exchange.close();
        self.is_away(before, 3).await;
        self.is_back(before).await?;
        self.publishes_and_takes(10).await
    }

    /// A link that is reset with items on their way.
    async fn loses_a_link_full_of_items(&mut self) -> Result<(), Box<dyn Error>> {
        self.story.scene("The network holds up 7 items of each, and resets the link. Nobody hears 5 more.");
        let before = self.story.progress();
        self.exchange.faults().set_flow(Way::ToClient, Flow::Hold);
        self.exchange.publish(7);
        self.exchange.faults().cut(Ending::Reset);
        self.is_away(before, 5).await;
        self.is_back(before).await?;
        self.publishes_and_takes(10).await
    }

    /// A link on which the venue hears nothing, its heartbeat least of all.
    async fn loses_a_link_that_carries_no_answers(&mut self) -> Result<(), Box<dyn Error>> {
        self.story.scene("The answers to the venue's heartbeat no longer arrive. It closes the link.");
        let before = self.story.progress();
        self.exchange.has_heard_a_heartbeat().await;
        self.exchange.faults().set_flow(Way::ToServer, Flow::Hold);
        self.exchange.publish(4);
        self.exchange.be_impatient(true);
        self.story.reaches(|now| now.lost > before.lost).await;
        self.exchange.be_impatient(false);
        self.exchange.faults().set_flow(Way::ToServer, Flow::Forward);
        self.is_away(before, 2).await;
        self.is_back(before).await?;
        self.publishes_and_takes(10).await
    }

    /// More items than may wait.
    async fn is_slow(&mut self) -> Result<(), Box<dyn Error>> {
        let most = BOUND.count;
        self.story.scene(&format!("The subscriber is slow: 500 items of each come, and {most} may wait."));
        self.publishes_and_takes(500).await
    }

    /// The end, in good order.
    async fn closes(self) -> Streamed {
        self.story.scene("The subscriptions end, and the client closes.");
        let published = self.exchange.published();
        let streams = vec![
            self.deltas.end("drop_oldest", published.of(DELTAS)),
            self.prices.end("conflate", published.of(PRICES)),
        ];
        if let Err(error) = self.client.shutdown(secs(2)).await {
            self.story.tell(error.to_string());
        }
        self.story.reaches(|now| now.is_over).await;
        Streamed {
            streams,
            holdings: self.holdings,
            complaints: self.exchange.complaints(),
            progress: self.story.progress(),
            shutdown: self.client.shutdown_report(),
        }
    }

    /// The venue publishes so many items of each; the client takes what comes of them.
    async fn publishes_and_takes(&mut self, count: u64) -> Result<(), Box<dyn Error>> {
        self.exchange.publish(count);
        self.catches_up().await
    }

    async fn catches_up(&mut self) -> Result<(), Box<dyn Error>> {
        // The venue says everything in order: with its answer, all items before it are here.
        self.client.call(Time).deadline(secs(5)).await?;
        self.deltas.take_all(self.story).await;
        self.prices.take_all(self.story).await;
        Ok(())
    }

    /// Waits until both sides know that the link is lost; then so many items are published.
    async fn is_away(&mut self, before: Progress, unheard: u64) {
        self.story.reaches(|now| now.lost > before.lost).await;
        self.deltas.link_ended();
        self.prices.link_ended();
        self.exchange.is_alone().await;
        self.exchange.publish(unheard);
    }

    /// Lets the client in again.
    async fn is_back(&mut self, before: Progress) -> Result<(), Box<dyn Error>> {
        self.exchange.faults().heal();
        self.story.reaches(|now| now.ready > before.ready).await;
        self.looks_at_the_venue();
        Ok(())
    }

    fn looks_at_the_venue(&mut self) {
        if let Some(holding) = self.exchange.holding() {
            self.story.tell(holding.to_string());
            self.holdings.push(holding);
        }
    }
}

/// The answer to the next handshake is held up until the script goes on.
fn hold_the_next(faults: &Faults, reason: &LostReason) {
    if !matches!(reason, LostReason::Shutdown) {
        faults.set_flow(Way::ToClient, Flow::Hold);
    }
}

const INSTRUMENT: &str = "BTC";
const DELTAS: &str = "deltas.BTC";
const PRICES: &str = "prices.BTC";

/// What may wait for the subscriber.
const BOUND: Bound = Bound { count: 100, bytes: 1 << 20 };

/// How often the venue asks whether the client lives.
const HEARTBEAT: Duration = Duration::from_millis(250);
