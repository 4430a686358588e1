//! `nova demo`: a client, a server and a network that breaks, all in this process and over real
//! sockets of the loopback interface.
//!
//! [`world`] is what the client meets, [`play`] what happens to it, [`story`] how that is told.
//! [`ledger`] keeps what became of each call; [`audit`] holds it against what the server saw and
//! what the client's metrics say, and [`summary`] prints the result.
//!
//! Nothing here sleeps to let things settle: each scene waits for the state or event it needs.

mod audit;
mod ledger;
mod play;
mod story;
mod summary;
mod world;

use std::time::Duration;

use crate::{args::Demo, exit::Exit, told};

/// Plays, audits, and says what came of it.
pub(crate) async fn run(wish: &Demo) -> Exit {
    let story = story::Story::begin(wish.json);
    let played = match tokio::time::timeout(LONGEST, play::play(&story)).await {
        Ok(Ok(played)) => played,
        Ok(Err(error)) => {
            told::error("the demonstration could not go on", &*error);
            return Exit::Failed;
        }
        Err(_) => {
            eprintln!("error: the demonstration took longer than {LONGEST:?}");
            return Exit::Failed;
        }
    };
    let differences = audit::differences(&played);
    summary::print(&played, &differences, wish.json);
    if differences.is_empty() { Exit::Clean } else { Exit::Failed }
}

/// It takes about five seconds; a machine may be slow.
const LONGEST: Duration = Duration::from_secs(15);
