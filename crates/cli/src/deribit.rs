//! `nova deribit`: the channels of a venue, watched.
//!
//! [`target`] reads the wishes of the command line: which venue, which channels, and, by
//! [`credentials`], who logs in. A [`feed`] takes the items of one channel and keeps its row of the
//! [`board`]; [`output`] is how the board and the items are shown. Here is how they live together, and
//! how they end.

mod board;
mod credentials;
mod feed;
mod output;
mod target;

use std::{future::pending, io, time::Duration};

use tokio::{task::JoinHandle, time::sleep};
use websockex_nova::{
    behaviour::Policies,
    client::{Connect, Events},
    deribit::{DeribitHandlers, RawChannel},
    prelude::{Client, secs},
    session::EndCause,
    telemetry::{Event, Severity},
    transport_native::Native,
};

use self::{
    board::Board,
    feed::{Fed, Feed},
    output::{Form, Output},
    target::Target,
};
use crate::{args::Watch, exit::Exit, interrupt::interrupted, logs, told};

type Watching = Client<DeribitHandlers, Policies>;

/// Watches channels until somebody or something ends it.
pub(crate) async fn watch(wish: Watch) -> Exit {
    if wish.verbose {
        logs::init();
    }
    let target = match Target::of(&wish).await {
        Ok(target) => target,
        Err(mistake) => {
            told::error("nothing was sent", &mistake);
            return Exit::Usage;
        }
    };
    let Target { adapter, connector, channels, place, simulator: _simulator } = target;
    let (client, driver) = Connect::new(adapter, Native::new(connector)).into_parts();
    let board = Board::new(&place, &channels);
    let (output, printing) = Output::start(Form::of(&wish));
    // Before the driver runs, so that they are asked for in one message.
    let mut feeds = Vec::new();
    for (place, name) in channels.into_iter().enumerate() {
        match client.subscribe(RawChannel::new(name.to_topic())).open() {
            Ok(items) => {
                feeds.push(tokio::spawn(Feed::new(place, name, board.clone(), output.clone()).run(items)))
            }
            Err(error) => {
                told::error("nothing was sent", &error);
                return Exit::Usage;
            }
        }
    }
    let following = tokio::spawn(follow(client.events(), board.clone(), output.clone()));
    drop(tokio::spawn(driver));
    let ending = until_the_end(&client, &board, &output, &printing, wish.lasting).await;

    drop(tokio::spawn(async {
        interrupted().await;
        output::restore();
        std::process::exit(Exit::Interrupted as i32);
    }));
    let _ = client.shutdown(CLOSE_WITHIN).await;
    output.hurry(CLOSE_WITHIN);
    let mut fed = Vec::new();
    for feed in feeds {
        fed.extend(feed.await);
    }
    let was_ready = following.await.unwrap_or_default();
    output.leave().await;
    if was_ready {
        output.sum_up(&fed).await;
    }
    let unread = output.unread();
    drop(output);
    // A pipe that nobody reads must not hold up the end.
    let printed = tokio::time::timeout(CLOSE_WITHIN, printing).await;
    if unread > 0 || printed.is_err() {
        eprintln!("error: standard output is not read: {unread} lines and more are lost");
        return Exit::Failed;
    }
    match printed {
        Ok(Ok(Err(error))) if error.kind() != io::ErrorKind::BrokenPipe => {
            told::error("standard output cannot be written to", &error);
            Exit::Failed
        }
        _ => ending.exit(was_ready, &place, &fed),
    }
}

/// Why it ended.
enum Ending {
    /// Ctrl-C or a request to terminate.
    Interrupted,
    /// The end of `--for`.
    Elapsed,
    /// Standard output is not read any more.
    Output,
    /// The client has ended by itself.
    Closed(EndCause),
    /// The venue refused every channel.
    Refused,
}

impl Ending {
    fn exit(self, was_ready: bool, place: &str, fed: &[Fed]) -> Exit {
        match self {
            Self::Interrupted if !was_ready => Exit::Interrupted,
            Self::Closed(cause) => {
                told::end(&format!("the conversation with {place} has ended"), &cause);
                if was_ready { Exit::Failed } else { Exit::NotConnected }
            }
            _ if fed.iter().all(|fed| fed.refusal.is_none() && fed.adds_up()) => Exit::Clean,
            _ => {
                for fed in fed {
                    if let Some(refusal) = &fed.refusal {
                        told::error(&format!("the venue refused {}", fed.channel), refusal);
                    }
                    if !fed.adds_up() {
                        eprintln!("error: {}: the counts do not add up", fed.channel);
                    }
                }
                Exit::Failed
            }
        }
    }
}

async fn until_the_end(
    client: &Watching,
    board: &Board,
    output: &Output,
    printing: &JoinHandle<io::Result<()>>,
    lasting: Option<Duration>,
) -> Ending {
    let elapsed = async {
        match lasting {
            Some(span) if client.ready().await.is_ok() => sleep(span).await,
            _ => pending().await,
        }
    };
    let shown = async {
        loop {
            if printing.is_finished() {
                return Ending::Output;
            }
            if board.is_all_refused() {
                return Ending::Refused;
            }
            output.show(board, &client.health());
            sleep(output.pace()).await;
        }
    };
    tokio::select! {
        biased;
        () = interrupted() => Ending::Interrupted,
        cause = client.closed() => Ending::Closed(cause),
        () = elapsed => Ending::Elapsed,
        ending = shown => ending,
    }
}

/// Tells of events until the client is closed. Returns whether it ever was ready.
async fn follow(mut events: Events, board: Board, output: Output) -> bool {
    let mut was_ready = false;
    while let Some(record) = events.next().await {
        let event = &record.event;
        match event {
            // Its causes are told at length.
            Event::ConnectFailed { .. } | Event::LoginRefused { .. } if !was_ready => continue,
            Event::Ready { .. } => was_ready = true,
            Event::Lost { .. } | Event::Connecting { .. } | Event::LoggedIn { .. } => {}
            Event::ReconnectScheduled { .. } | Event::Closing | Event::Closed => {}
            // Each gap is told by itself.
            Event::GapsOpened { .. } => continue,
            _ if event.severity() >= Severity::Warn => {}
            _ => continue,
        }
        let text = told::plain(&event.to_string());
        board.happened(&text);
        output.event(event.name(), &text).await;
    }
    was_ready
}

/// How long closing may take.
const CLOSE_WITHIN: Duration = secs(2);
