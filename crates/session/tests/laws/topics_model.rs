//! C-06 against a model: the model knows who wants what, and in the end the venue publishes just that.

use std::collections::{BTreeMap, BTreeSet};

use nova_session::{SubscriptionId, TopicState};
use nova_testkit::world::{
    Network, Setup,
    venue::{self, Topics, VenuePeer},
};

use crate::kit::{each_second, millis, secs, steady, wanted};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// One random life of subscribing, unsubscribing, losing links and answering late.
fn converges(seed: u64) {
    let handlers = venue::handlers().with_subscriptions(Topics { batch: 1 + seed as usize % 3 });
    let network = Network::default().with_jitter(millis(50));
    let setup = steady(Setup::new(handlers).with_policies(each_second()).with_network(network));
    let mut world = setup.with_seed(seed).meet(VenuePeer { spread: secs(2), ..VenuePeer::default() });
    let mut model: BTreeMap<SubscriptionId, BTreeSet<&str>> = BTreeMap::new();
    for _ in 0..60 {
        match world.chance().u8(0..10) {
            0..=3 => {
                let names: BTreeSet<_> = NAMES.into_iter().filter(|_| world.chance().bool()).collect();
                let names: Vec<_> = names.into_iter().collect();
                let is_required = world.chance().u8(..) < 50;
                let id = world.subscribe(wanted(&names, |wanted| wanted.required = is_required)).unwrap();
                model.insert(id, names.into_iter().collect());
            }
            4..=6 => {
                let place = world.chance().usize(0..model.len().max(1));
                if let Some(id) = model.keys().nth(place).copied() {
                    world.unsubscribe(id);
                    model.remove(&id);
                }
            }
            7 => world.cut(),
            8 => world.with(|session, now| session.reconnect(now)),
            _ => {}
        }
        let pause = millis(world.chance().u64(0..1500));
        world.run_for(pause);
    }
    world.run_for(secs(120));
    let intent: BTreeSet<String> = model.values().flatten().map(|name| (*name).to_owned()).collect();
    assert_eq!(world.peer.topics(), intent, "seed {seed}");
    let known: BTreeMap<_, _> =
        world.session().topics().map(|status| (status.topic.to_string(), status.state)).collect();
    assert_eq!(known.keys().cloned().collect::<BTreeSet<_>>(), intent, "seed {seed}");
    assert!(known.values().all(|state| *state == TopicState::Confirmed), "seed {seed}: {known:?}");
    assert_eq!(world.peer.complaints, <[String; 0]>::default(), "seed {seed}");
    assert!(world.session().state().is_ready(), "seed {seed}");
}

#[test]
fn c06_any_interleaving_converges_to_the_last_intent() {
    (0..200).for_each(converges);
}
