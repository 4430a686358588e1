//! What can be asked for on the command line.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

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
    #[command(after_long_help = AFTER_DEMO, after_help = "Endpoint and exit status: see --help.")]
    Demo(Demo),
    /// Watch a trading venue: Deribit
    #[command(subcommand)]
    Deribit(Deribit),
    /// Simulate a trading venue: Deribit
    #[command(subcommand)]
    Sim(Sim),
    /// Tell the story of a recorded client, and check it bit for bit
    #[command(after_long_help = AFTER_REPLAY, after_help = "Exit status: see --help.")]
    Replay(Replay),
    /// Hold a conversation: lines of standard input go out as text messages, messages come in as lines
    #[command(after_long_help = AFTER_CONNECT, after_help = "Exit status: see --help.")]
    Connect(Box<Connect>),
}

#[derive(Debug, Group)]
pub(crate) struct Replay {
    /// The recording, as a client's recorder wrote it
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Print the verdict alone
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Group)]
pub(crate) struct Demo {
    /// Print the summary as one line of JSON; the story goes to standard error
    #[arg(long)]
    pub(crate) json: bool,

    /// Serve /healthz, /livez, /readyz and /metrics of the client there, until the story ends
    ///
    /// IP:PORT, or a port of 127.0.0.1 alone; port 0 takes one that is free. The first line of the story is
    /// "serving" and the URL.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) metrics: Option<SocketAddr>,

    /// Let each outage last so long at the least, and wait as long before the end: 20, 20s, 500ms
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0")]
    pub(crate) hold: Duration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Deribit {
    /// Subscribe to channels, and show what comes: a live table, lines, or JSON
    #[command(after_long_help = AFTER_WATCH, after_help = "Exit status: see --help.")]
    Watch(Box<Watch>),
}

#[derive(Debug, Group)]
pub(crate) struct Watch {
    /// Names of channels, such as book.BTC-PERPETUAL.100ms or ticker.ETH-PERPETUAL.100ms
    #[arg(required = true, value_name = "CHANNEL")]
    pub(crate) channels: Vec<String>,

    #[command(flatten)]
    pub(crate) venue: Venue,

    /// Log in with the credentials in this file instead of those in the environment
    ///
    /// The file has two lines, DERIBIT_CLIENT_ID=... and DERIBIT_CLIENT_SECRET=..., and nobody but its
    /// owner may read it. Without this option the environment variables of these names are used, if both
    /// are set; without credentials there is no login, and only public channels are to be had.
    #[arg(long, value_name = "FILE", conflicts_with = "simulator")]
    pub(crate) credentials: Option<PathBuf>,

    /// Print one line of JSON for each item, each gap and each change of state
    #[arg(long)]
    pub(crate) json: bool,

    /// End by itself so long after the first connection: 90, 90s, 15m, 1h, 500ms
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) lasting: Option<Duration>,

    /// Log on standard error what happens inside; RUST_LOG chooses otherwise
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Where the venue is.
#[derive(Debug, Group)]
#[group(multiple = false)]
pub(crate) struct Venue {
    /// A simulator in this process, with an account of its own
    #[arg(long)]
    pub(crate) simulator: bool,

    /// The test network (the default)
    #[arg(long)]
    pub(crate) testnet: bool,

    /// The venue itself
    #[arg(long)]
    pub(crate) production: bool,

    /// Another place that speaks the same protocol, such as a simulator that runs already
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sim {
    /// Serve what Deribit serves, on this machine, until Ctrl-C or the end of the scenario
    #[command(after_long_help = AFTER_SIM, after_help = "Accounts and exit status: see --help.")]
    Deribit(SimDeribit),
}

#[derive(Debug, Group)]
pub(crate) struct SimDeribit {
    /// The port of 127.0.0.1 to listen on; 0 for any that is free
    #[arg(long)]
    pub(crate) port: Option<u16>,

    /// What the venue is like, as JSON; every key has a default
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// What goes wrong and when: a ready-made scenario, or a file of one
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scenario: Option<String>,

    /// Write there, as JSON lines, every frame and everything else that happens
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,

    /// Where all chance comes from: equal seeds give equal markets
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// How many times as fast as real time the venue lives
    #[arg(long, value_name = "FACTOR")]
    pub(crate) time_scale: Option<f64>,

    /// The certificate chain for TLS, as PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,

    /// The key of the certificate, as PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
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

/// Where to listen. Who gives no address means this machine alone.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.parse().map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let wrong = "neither a port nor IP:PORT, such as 127.0.0.1:9464".to_owned();
    port.or_else(|_| text.parse()).map_err(|_| wrong)
}

/// A span of time: a number with a unit, or of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[number.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        unit => return Err(format!("\"{unit}\" is no unit: write ms, s, m or h")),
    };
    let count: f64 = number.parse().map_err(|_| format!("\"{number}\" is not a number"))?;
    Duration::try_from_secs_f64(count * factor).map_err(|_| "not a span of time".to_owned())
}

const AFTER_DEMO: &str = "\
With --metrics 9464, look on from another terminal:
  curl -i http://127.0.0.1:9464/readyz    503 and the reason while the client cannot be used
  curl -i http://127.0.0.1:9464/healthz   200 as long as it comes back by itself; its condition
  curl -s http://127.0.0.1:9464/metrics   all numbers, for Prometheus
Two outages are part of the story: a link is reset, and one falls silent. They are short; --hold 20
gives twenty seconds to look at each.

Exit status:
  0    the callers, the subscribers, the metrics and the venue agree
  1    they do not, or the story could not go on
  2    the command line cannot be used, or nothing can be served at the address of --metrics";

const AFTER_WATCH: &str = "\
On a terminal a table shows for each channel how many items come a second, how old they are, how many
came, how many gaps there were and why the last one, and of books and tickers the best bid and ask.
\"Age\" is the time of this machine minus the time the venue put into the item: the way, the time the
item waited at the venue, and the difference of the two clocks. Elsewhere, one line for each channel
and second. A book is kept from its channel's items, and shows nothing until it is whole.

Ctrl-C ends in good order; a second Ctrl-C ends at once. The end tells what became of every item:
received = delivered + conflated + dropped + undecodable + queued.

Exit status:
  0    Ctrl-C or the end of --for, and every item is accounted for
  1    the venue or the network ended the conversation for good, the venue refused a channel, or nobody read
  2    the command line, a channel's name or the credentials cannot be used; nothing was sent
  3    the first connection could not be opened, or the login was refused
  130  interrupted before the first connection, or interrupted twice";

const AFTER_REPLAY: &str = "\
Each input is a line: its time in seconds since the client's start, what the client was told, what its
handlers answered, and what it made of it. Payloads, addresses and credentials were never recorded.

The recording is then lived again by a real session, whose handlers answer as recorded. The verdict says
whether everything came out as recorded, or names the first line that did not. Only a recording that
begins with the client's start can be checked; of any other the story is told.

Exit status:
  0    everything came out as recorded
  1    something did not; the first difference is named
  2    the command line is wrong, or the file cannot be read
  5    the recording lacks its beginning: it was told, and not checked";

const AFTER_SIM: &str = "\
It prints its address as the first line. Clients log in as sim-client with the secret sim-secret-0001,
or as sim-readonly with sim-secret-0002, unless --config says otherwise.

Exit status:
  0    Ctrl-C, or the end of the scenario
  1    it could not listen, or not write its journal
  2    the command line or a file it names cannot be used; the wrong part is named";

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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_address_that_is_only_a_port_is_on_this_machine() {
        let of = |text: &str| address(text).map(|address| address.to_string());
        assert_eq!(of("9464").as_deref(), Ok("127.0.0.1:9464"));
        assert_eq!(of("0.0.0.0:0").as_deref(), Ok("0.0.0.0:0"));
        assert_eq!(of("[::1]:80").as_deref(), Ok("[::1]:80"));
        assert!(
            of("localhost").is_err() && of("1.2.3.4").is_err() && of("99999").is_err() && of("").is_err()
        );
    }

    #[test]
    fn a_span_has_a_unit_or_counts_seconds() {
        let of = |text| duration(text).map_err(|error| error.to_string());
        assert_eq!((of("90"), of("1.5s")), (Ok(Duration::from_secs(90)), Ok(Duration::from_millis(1500))));
        assert_eq!((of("2m"), of("500ms")), (Ok(Duration::from_secs(120)), Ok(Duration::from_millis(500))));
        assert_eq!(of("1h"), Ok(Duration::from_secs(3600)));
        assert_eq!(of("5 days").unwrap_err(), "\"days\" is no unit: write ms, s, m or h");
        assert!(of("").is_err() && of("-1s").is_err() && of("s").is_err());
    }
}
