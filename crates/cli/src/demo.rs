//! `nova demo`: clients, servers and a network that breaks, all in this process and over real sockets
//! of the loopback interface.
//!
//! The first chapter is about calls. [`world`] is what the client meets, [`play`] what happens to it,
//! [`story`] how that is told. [`ledger`] keeps what became of each call; [`audit`] holds it against
//! what the server saw and what the client's metrics say, and [`summary`] prints the result. The
//! second chapter, [`streams`], is about subscriptions.
//!
//! Nothing here sleeps to let things settle: each scene waits for the state or event it needs.

mod audit;
mod ledger;
mod play;
mod story;
mod streams;
mod summary;
mod world;

use std::{error::Error, time::Duration};

use websockex_nova::{
    connect::{Connector, Deadlines, ProxyChoice},
    prelude::secs,
};

use crate::{args::Demo, exit::Exit, told};

/// Plays, audits, and says what came of it.
pub(crate) async fn run(wish: &Demo) -> Exit {
    let story = story::Story::begin(wish.json);
    let (played, streamed) = match tokio::time::timeout(LONGEST, chapters(&story)).await {
        Ok(Ok(chapters)) => chapters,
        Ok(Err(error)) => {
            told::error("the demonstration could not go on", &*error);
            return Exit::Failed;
        }
        Err(_) => {
            eprintln!("error: the demonstration took longer than {LONGEST:?}");
            return Exit::Failed;
        }
    };
    let mut differences = audit::differences(&played);
    differences.extend(streams::differences(&streamed));
    summary::print(&played, &streamed, &differences, wish.json);
    if differences.is_empty() { Exit::Clean } else { Exit::Failed }
}

async fn chapters(story: &story::Story) -> Result<(play::Played, streams::Streamed), Box<dyn Error>> {
    let played = play::play(story).await?;
    let streamed = streams::play(&story.next_chapter()).await?;
    Ok((played, streamed))
}

/// Reaching for the environment's proxy would leave this machine.
fn loopback() -> Connector {
    Connector::new().with_proxy(ProxyChoice::Direct).with_deadlines(Deadlines::all(secs(5)))
}

/// It takes about six seconds; a machine may be slow.
const LONGEST: Duration = Duration::from_secs(15);
