//! `nova connect`: a conversation over standard input and output.
//!
//! [`target`] reads the wishes of the command line, [`input`] the lines of standard input;
//! [`sending`] sends them, [`output`] prints what comes, [`status`] tells of links. Here is how they
//! live together, and how the conversation ends.

mod input;
mod output;
mod sending;
mod status;
mod target;

use std::{future::Future, io, time::Duration};

use websockex_nova::{
    behaviour::{KeepAlive, LocalTopics, Quiet, RawMessages, RetryTransient},
    client::{Connect as Connecting, Driver},
    frame_codec::CloseCode,
    prelude::{Client, Handlers, Policies, secs, speaking},
    reconnect::{Jittered, Retries},
    session::EndCause,
    transport::{Endpoint, LostReason},
    transport_native::Native,
};

use self::{
    sending::{LastHanded, Tally},
    status::Status,
    target::Target,
};
use crate::{args::Connect, exit::Exit, interrupt::interrupted, told};

/// A conversation without a protocol.
type Talk = Client<Handlers<RawMessages, Quiet, RetryTransient, LocalTopics>, Policies<Jittered>>;

/// Holds the conversation.
pub(crate) async fn run(wish: Connect) -> Exit {
    let status = Status::of(wish.quiet, wish.verbose);
    status.init();
    let Target { endpoint, connector } = match Target::of(&wish) {
        Ok(target) => target,
        Err(mistake) => {
            told::error("the command line cannot be understood", &mistake);
            return Exit::Usage;
        }
    };
    if connector.is_insecure() {
        eprintln!(
            "WARNING: --insecure: every certificate is accepted. Whoever sits on the way can read and change everything."
        );
    }
    let (client, driver) = prepare(&wish, endpoint.clone(), Native::new(connector));
    let last = LastHanded::default();
    let following = tokio::spawn(status.follow(client.events(), last.clone()));
    status.tell(&format!("connecting to {endpoint}"));
    let receiving = output::receive(client.clone()).await;
    drop(tokio::spawn(driver));
    let (ending, tally) = converse(&client, receiving, last, wish.linger).await;

    let was_ready = following.await.unwrap_or_default();
    match (ending, was_ready) {
        (Ending::Interrupted, false) => Exit::Interrupted,
        (Ending::Closed(cause), false) => {
            told::end(&format!("could not connect to {endpoint}"), &cause);
            Exit::NotConnected
        }
        (ending, _) => {
            status.tell(&format!("closed; lines: {tally}"));
            if !client.shutdown_report().is_clean {
                status.tell("the peer took no part in the closing handshake");
            }
            ending.exit(&tally, wish.no_reconnect)
        }
    }
}

fn prepare(wish: &Connect, endpoint: Endpoint, transport: Native) -> (Talk, Driver) {
    let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
    let retries = if wish.no_reconnect { Retries::Limited(0) } else { Retries::Unlimited };
    Connecting::new(speaking(endpoint, handlers), transport)
        .with_policies(Policies::default().with_reconnect(Jittered::default().with_retries(retries)))
        .with_settings(|settings| match wish.ping_every {
            Duration::ZERO => settings.keep_alive = KeepAlive::OFF,
            every => settings.keep_alive.every = every,
        })
        .into_parts()
}

/// Why a conversation ended.
enum Ending {
    /// The end of input.
    Input,
    /// Ctrl-C or a request to terminate.
    Interrupted,
    /// Standard output cannot be written to.
    Output(io::Error),
    /// The client has ended by itself.
    Closed(EndCause),
}

/// Sends and prints, and closes in good order.
async fn converse(
    client: &Talk,
    receiving: impl Future<Output = io::Result<()>> + Send + 'static,
    last: LastHanded,
    linger: Duration,
) -> (Ending, Tally) {
    let mut receiving = tokio::spawn(receiving);
    let mut sending = tokio::spawn(sending::send(client.clone(), last));
    let mut sent = None;
    let mut is_printed = false;
    let ending = tokio::select! {
        biased;
        () = interrupted() => Ending::Interrupted,
        cause = client.closed() => Ending::Closed(cause),
        printed = &mut receiving => {
            is_printed = true;
            match printed {
                Ok(Err(error)) => Ending::Output(error),
                _ => Ending::Closed(client.closed().await),
            }
        }
        () = async {
            sent = Some((&mut sending).await);
            tokio::time::sleep(linger).await;
        } => Ending::Input,
    };
    drop(tokio::spawn(async {
        interrupted().await;
        std::process::exit(Exit::Interrupted as i32);
    }));
    // What it leaves behind is told line by line, by the sender.
    let _ = client.shutdown(CLOSE_WITHIN).await;
    let tally = match sent {
        Some(sent) => sent,
        None => sending.await,
    };
    if !is_printed {
        // Standard output that cannot be written to at this point takes nothing from anybody.
        let _ = receiving.await;
    }
    (ending, tally.unwrap_or_default())
}

impl Ending {
    fn exit(self, tally: &Tally, no_reconnect: bool) -> Exit {
        let in_order = if tally.is_complete() { Exit::Clean } else { Exit::Undelivered };
        match self {
            Self::Input | Self::Interrupted => in_order,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => in_order,
            Self::Output(error) => {
                told::error("standard output cannot be written to", &error);
                Exit::Failed
            }
            Self::Closed(cause) if no_reconnect && is_normal(&cause) => in_order,
            Self::Closed(cause) => {
                told::end("the conversation has ended", &cause);
                Exit::Failed
            }
        }
    }
}

/// Whether the peer said that its purpose is fulfilled.
fn is_normal(cause: &EndCause) -> bool {
    match cause {
        EndCause::Failed(LostReason::ClosedByPeer(Some(frame)))
        | EndCause::Exhausted { last: LostReason::ClosedByPeer(Some(frame)), .. } => {
            frame.code() == CloseCode::NORMAL
        }
        _ => false,
    }
}

/// How long closing may take.
const CLOSE_WITHIN: Duration = secs(2);
