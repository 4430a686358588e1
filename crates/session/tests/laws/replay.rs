//! Equal seeds give equal runs.

use nova_testkit::world::{Setup, World, venue::VenuePeer};

use crate::kit::{Paced, VenueHandlers, millis, secs, venue, wanted};

fn run(setup: Setup<VenueHandlers, Paced>) -> World<VenueHandlers, Paced, VenuePeer> {
    let mut world =
        setup.with_random_faults().meet(VenuePeer { spread: millis(500), ..VenuePeer::default() });
    world.network.jitter = millis(50);
    world.subscribe(wanted(&["a", "b"], |_| {})).unwrap();
    for round in 0..200 {
        let _ = world.call(nova_testkit::world::venue::VenueRequest::say(round.to_string()));
        let pause = millis(world.chance().u64(0..2000));
        world.run_for(pause);
        if world.chance().u8(..) < 10 {
            world.cut();
        }
    }
    world.with(|session, now| session.shutdown(now, secs(1)));
    world.run_until_closed();
    world
}

#[test]
fn equal_seeds_give_equal_runs_event_for_event() {
    let (first, second) = (run(venue().with_seed(11)), run(venue().with_seed(11)));
    assert!(first.dials() > 5, "links were lost on the way");
    let (first, second) = (first.trace().render(), second.trace().render());
    let differs = first.lines().zip(second.lines()).find(|(first, second)| first != second);
    assert_eq!(differs, None);
    assert_eq!(first.len(), second.len());
}

#[test]
fn another_seed_gives_another_run() {
    let (first, second) = (run(venue().with_seed(11)), run(venue().with_seed(12)));
    assert!(first.trace().render() != second.trace().render());
}
