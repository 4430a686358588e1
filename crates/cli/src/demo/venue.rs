//! What the client meets: the simulator, with a clock that stands still unless it is moved.

use std::{fmt, time::Duration};

use nova_deribit_simulator::{
    Account, Config, Control, Ending, Fault, FaultId, Journal, Refusal, Simulator, StartError, WaitedInVain,
    market::{BookView, Interval},
    trading::AccountId,
};
use serde_json::{Value, json};

pub(super) struct DemoVenue {
    simulator: Simulator,
    control: Control,
}

/// What the venue holds of a link on which the client is ready.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Holding {
    /// The venue's number of the connection.
    pub(super) connection: u64,
    /// Whether it is logged in.
    pub(super) is_logged_in: bool,
    /// How often it asked for a heartbeat.
    pub(super) heartbeats: usize,
    /// The channels it subscribed, sorted.
    pub(super) channels: Vec<String>,
}

impl DemoVenue {
    pub(super) async fn begin() -> Result<Self, StartError> {
        let mut config = Config::default().with_manual_clock();
        config.accounts = vec![Account::new(CLIENT_ID, SECRET, ACCOUNT.0)];
        // Otherwise first messages would wait for a clock that stands still.
        config.snapshot_spread_s = 0.0;
        let simulator = Simulator::start(config).await?;
        let control = simulator.control();
        Ok(Self { simulator, control })
    }

    pub(super) fn url(&self) -> String {
        self.simulator.url()
    }

    /// Lets the market live for this long.
    pub(super) fn live(&self, span: Duration) {
        self.control.advance(span);
    }

    /// Publishes so many announcements.
    pub(super) fn announce(&self, count: u64) {
        for id in 1..=count {
            let news = json!({"action": "new", "id": id, "title": format!("News {id}"), "body": "",
                "publication_timestamp": 1_767_225_600_000_u64, "important": false});
            self.control.notify(None, "announcements", news);
        }
    }

    /// The next request of this method is carried out and not answered.
    pub(super) fn lose_reply(&self, method: &str) {
        self.control.set_fault(Fault::LoseReply { method: Some(method.to_owned()) });
    }

    /// The token ends without a word.
    pub(super) fn expire_token(&self) {
        self.control.set_fault(Fault::ExpireToken {});
    }

    /// Tokens that are granted from now on live for so many seconds.
    pub(super) fn shorten_tokens(&self, seconds: u32) -> FaultId {
        self.control.set_fault(Fault::ShortTokens { seconds: f64::from(seconds) })
    }

    /// The next message of a book's channel, and those after it up to this number, are left out.
    pub(super) fn skip(&self, channel: &str, n: u32) {
        self.control.set_fault(Fault::Gap { n }.on_channel(channel));
    }

    /// Everything that is still to be sent on the present connection waits at the venue.
    pub(super) fn congest(&self) {
        self.control.set_fault(Fault::ThrottleSocket { bytes_per_second: 1 }.on_connection(self.newest()));
    }

    /// The present connection is reset.
    pub(super) fn reset(&self) {
        self.control.set_fault(Fault::DropTcp { how: Ending::Rst }.on_connection(self.newest()));
    }

    /// The present connection stays open, and carries nothing.
    pub(super) fn fall_silent(&self) {
        self.control.set_fault(Fault::HalfOpen { duration_s: None }.on_connection(self.newest()));
    }

    /// Nobody is let in. A status of 503 would tell of maintenance, for which a client rightly waits long.
    pub(super) fn shut_the_door(&self) -> FaultId {
        self.control.set_fault(Fault::RefuseHandshake { how: Refusal::TcpReset, count: None })
    }

    /// Ends a fault.
    pub(super) fn end(&self, fault: FaultId) {
        self.control.clear_fault(fault);
    }

    /// Waits until so many requests of this method have come.
    pub(super) async fn has_got(&self, method: &str, requests: usize) -> Result<(), WaitedInVain> {
        self.control.wait_until(|journal| journal.requests(method) >= requests).await
    }

    pub(super) fn requests(&self, method: &str) -> usize {
        self.control.journal(|journal| journal.requests(method))
    }

    /// What it holds of the newest connection.
    pub(super) fn holding(&self) -> Holding {
        let connection = self.newest();
        self.control.look(|venue| {
            let mut channels = venue.subscriptions(connection);
            channels.sort_unstable();
            let asked = venue.journal().of(connection).filter_map(|entry| entry.method());
            Holding {
                connection,
                is_logged_in: venue.state(connection) == Some("auth"),
                heartbeats: asked.filter(|method| method == "public/set_heartbeat").count(),
                channels,
            }
        })
    }

    /// The book as it really is.
    pub(super) fn book(&self, instrument: &str) -> Option<BookView> {
        self.control.market(|market| {
            let id = market.universe().find(instrument)?;
            market.emitted_book(id, Interval::Ms100)
        })
    }

    /// The ids of the orders that are really open, sorted.
    pub(super) fn open_orders(&self) -> Vec<String> {
        let orders = self.control.look(|venue| venue.trading().open_orders(ACCOUNT, venue.market()));
        let id = |order: &String| {
            let order: Value = serde_json::from_str(order).ok()?;
            Some(order["order_id"].as_str()?.to_owned())
        };
        let mut ids: Vec<_> = orders.iter().filter_map(id).collect();
        ids.sort_unstable();
        ids
    }

    /// Reads the journal.
    pub(super) fn journal<T>(&self, read: impl FnOnce(&Journal) -> T) -> T {
        self.control.journal(read)
    }

    fn newest(&self) -> u64 {
        self.control.connections().last().copied().unwrap_or_default()
    }
}

impl Holding {
    /// Whether everything is there that was asked for, once.
    pub(super) fn is_whole(&self, channels: &[&str]) -> bool {
        self.is_logged_in && self.heartbeats == 1 && self.channels == channels
    }
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connection, is_logged_in, heartbeats, channels } = self;
        let login = if *is_logged_in { "logged in" } else { "not logged in" };
        write!(f, "the venue holds: connection {connection}, {login}, ")?;
        match heartbeats {
            0 => f.write_str("no heartbeat")?,
            1 => f.write_str("heartbeat asked for")?,
            times => write!(f, "heartbeat asked for {times} times")?,
        }
        write!(f, ", {} channels", channels.len())
    }
}

pub(super) const CLIENT_ID: &str = "nova-demo";

/// Of an account that exists in this process only.
pub(super) const SECRET: &str = "nova-demo-secret-4711";

const ACCOUNT: AccountId = AccountId(4711);
