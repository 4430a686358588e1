//! What can be asked for on the command line.

use std::time::Duration;

use clap::{Args as Group, Parser, Subcommand};

/// Talk to a WebSocket endpoint, or watch a demonstration.
#[derive(Debug, Parser)]
#[command(name = "nova", version, arg_required_else_help = true)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show, in a few seconds and on this machine only, what a client of Deribit survives
    Demo(Demo),
    /// Hold a conversation: lines of standard input go out as text messages, messages come in as lines
    #[command(after_long_help = AFTER_CONNECT, after_help = "Exit status: see --help.")]
    Connect(Box<Connect>),
}

#[derive(Debug, Group)]
pub(crate) struct Demo {
    /// Print the summary as one line of JSON; the story goes to standard error
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct Connect {
    /// Where to connect to: ws://host:port/path or wss://..., the port being optional
    pub(crate) url: String,

    /// Send this header with the opening handshake; may be given several times
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,

    /// Offer this subprotocol, the most preferred first; may be given several times
    #[arg(long = "subprotocol", value_name = "NAME")]
    pub(crate) subprotocols: Vec<String>,

    /// Go through this proxy: http://, socks5:// or socks5h://, with user:password@ if it wants them
    ///
    /// Without this option the environment decides (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY).
    /// A proxy that fails is an error; there is never a direct connection instead.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,

    /// Accept any certificate, from anyone. For experiments on your own machine only
    #[arg(long)]
    pub(crate) insecure: bool,

    /// End when the link is lost, instead of connecting again
    #[arg(long)]
    pub(crate) no_reconnect: bool,

    /// Seconds between pings that find out whether the peer still lives; 0 for none
    #[arg(long, value_name = "SECS", default_value = "15", value_parser = seconds)]
    pub(crate) ping_every: Duration,

    /// Seconds to go on receiving after the end of input, for answers that are still to come
    #[arg(long, value_name = "SECS", default_value = "1", value_parser = seconds)]
    pub(crate) linger: Duration,

    /// Say nothing on standard error but warnings, errors, and lines that were not delivered
    #[arg(long, short, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Log on standard error what happens inside; RUST_LOG chooses otherwise
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a span of time".to_owned())
}

const AFTER_CONNECT: &str = "\
Input: each line of standard input becomes one text message, without its line end. Lines go out in
order, one at a time; while there is no link they wait for the next one. A line that is longer than
16 MiB or is not UTF-8 is not sent. What was not sent, or whose fate is unknown, is told on standard
error with its line number.

Output: a text message is printed as it is, followed by a line end. A binary message is printed as
0x and its bytes in hexadecimal. If standard output is not read for longer than 4 s while more than
4096 messages or 16 MiB wait, the oldest are dropped, and standard error says how many.

The first connection is tried once. Links that are lost later are replaced by themselves, with
growing pauses of up to a minute, unless the reason is one that trying again cannot help.

Ctrl-C closes with the closing handshake; a second Ctrl-C ends at once.

Exit status:
  0    the end of input, Ctrl-C, or with --no-reconnect the peer's normal closure (1000)
  1    the peer or the network ended the conversation for good
  2    the command line is wrong; for a URL the wrong part is named
  3    the first connection could not be opened, or was closed at once
  4    the end was in order, but lines were not sent or their fate is unknown
  130  interrupted before the first connection, or interrupted twice";
