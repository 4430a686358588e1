//! What the client meets: a venue that counts, behind a proxy that breaks links.

use std::{collections::BTreeMap, error::Error, fmt, time::Duration};

use nova_testkit::{
    net::{FaultProxy, Faults},
    venue::{Core, Heard, Rules, Venue, adapter::VenueAdapter},
};
use websockex_nova::prelude::Endpoint;

use super::HEARTBEAT;

pub(super) struct Exchange {
    venue: Venue,
    proxy: FaultProxy,
    endpoint: Endpoint,
    topics: [&'static str; 2],
    published: Published,
}

/// What was published, on each topic and in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Published(BTreeMap<&'static str, Vec<Stretch>>);

/// Items published one after the other to the same link, or to nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stretch {
    /// The venue's number of the link; `None` if nobody took the topic.
    pub(super) link: Option<u64>,
    pub(super) items: u64,
}

/// What the venue holds of a link.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    pub(super) link: u64,
    pub(super) key: Option<String>,
    pub(super) heartbeat: Option<Duration>,
    pub(super) topics: Vec<String>,
}

impl Exchange {
    pub(super) async fn begin(first: &'static str, second: &'static str) -> Result<Self, Box<dyn Error>> {
        let venue = Venue::start(Rules::generous().with(|rules| rules.alive_patience = PATIENT)).await?;
        let proxy = FaultProxy::to(venue.addr()).await?;
        let endpoint = Endpoint::parse(&proxy.url())?;
        Ok(Self { venue, proxy, endpoint, topics: [first, second], published: Published::default() })
    }

    pub(super) const fn faults(&self) -> &Faults {
        self.proxy.faults()
    }

    pub(super) fn adapter(&self) -> VenueAdapter {
        VenueAdapter::at(self.endpoint.clone())
            .with_credentials("alice", Rules::ALICES_SECRET)
            .with_heartbeat(HEARTBEAT)
    }

    /// Publishes so many items of each topic to whoever takes it.
    pub(super) fn publish(&mut self, count: u64) {
        for topic in self.topics {
            self.count(topic, |core| (0..count).for_each(|_| _ = core.tick(topic)));
        }
    }

    /// Publishes an item that cannot be read.
    pub(super) fn publish_nonsense(&mut self, topic: &'static str) {
        self.count(topic, |core| _ = core.publish(topic, &"nonsense".into()));
    }

    /// Counts by the venue's own positions, and in the same moment asks it who takes the topic.
    fn count(&mut self, topic: &'static str, publish: impl FnOnce(&mut Core)) {
        let (items, takers) = self.venue.change(|core| {
            let before = core.published(topic);
            publish(core);
            let takers = core.seats().filter(|(_, seat)| seat.topics().contains(topic));
            (core.published(topic) - before, takers.map(|(link, _)| link).collect::<Vec<_>>())
        });
        let mut add = |link| self.published.add(topic, Stretch { link, items });
        if takers.is_empty() {
            add(None);
        }
        takers.into_iter().for_each(|link| add(Some(link)));
    }

    pub(super) fn published(&self) -> &Published {
        &self.published
    }

    /// Closes the link.
    pub(super) fn close(&self) {
        self.venue.close(1001, "maintenance");
    }

    /// How long it waits for the answer to its heartbeat.
    pub(super) fn be_impatient(&self, is_impatient: bool) {
        self.venue.rule(|rules| rules.alive_patience = if is_impatient { IMPATIENT } else { PATIENT });
    }

    /// Waits for an answer to the heartbeat, after which it is a while until the next question.
    pub(super) async fn has_heard_a_heartbeat(&self) {
        let heard = |core: &Core| core.journal().filter(|entry| entry.heard == Heard::Alive).count();
        let before = self.venue.look(heard);
        self.venue.wait_for("an answer to the heartbeat", |core| heard(core) > before).await;
    }

    /// Waits until nobody takes anything. There may be a link already whose handshake is held up.
    pub(super) async fn is_alone(&self) {
        let is_alone = |core: &Core| core.seats().all(|(_, seat)| seat.topics().is_empty());
        self.venue.wait_for("the end of the link", is_alone).await;
    }

    /// What it holds of its newest link.
    pub(super) fn holding(&self) -> Option<Holding> {
        self.venue.look(|core| {
            let (link, seat) = core.seats().next_back()?;
            Some(Holding {
                link,
                key: seat.key().map(str::to_owned),
                heartbeat: seat.heartbeat(),
                topics: seat.topics().iter().cloned().collect(),
            })
        })
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        self.venue.look(|core| core.complaints().to_vec())
    }
}

impl Published {
    /// What was published on this topic.
    pub(super) fn of(&self, topic: &str) -> &[Stretch] {
        self.0.get(topic).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, topic: &'static str, more: Stretch) {
        let stretches = self.0.entry(topic).or_default();
        match stretches.last_mut() {
            Some(last) if last.link == more.link => last.items += more.items,
            _ => stretches.push(more),
        }
    }
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { link, key, heartbeat, topics } = self;
        write!(f, "the venue's link {link}: login of {}", key.as_deref().unwrap_or("nobody"))?;
        match heartbeat {
            Some(pause) => write!(f, ", heartbeat every {pause:?}")?,
            None => f.write_str(", no heartbeat")?,
        }
        write!(f, ", publishes {}", topics.join(" and "))
    }
}

/// A busy machine is forgiven much.
const PATIENT: Duration = Duration::from_secs(4);

const IMPATIENT: Duration = Duration::from_millis(300);
