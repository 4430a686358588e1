//! A venue with a hand on its clock, and clients that say what they are told.

use nova_deribit_simulator::{Config, Ending, Fault, FaultPlan, Frame, FrameKind, Output, Reception, Venue};
use serde_json::{Value, json};

pub(crate) struct Rig {
    pub(crate) venue: Venue,
    pub(crate) now: u64,
    last_id: u64,
}

/// What came on a connection.
#[derive(Clone, Debug)]
pub(crate) enum Came {
    Text(Value),
    /// Text that is no JSON.
    Broken(Vec<u8>),
    Binary(Vec<u8>),
    Fragments(Vec<u8>, usize, bool),
    Ping,
    Pong(Vec<u8>),
    Close(u16, String),
    Cut(Ending),
}

pub(crate) const START: u64 = 1_767_225_600_000_000;
pub(crate) const BOOK: &str = "book.BTC-PERPETUAL.100ms";

impl Rig {
    pub(crate) fn new(config: Config) -> Self {
        Self { venue: Venue::new(config.with_manual_clock(), START), now: START, last_id: 0 }
    }

    pub(crate) fn plain() -> Self {
        Self::new(Config::default())
    }

    /// A venue whose market hardly moves, for what takes long.
    pub(crate) fn still() -> Self {
        Self::with(|_| {}).slowed()
    }

    pub(crate) fn slowed(self) -> Self {
        let mut config = self.venue.config().clone();
        config.market.rates.scale = 0.01;
        Self::new(config)
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        Self::new(config)
    }

    pub(crate) fn advance(&mut self, seconds: f64) {
        self.now += (seconds * 1e6).round() as u64;
        self.venue.handle_timeout(self.now);
    }

    /// Advances in small steps, taking what comes in each; a client that reads, in short.
    pub(crate) fn watch(&mut self, conn: u64, seconds: f64) -> Vec<(u64, Came)> {
        let end = self.now + (seconds * 1e6).round() as u64;
        let mut came = Vec::new();
        loop {
            let next = self.venue.poll_timeout().min(end);
            self.now = self.now.max(next);
            self.venue.handle_timeout(self.now);
            came.extend(self.take(conn).into_iter().map(|one| (self.now, one)));
            if next == end {
                return came;
            }
        }
    }

    pub(crate) fn connect(&mut self) -> u64 {
        let conn = self.attempt();
        assert_eq!(self.venue.reception(conn), Reception::Accept);
        conn
    }

    pub(crate) fn attempt(&mut self) -> u64 {
        self.venue.handle_attempt(self.now, "127.0.0.1")
    }

    pub(crate) fn say(&mut self, conn: u64, text: impl AsRef<[u8]>) {
        self.hear(conn, FrameKind::Text, text.as_ref());
    }

    pub(crate) fn hear(&mut self, conn: u64, kind: FrameKind, payload: &[u8]) {
        let frame = Frame { kind, payload: payload.to_vec().into() };
        self.venue.handle_frame(self.now, conn, frame);
    }

    /// Sends a request and gives its number.
    pub(crate) fn request(&mut self, conn: u64, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params});
        self.say(conn, request.to_string());
        self.last_id
    }

    /// Sends a request and gives the reply, which must come at once. What else came is dropped.
    pub(crate) fn call(&mut self, conn: u64, method: &str, params: Value) -> Value {
        let id = self.request(conn, method, params);
        let came = self.take(conn);
        let reply = came.iter().find_map(|one| one.text().filter(|text| text["id"] == id));
        reply.unwrap_or_else(|| panic!("no reply to {method}: {came:?}")).clone()
    }

    pub(crate) fn result(&mut self, conn: u64, method: &str, params: Value) -> Value {
        let reply = self.call(conn, method, params);
        assert!(reply.get("error").is_none(), "{method}: {reply}");
        reply["result"].clone()
    }

    /// Code and reason of the error a call is refused with.
    pub(crate) fn refused(&mut self, conn: u64, method: &str, params: Value) -> (i64, String) {
        error(&self.call(conn, method, params))
    }

    pub(crate) fn login(&mut self, conn: u64) -> Value {
        self.result(conn, "public/auth", credentials())
    }

    pub(crate) fn subscribe(&mut self, conn: u64, channels: &[&str]) -> Value {
        self.result(conn, "public/subscribe", json!({ "channels": channels }))
    }

    /// All that waits to be sent on a connection.
    pub(crate) fn take(&mut self, conn: u64) -> Vec<Came> {
        let mut came = Vec::new();
        while let Some(output) = self.venue.poll_output(conn) {
            came.push(Came::from(output));
        }
        came
    }

    /// The data of notifications of a channel among what comes in this time.
    pub(crate) fn data(&mut self, conn: u64, channel: &str, seconds: f64) -> Vec<Value> {
        let came = self.watch(conn, seconds);
        let texts = came.into_iter().filter_map(|(_, one)| one.into_text());
        texts
            .filter(|text| text["params"]["channel"] == channel)
            .map(|text| text["params"]["data"].clone())
            .collect()
    }

    /// A connection that subscribed the book and has its snapshot.
    pub(crate) fn with_book(&mut self) -> u64 {
        let conn = self.connect();
        self.subscribe(conn, &[BOOK]);
        assert_eq!(self.data(conn, BOOK, 0.7).first().expect("a snapshot")["type"], "snapshot");
        conn
    }

    pub(crate) fn fault(&mut self, plan: impl Into<FaultPlan>) -> u64 {
        self.venue.set_fault(self.now, plan)
    }

    pub(crate) fn clear(&mut self, fault: u64) {
        self.venue.clear_fault(self.now, fault);
    }

    pub(crate) fn drop_tcp(&mut self, conn: u64) {
        self.fault(Fault::DropTcp { how: Ending::Rst }.on_connection(conn));
        self.venue.handle_gone(self.now, conn);
    }
}

pub(crate) fn credentials() -> Value {
    json!({"grant_type": "client_credentials", "client_id": "sim-client", "client_secret": "sim-secret-0001"})
}

pub(crate) fn error(reply: &Value) -> (i64, String) {
    let error = &reply["error"];
    let code = error["code"].as_i64().unwrap_or_else(|| panic!("no error: {reply}"));
    (code, error["data"]["reason"].as_str().unwrap_or_default().to_owned())
}

impl Came {
    pub(crate) fn text(&self) -> Option<&Value> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn into_text(self) -> Option<Value> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_test_request(&self) -> bool {
        self.text().is_some_and(|text| text["params"]["type"] == "test_request")
    }

    pub(crate) fn is_heartbeat(&self) -> bool {
        self.text().is_some_and(|text| text["params"]["type"] == "heartbeat")
    }
}

impl From<Output> for Came {
    fn from(output: Output) -> Self {
        match output {
            Output::Frame(frame) => match frame.kind {
                FrameKind::Text => match serde_json::from_slice(&frame.payload) {
                    Ok(text) => Self::Text(text),
                    Err(_) => Self::Broken(frame.payload.to_vec()),
                },
                FrameKind::Binary => Self::Binary(frame.payload.to_vec()),
                FrameKind::Ping => Self::Ping,
                FrameKind::Pong => Self::Pong(frame.payload.to_vec()),
                FrameKind::Close => {
                    let (code, reason) = frame.close().expect("a close frame");
                    Self::Close(code, reason.to_owned())
                }
            },
            Output::Fragments { frame, pieces, control_between } => {
                Self::Fragments(frame.payload.to_vec(), pieces, control_between)
            }
            Output::Cut(ending) => Self::Cut(ending),
            _ => panic!("an output nobody knows"),
        }
    }
}
