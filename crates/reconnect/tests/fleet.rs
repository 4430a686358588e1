//! What the default pacing does to a server, in virtual time: a server that accepts and closes at once,
//! and a fleet that loses its server for a minute.

use std::time::{Duration, Instant};

use nova_reconnect::{Jittered, Pacer, STABLE_AFTER};

const TEN_MINUTES: Duration = Duration::from_secs(600);
const OUTAGE: Duration = Duration::from_secs(60);
const CLIENTS: usize = 10_000;

/// How many connections one client makes to a server that lets each be ready for `lives` and closes it.
fn attempts_in_ten_minutes(seed: u64, lives: Duration) -> u32 {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut pacer = Pacer::<Jittered>::default();
    let start = Instant::now();
    let (mut now, mut attempts) = (start, 0);
    while now < start + TEN_MINUTES {
        attempts += 1;
        pacer.ready(now);
        now += lives;
        pacer.lost(now);
        now += pacer.next_delay(chance.u64(..)).expect("attempts are unlimited");
    }
    attempts
}

#[test]
fn c11_accept_then_close_is_paced_like_a_refusal() {
    let seeds = 2_000;
    let attempts: Vec<_> =
        (0..seeds).map(|seed| attempts_in_ten_minutes(seed, Duration::from_millis(50))).collect();
    let most = attempts.iter().copied().max().expect("there are seeds");
    let average = f64::from(attempts.iter().sum::<u32>()) / attempts.len() as f64;
    println!("attempts in ten minutes: {average:.1} on average, {most} at most");
    assert!(most <= 40, "{most} attempts");
    assert!((23.0..=28.0).contains(&average), "{average} attempts on average");
}

#[test]
fn connections_that_prove_useful_are_renewed_without_growing_pauses() {
    let lives = STABLE_AFTER;
    // Ten seconds of use and half a second of pause, fifty-seven times over.
    assert!(attempts_in_ten_minutes(1, lives) >= 50);
}

/// When each client of the fleet reaches the server after it returned, in nanoseconds since the loss.
fn arrivals(seed: u64) -> Vec<u128> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let arrival = |_| {
        let mut pacer = Pacer::<Jittered>::default();
        let mut since_loss = Duration::ZERO;
        while since_loss < OUTAGE {
            since_loss += pacer.next_delay(chance.u64(..)).expect("attempts are unlimited");
        }
        since_loss.as_nanos()
    };
    let mut arrivals: Vec<_> = (0..CLIENTS).map(arrival).collect();
    arrivals.sort_unstable();
    arrivals
}

/// The most arrivals within any second, wherever it begins.
fn busiest_second(arrivals: &[u128]) -> usize {
    let second = Duration::from_secs(1).as_nanos();
    let within =
        |(at, first): (usize, &u128)| arrivals[at..].partition_point(|arrival| arrival - first < second);
    arrivals.iter().enumerate().map(within).max().unwrap_or(0)
}

#[test]
fn c39_fleet_returns_spread_out_after_an_outage() {
    for seed in 0..10 {
        let arrivals = arrivals(seed);
        let share = busiest_second(&arrivals) as f64 / CLIENTS as f64;
        println!("seed {seed}: the busiest second carries {:.2} % of the fleet", share * 100.0);
        assert!(share < 0.04, "seed {seed}: {share}");
        // Nobody waits longer than the cap after the server returned.
        assert!(arrivals.iter().all(|at| *at <= (2 * OUTAGE).as_nanos()));
    }
}
