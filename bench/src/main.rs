//! The benches: our client beside its peers, over the same bytes in one run.
//!
//! `count` is what is counted in memory, of ours alone unless the feature `peers` is on. The rest measures
//! on sockets: each measurement is a process of its own, pinned to one core, against a server pinned to
//! another; what counts is the processor time of the client. Contenders take turns, so that whatever else
//! the machine does falls on all alike, and each adds up what it read, so that nobody wins by not looking.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

mod allocator;
mod count;
mod load;
mod memory;
mod meter;
mod ours;
mod socket;
mod via;

#[cfg(feature = "peers")]
mod client;
#[cfg(feature = "peers")]
mod deribit;
#[cfg(feature = "peers")]
mod peers;
#[cfg(feature = "peers")]
mod process;
#[cfg(feature = "peers")]
mod report;
#[cfg(feature = "peers")]
mod server;
#[cfg(feature = "peers")]
mod syscalls;
#[cfg(feature = "peers")]
mod who;
#[cfg(feature = "peers")]
mod work;

use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["counts"] => count::all(""),
        ["counts", wanted] => count::all(wanted),
        // What it calls itself for, under valgrind.
        ["count", name, messages] => {
            allocator::count();
            count::one(name, messages.parse()?)
        }
        #[cfg(feature = "peers")]
        ["report"] => report::all(report::Extent::Short),
        #[cfg(feature = "peers")]
        ["report", "--long"] => report::all(report::Extent::Long),
        #[cfg(feature = "peers")]
        ["server", rest @ ..] => server::run(rest),
        #[cfg(feature = "peers")]
        ["client", rest @ ..] => client::run(rest),
        #[cfg(feature = "peers")]
        ["deribit", rest @ ..] => deribit::run(rest),
        _ => Err("usage: nova-bench counts [<PART OF A NAME>] | report [--long]".into()),
    }
}

/// Runs this to its end on a runtime of one thread, which is this one.
fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(work)
}
