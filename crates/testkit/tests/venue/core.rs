//! The core, which needs neither clock nor socket.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nova_testkit::venue::{Answering, Core, Credits, Logins, Op, Output, Reception, Rules, signature};
use serde_json::{Value, json};

const WALL_MS: u64 = 1_700_000_000_000;

/// A venue with one open connection, and the time that is told to it.
struct Desk {
    core: Core,
    now: Instant,
    ids: u64,
}

impl Desk {
    fn new(rules: Rules) -> Self {
        let (now, wall) = (Instant::now(), UNIX_EPOCH + Duration::from_millis(WALL_MS));
        let mut core = Core::new(rules, now, wall);
        core.handle_connected(now, 1, Reception::Accept);
        Self { core, now, ids: 0 }
    }

    /// Asks, and hands out all that is said at once.
    fn ask(&mut self, mut request: Value) -> Vec<Value> {
        self.ids += 1;
        request["id"] = self.ids.into();
        self.core.handle_text(self.now, 1, &request.to_string());
        self.said()
    }

    fn ask_one(&mut self, request: Value) -> Value {
        let mut said = self.ask(request);
        assert_eq!(said.len(), 1, "{said:?}");
        said.remove(0)
    }

    fn log_in(&mut self) -> Value {
        self.ids += 1;
        let nonce = self.ids;
        let sign = signature(Rules::ALICES_SECRET, WALL_MS, nonce);
        self.ask_one(json!({"op":"login","key":"alice","time":WALL_MS,"nonce":nonce.to_string(),"sign":sign}))
    }

    fn said(&mut self) -> Vec<Value> {
        let outputs = std::iter::from_fn(|| self.core.poll_output(1));
        let text = |output| match output {
            Output::Text(text) => serde_json::from_str(&text).expect("the venue speaks JSON"),
            other => json!(format!("{other:?}")),
        };
        outputs.map(text).collect()
    }

    /// Lets time pass, step by step.
    fn pass(&mut self, span: Duration) -> Vec<Value> {
        let end = self.now + span;
        while let Some(at) = self.core.poll_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.core.handle_timeout(self.now);
        }
        self.now = end;
        self.said()
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_login_needs_the_right_key_clock_signature_and_a_fresh_nonce() {
    let mut desk = Desk::new(Rules::generous());
    let nonce = 5;
    let sign = signature(Rules::ALICES_SECRET, WALL_MS, nonce);
    let right = json!({"op":"login","key":"alice","time":WALL_MS,"nonce":"5","sign":sign});
    let wrong = [
        ("key", json!("bob"), "unknown key"),
        ("time", json!(WALL_MS - 61_000), "your clock is wrong"),
        ("sign", json!("0"), "wrong signature"),
        ("nonce", json!("6"), "wrong signature"),
    ];
    for (field, value, why) in wrong {
        let mut request = right.clone();
        request[field] = value;
        assert_eq!(desk.ask_one(request)["error"], json!({"code":403,"message":why}));
    }
    assert_eq!(desk.ask_one(right.clone())["ok"]["expires"], 3600);
    assert_eq!(desk.ask_one(right)["error"]["message"], "this nonce was used before");
    assert_eq!(desk.core.seat(1).unwrap().key(), Some("alice"));
}

#[test]
fn what_is_private_needs_a_login_and_is_lost_with_it() {
    let mut desk = Desk::new(Rules::generous().with(|rules| rules.login_life = Duration::from_secs(2)));
    let order =
        |name: &str| json!({"op":"order","client_id":name,"instrument":"BTC","side":"buy","quantity":1.0});
    assert_eq!(desk.ask_one(order("a"))["error"]["code"], 401);
    let fills = json!({"op":"subscribe","topics":["fills"]});
    assert_eq!(desk.ask_one(fills.clone())["ok"]["refused"][0]["code"], 401);
    desk.log_in();
    assert_eq!(desk.ask_one(fills)["ok"]["on"], json!(["fills"]));
    let said = desk.ask(order("a"));
    assert_eq!((&said[0]["topic"], &said[0]["data"]["client_id"]), (&json!("fills"), &json!("a")));
    assert_eq!(said[1]["ok"]["order"], 1);
    assert_eq!(desk.ask_one(order("a"))["error"]["code"], 409);
    assert_eq!(desk.core.orders()["a"].seen, 2);
    assert_eq!(desk.pass(Duration::from_secs(2)), [json!({"op":"expired"})]);
    assert_eq!(desk.ask_one(order("b"))["error"]["code"], 401);
    assert_eq!(desk.core.complaints().len(), 4, "{:?}", desk.core.complaints());
}

#[test]
fn an_answer_names_what_is_on_and_what_is_refused() {
    let mut desk = Desk::new(Rules::generous().with(|rules| {
        rules.refused_topics.insert("prices.BAD".into());
        rules.unnamed_topics.insert("prices.MUTE".into());
    }));
    let reply =
        desk.ask_one(json!({"op":"subscribe","topics":["prices.BTC","prices.BAD","prices.MUTE","x"]}));
    assert_eq!(reply["ok"]["on"], json!(["prices.BTC"]));
    let refused = reply["ok"]["refused"].as_array().unwrap();
    assert_eq!(refused.iter().map(|no| &no["topic"]).collect::<Vec<_>>(), ["prices.BAD", "x"]);
    let eleven: Vec<_> = (0..11).map(|n| format!("prices.{n}")).collect();
    assert_eq!(desk.ask_one(json!({"op":"subscribe","topics":eleven}))["error"]["code"], 400);
    assert_eq!(
        desk.ask_one(json!({"op":"unsubscribe","topics":["prices.BTC"]}))["ok"]["off"],
        json!(["prices.BTC"])
    );
    assert_eq!(desk.core.seat(1).unwrap().topics().len(), 1);
}

#[test]
fn credits_run_out_and_return() {
    let mut desk = Desk::new(Rules::default());
    for _ in 0..10 {
        assert_eq!(desk.ask_one(json!({"op":"time"}))["ok"]["time"], WALL_MS);
    }
    assert_eq!(desk.ask_one(json!({"op":"time"}))["error"]["code"], 429);
    assert!(desk.pass(millis(304)).is_empty());
    assert!(desk.ask_one(json!({"op":"time"}))["ok"].is_object());
    assert_eq!(desk.core.rate_errors(), 1);
}

#[test]
fn who_does_not_answer_alive_is_closed() {
    let mut desk = Desk::new(Rules::generous().with(|rules| rules.alive_patience = millis(50)));
    desk.ask_one(json!({"op":"set","heartbeat":100}));
    assert!(desk.pass(millis(99)).is_empty());
    assert_eq!(desk.pass(millis(1)), [json!({"op":"alive?"})]);
    desk.core.handle_text(desk.now, 1, r#"{"op":"alive"}"#);
    assert_eq!(desk.pass(millis(100)), [json!({"op":"alive?"})]);
    let said = desk.pass(millis(50));
    assert!(said[0].as_str().unwrap().contains("4008"), "{said:?}");
}

#[test]
fn positions_go_on_over_connections_and_silence() {
    let mut desk = Desk::new(Rules::generous());
    desk.ask_one(json!({"op":"subscribe","topics":["prices.BTC","deltas.BTC"]}));
    desk.core.tick("prices.BTC");
    assert_eq!(desk.said()[0], json!({"topic":"prices.BTC","seq":1,"data":{"n":1,"bid":101.25,"ask":101.5}}));
    desk.core.rules_mut().silent_topics.insert("prices.BTC".into());
    desk.core.tick("prices.BTC");
    assert_eq!(desk.core.publish("deltas.BTC", &json!({"n":1})), 1);
    assert_eq!(desk.said(), [json!({"topic":"deltas.BTC","seq":1,"data":{"n":1}})]);
    desk.core.rules_mut().silent_topics.clear();
    desk.core.tick("prices.BTC");
    assert_eq!(desk.said()[0]["seq"], 3);
    desk.core.rules_mut().publishes = false;
    desk.core.tick("prices.BTC");
    assert!(desk.said().is_empty());
}

#[test]
fn it_publishes_by_itself_at_its_rate() {
    let mut desk = Desk::new(Rules::generous());
    desk.ask_one(json!({"op":"subscribe","topics":["prices.BTC"]}));
    assert_eq!(desk.core.poll_timeout(), None);
    desk.core.rules_mut().items_per_second = Some(100.0);
    let items = desk.pass(Duration::from_secs(1));
    assert!((99..=101).contains(&items.len()), "{}", items.len());
    desk.core.rules_mut().publishes = false;
    assert!(desk.pass(Duration::from_secs(1)).is_empty());
}

#[test]
fn answers_can_be_late_reordered_or_missing() {
    let mut desk = Desk::new(Rules::generous().with(|rules| rules.answering = Answering::After(millis(10))));
    assert!(desk.ask(json!({"op":"time"})).is_empty());
    assert_eq!(desk.pass(millis(10)).len(), 1);
    desk.core.rules_mut().answering = Answering::Reordered(2);
    assert!(desk.ask(json!({"op":"time"})).is_empty());
    let ids: Vec<_> = desk.ask(json!({"op":"time"})).iter().map(|reply| reply["id"].clone()).collect();
    assert_eq!(ids, [3, 2]);
    desk.core.rules_mut().answering = Answering::AtOnce;
    desk.core.rules_mut().unanswered.insert(Op::Time);
    assert!(desk.ask(json!({"op":"time"})).is_empty());
    assert_eq!(desk.ask(json!({"op":"set","heartbeat":1000})).len(), 1);
}

#[test]
fn a_connection_is_cut_at_its_request_and_takes_its_orders_along() {
    let mut desk = Desk::new(Rules::generous().with(|rules| rules.cut_at_request = Some(4)));
    desk.log_in();
    desk.ask_one(json!({"op":"set","cancel_on_drop":true}));
    let order = |name: &str| json!({"op":"order","client_id":name,"instrument":"BTC","side":"buy","quantity":1.0,"price":9.0});
    desk.ask_one(order("a"));
    assert!(desk.core.orders()["a"].is_open);
    desk.ids += 1;
    desk.core.handle_text(desk.now, 1, &order("b").to_string());
    assert!(desk.core.is_cut(1));
    assert_eq!(desk.core.poll_output(1), Some(Output::Cut { resets: true }));
    desk.core.handle_gone(desk.now, 1);
    assert!(!desk.core.orders()["a"].is_open);
    assert!(!desk.core.orders().contains_key("b"));
}

#[test]
fn nothing_a_client_says_is_worse_than_an_error() {
    let mut desk = Desk::new(Rules::generous());
    for text in ["", "{", "7", "[]", r#"{"op":7}"#, r#"{"op":"dance","id":1}"#, r#"{"op":"login","id":-1}"#] {
        desk.core.handle_text(desk.now, 1, text);
    }
    for request in [
        json!({"op":"subscribe"}),
        json!({"op":"subscribe","topics":[1]}),
        json!({"op":"order"}),
        json!({"op":"set"}),
    ] {
        assert!(desk.ask(request).last().unwrap()["error"]["code"].is_i64());
    }
}

#[test]
fn refused_logins_say_what_the_rules_say_and_debug_shows_no_secret() {
    let logins = Logins::Refused { code: 403, message: "you are on a list".into() };
    let mut desk = Desk::new(Rules::generous().with(|rules| rules.logins = logins));
    assert_eq!(desk.log_in()["error"], json!({"code":403,"message":"you are on a list"}));
    assert!(!format!("{:?}", desk.core).contains(Rules::ALICES_SECRET));
}

#[test]
fn without_ids_replies_have_none() {
    let mut core = Core::new(Rules::in_order(), Instant::now(), SystemTime::now());
    core.handle_connected(Instant::now(), 1, Reception::Accept);
    core.handle_text(Instant::now(), 1, r#"{"op":"set","heartbeat":1000}"#);
    assert_eq!(core.poll_output(1), Some(Output::Text(r#"{"ok":{}}"#.into())));
    assert_eq!(core.rules().credits, None::<Credits>);
}
