//! Recordings of random lives: each is lived again, and everything the session says is the same.
//!
//! The worlds of the other tests are recorded as well (see `kit`), and replayed when they end.

use nova_testkit::world::{Keep, Recording};

use crate::walk::{begin, walk};

/// Lets these seeds live, and replays what was recorded of each, as its file has it.
fn replays(seeds: std::ops::Range<u64>) {
    let mut total = 0;
    for seed in seeds {
        let mut world = begin(seed, Some(Keep::default()));
        walk(&mut world);
        let recording = world.recording().unwrap();
        let read = Recording::parse(&recording.to_text()).unwrap();
        assert_eq!(read, recording, "seed {seed}");
        let verdict = read.replay();
        assert!(verdict.is_equal(), "seed {seed} {verdict}");
        total += recording.lines.len();
        // It has been replayed; its end need not do so once more.
        std::mem::forget(world);
    }
    assert!(total > 20_000, "the lives go somewhere: {total} inputs");
}

#[test]
fn random_lives_replay_equal_1() {
    replays(1000..1030);
}

#[test]
fn random_lives_replay_equal_2() {
    replays(2000..2030);
}

#[test]
fn random_lives_replay_equal_3() {
    replays(3000..3030);
}

#[test]
fn random_lives_replay_equal_4() {
    replays(4000..4030);
}
