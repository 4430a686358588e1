//! What these tests share: a client that tries again at once, and ways to wait for both sides.

use std::{future::Future, time::Duration};

use nova_testkit::{
    net::{PATIENCE, within},
    venue::{
        Heard, Op, Rules, Venue,
        adapter::{VenueAdapter, VenueHandlers},
    },
};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::{Behaviour, Policy, Topic},
    prelude::*,
    reconnect::Linear,
    session::TopicState,
};

/// The client of most tests.
pub(crate) type VenueClient = Client<VenueHandlers, Policies<Linear>>;

/// A venue that asks for no credits.
pub(crate) async fn generous() -> Venue {
    venue(|_| {}).await
}

/// A generous venue with some rules of its own.
pub(crate) async fn venue(change: impl FnOnce(&mut Rules)) -> Venue {
    Venue::start(Rules::generous().with(change)).await.unwrap()
}

/// A client that tries again after a millisecond.
pub(crate) fn prepare(adapter: VenueAdapter) -> Connect<VenueAdapter, Wire, Policies<Linear>> {
    let policies = Policies::default().with_reconnect(Linear::every(millis(1)));
    Connect::new(adapter, Wire::default()).with_policies(policies)
}

/// Such a client, connected.
pub(crate) async fn connect(adapter: VenueAdapter) -> VenueClient {
    within(PATIENCE, "the client to be ready", prepare(adapter).connect()).await.unwrap()
}

/// Waits for a state.
pub(crate) async fn until<H: Behaviour, P: Policy>(
    client: &Client<H, P>,
    what: &str,
    is_it: impl Fn(&State) -> bool,
) -> State {
    let mut watch = client.watch();
    let state = async {
        loop {
            let state = watch.changed().await;
            if is_it(&state) {
                return state;
            }
        }
    };
    within(PATIENCE, what, state).await
}

/// Waits until the client is ready on a link after this one, and tells which.
pub(crate) async fn ready_after<H: Behaviour, P: Policy>(client: &Client<H, P>, link: u64) -> u64 {
    let what = format!("ready on a link after {link}");
    let state = until(client, &what, |state| ready_link(state) > Some(link)).await;
    ready_link(&state).unwrap()
}

fn ready_link(state: &State) -> Option<u64> {
    match state {
        State::Ready { link } => Some(link.get()),
        _ => None,
    }
}

/// The next thing of a subscription.
pub(crate) async fn next<T>(stream: &mut Subscription<T>) -> Delivery<T> {
    within(PATIENCE, "an item or a gap", stream.next()).await.expect("the subscription goes on")
}

/// The next thing of a subscription, which must be an item.
pub(crate) async fn item<T: std::fmt::Debug>(stream: &mut Subscription<T>) -> T {
    match next(stream).await {
        Delivery::Item(item) => item,
        Delivery::Gap(gap) => panic!("a gap instead of an item: {gap:?}"),
    }
}

/// The next thing of a subscription, which must be a gap.
pub(crate) async fn gap<T: std::fmt::Debug>(stream: &mut Subscription<T>) -> Gap {
    match next(stream).await {
        Delivery::Gap(gap) => gap,
        Delivery::Item(item) => panic!("an item instead of a gap: {item:?}"),
    }
}

/// Runs everything at once and hands the results back in order.
pub(crate) async fn all<F>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// What was asked on a connection, in order.
pub(crate) fn ops(venue: &Venue, link: u64) -> Vec<Op> {
    venue.look(|core| core.requests(link).map(|(op, _)| op).collect())
}

/// How often something was asked, on all connections.
pub(crate) fn count(venue: &Venue, wanted: Op) -> usize {
    let is_it = |heard: &Heard| matches!(heard, Heard::Request { op, .. } if *op == wanted);
    venue.look(|core| core.journal().filter(|entry| is_it(&entry.heard)).count())
}

/// What is published on the newest connection.
pub(crate) fn published(venue: &Venue) -> Vec<String> {
    let topics = |core: &nova_testkit::venue::Core| {
        core.seats().next_back().map(|(_, seat)| seat.topics().iter().cloned().collect())
    };
    venue.look(topics).unwrap_or_default()
}

/// How far a topic has come, as the client sees it.
pub(crate) fn topic_state(client: &VenueClient, name: &str) -> Option<TopicState> {
    let known = client.topics().into_iter().find(|status| status.topic == Topic::from(name));
    known.map(|status| status.state)
}

/// Waits until the client believes all of these topics, and no others, to be confirmed.
pub(crate) async fn confirmed(client: &VenueClient, wanted: &[String]) {
    let waiting = async {
        loop {
            let mut names: Vec<_> = client
                .topics()
                .into_iter()
                .filter(|status| status.state == TopicState::Confirmed)
                .map(|status| status.topic.to_string())
                .collect();
            names.sort_unstable();
            if names == wanted {
                return;
            }
            // A confirmation is no change of state, so there is nothing to wait for.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    within(PATIENCE, "all topics to be confirmed", waiting).await;
}
