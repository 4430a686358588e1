//! `nova demo`: the Deribit simulator, and a client of it, in one process and over real sockets of the
//! loopback interface.
//!
//! [`venue`] is the simulator and what is done to it, [`play`] what happens scene by scene, [`story`] how
//! that is told. [`taker`] takes the items of a subscription and remembers them; [`ledger`] remembers what
//! became of each request. [`lookout`] lets others look on. [`record`] reads the simulator's journal, [`audit`] holds everything against
//! it, and [`summary`] prints the result.
//!
//! Nothing here sleeps to let things settle, only where a spectator wishes for it: each scene waits for the state or event it needs. The
//! market's clock stands still unless a scene moves it, so that every run has the same items.

mod audit;
mod ledger;
mod lookout;
mod play;
mod record;
mod story;
mod summary;
mod taker;
mod venue;

use std::time::Duration;

use crate::{args::Demo, exit::Exit, told};

/// Plays, audits, and says what came of it.
pub(crate) async fn run(wish: &Demo) -> Exit {
    let story = story::Story::begin(wish.json);
    let lookout = match lookout::Lookout::open(wish.metrics, wish.hold, &story).await {
        Ok(lookout) => lookout,
        Err(error) => {
            let addr = wish.metrics.map_or_else(String::new, |addr| format!(" at {addr}"));
            told::error(&format!("nothing can be served{addr}"), &error);
            return Exit::Usage;
        }
    };
    let longest = LONGEST.saturating_add(wish.hold.saturating_mul(HOLDS));
    let played = match tokio::time::timeout(longest, play::play(&story, lookout)).await {
        Ok(Ok(played)) => played,
        Ok(Err(error)) => {
            told::error("the demonstration could not go on", &*error);
            return Exit::Failed;
        }
        Err(_) => {
            eprintln!("error: the demonstration took longer than {longest:?}");
            return Exit::Failed;
        }
    };
    let audit = audit::Audit::of(&played);
    summary::print(&played, &audit, wish.json);
    if audit.differences.is_empty() { Exit::Clean } else { Exit::Failed }
}

/// How often it is held: in two outages, and before the end.
const HOLDS: u32 = 3;

/// It takes about eight seconds; a machine may be slow.
const LONGEST: Duration = Duration::from_secs(28);
