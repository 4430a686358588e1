//! Random lives, one for each seed.

use std::{
    any::Any,
    error::Error,
    panic::{self, AssertUnwindSafe},
    time::Instant,
};

use crate::walk::{Walk, begin, walk};

/// Lets so many seeds live. Those that break a law are named, with the way to see all of it.
pub(crate) fn run(seeds: u64, first: u64) -> Result<(), Box<dyn Error>> {
    // What a panic has to say is told below, once.
    panic::set_hook(Box::new(|_| {}));
    let (start, mut failed) = (Instant::now(), Vec::new());
    let (mut steps, mut dials, mut ready, mut lived) = (0, 0, 0, 0.0);
    for seed in first..first + seeds {
        let mut world = begin(seed, None);
        if let Err(why) = live(&mut world) {
            println!("seed {seed} fails: {}", why.lines().next().unwrap_or_default());
            println!("    cargo xtask sim --seed {seed}");
            failed.push(seed);
        }
        steps += world.steps();
        dials += world.dials();
        ready += world.count("ready");
        lived += world.elapsed().as_secs_f64();
    }
    let took = start.elapsed().as_secs_f64();
    println!(
        "{seeds} lives in {took:.1} s, {:.0} a second: {:.0} hours of virtual time, {steps} steps \
         ({:.0} a second), {dials} links dialled, {ready} times ready",
        seeds as f64 / took,
        lived / 3600.0,
        steps as f64 / took,
    );
    if failed.is_empty() { Ok(()) } else { Err(format!("{} seeds fail", failed.len()).into()) }
}

/// Lets one seed live, and prints what happened in it.
pub(crate) fn replay(seed: u64) -> Result<(), Box<dyn Error>> {
    panic::set_hook(Box::new(|_| {}));
    let mut world = begin(seed, None);
    let ended = live(&mut world);
    println!("{}", world.trace().render());
    ended.map_err(|why| format!("seed {seed} fails: {}", why.lines().next().unwrap_or_default()).into())
}

/// Walks to the end, or to the law that was broken.
fn live(world: &mut Walk) -> Result<(), String> {
    panic::catch_unwind(AssertUnwindSafe(|| walk(world))).map_err(|panic| said(&*panic))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
