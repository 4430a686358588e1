//! The invariants of book messages, by a checker that shares nothing with what makes the messages.

use std::collections::{BTreeMap, HashMap};

use nova_deribit_simulator::market::{
    BookView, ChannelKey, Decimal, InstrumentState, Interval, Market, MarketConfig, Notice, NumberStyle,
};
use serde_json::Value;

const START: u64 = 1_767_225_600_000_000;

/// The acceptance asks for a million messages; a build with checks of its own takes fewer.
const MESSAGES: usize = if cfg!(debug_assertions) { 8_000 } else { 1_000_000 };

/// A price or an amount in units of 10^-8, which is finer than any grid here.
fn fine(number: &Value) -> i64 {
    (number.as_f64().expect("numbers are numbers") * 1e8).round() as i64
}

fn fine_decimal(decimal: Decimal) -> i64 {
    decimal.units_at(8).expect("the form of book messages")
}

/// What a client would believe.
#[derive(Default)]
struct Client {
    change_id: u64,
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    messages: usize,
}

impl Client {
    fn apply(&mut self, data: &Value, step: i64, now_us: u64) {
        let kind = data["type"].as_str().expect("the form of book messages");
        let change_id = data["change_id"].as_u64().expect("the form of book messages");
        let previous = data.get("prev_change_id").map(|id| id.as_u64().expect("the form of book messages"));
        assert!(data["timestamp"].as_u64().expect("the form of book messages") <= now_us / 1_000, "B8");
        if kind == "snapshot" {
            assert_eq!(previous, None, "B1");
            assert!(change_id > 100_000_000_000, "B3");
            (self.bids, self.asks) = Default::default();
        } else {
            assert_eq!(kind, "change", "B2");
            assert_eq!(previous, Some(self.change_id), "B2");
            assert!(
                (1..=6_000).contains(&(change_id - self.change_id)),
                "B3: {}",
                change_id - self.change_id
            );
        }
        self.change_id = change_id;
        self.messages += 1;
        let mut entries = 0;
        for name in ["bids", "asks"] {
            let mut last: Option<i64> = None;
            for entry in data[name].as_array().expect("the form of book messages") {
                let [action, price, amount] = entry.as_array().expect("the form of book messages").as_slice()
                else {
                    panic!("{entry}")
                };
                let (price, amount) = (fine(price), fine(amount));
                let is_ordered = |last: i64| if name == "bids" { last > price } else { last < price };
                assert!(last.is_none_or(is_ordered), "B4");
                last = Some(price);
                let side = if name == "bids" { &mut self.bids } else { &mut self.asks };
                match action.as_str().expect("the form of book messages") {
                    "delete" => {
                        assert_eq!(amount, 0, "B5");
                        assert!(kind == "change" && side.remove(&price).is_some());
                    }
                    action => {
                        assert!(amount > 0 && amount % step == 0, "B5");
                        let known = side.insert(price, amount).is_some();
                        assert_eq!(known, action == "change");
                        assert!(action == "new" || kind == "change", "B1");
                    }
                }
                entries += 1;
            }
        }
        assert!(entries > 0, "an empty change is not sent");
        let (bid, ask) = (self.bids.last_key_value(), self.asks.first_key_value());
        if let (Some((bid, _)), Some((ask, _))) = (bid, ask) {
            assert!(bid < ask, "the best bid is below the best ask");
        }
    }

    fn assert_is(&self, truth: &BookView) {
        assert_eq!(self.change_id, truth.change_id, "B6");
        self.assert_holds(truth);
    }

    fn assert_holds(&self, truth: &BookView) {
        let side = |levels: &[(Decimal, Decimal)]| -> BTreeMap<i64, i64> {
            levels.iter().map(|(price, amount)| (fine_decimal(*price), fine_decimal(*amount))).collect()
        };
        assert_eq!(self.bids, side(&truth.bids), "B6");
        assert_eq!(self.asks, side(&truth.asks), "B6");
    }
}

fn market(config: MarketConfig) -> Market {
    Market::new(config, 7, START)
}

fn plain(notice: &Notice) -> Value {
    serde_json::from_slice(&notice.data).expect("data is JSON")
}

fn keys(market: &Market, names: &[&str]) -> Vec<ChannelKey> {
    names
        .iter()
        .flat_map(|name| ["raw", "100ms", "agg2"].map(|interval| format!("book.{name}.{interval}")))
        .map(|text| ChannelKey::parse(&text, market.universe()).expect("the channel exists"))
        .collect()
}

fn step(market: &Market, key: &ChannelKey) -> i64 {
    fine_decimal(market.universe().instrument(key.instrument().expect("the form of book messages")).step)
}

#[test]
fn book_messages_keep_all_invariants() {
    let mut market = market(MarketConfig::default());
    let keys = keys(
        &market,
        &[
            "BTC-PERPETUAL",
            "ETH-PERPETUAL",
            "BTC_USDC-PERPETUAL",
            "ETH_USDC-PERPETUAL",
            "BTC-27MAR26",
            "BTC-27MAR26-87000-C",
            "BTC_USDC",
            "TOWNS_USDC-PERPETUAL",
        ],
    );
    let mut clients: HashMap<ChannelKey, Client> = HashMap::new();
    for key in &keys {
        market.watch(key);
        clients.entry(*key).or_default();
        let first = market.first(key);
        let data = serde_json::from_slice(&first[0]).unwrap();
        clients.get_mut(key).unwrap().apply(&data, step(&market, key), market.now_us());
    }
    let (mut count, mut sink) = (0, Vec::new());
    while count < MESSAGES {
        let due = market.next_due();
        market.advance(due, &mut sink);
        for notice in sink.drain(..) {
            count += 1;
            assert_eq!(notice.at_us, due);
            let (key, client) =
                (notice.key, clients.get_mut(&notice.key).expect("only watched channels speak"));
            client.apply(&plain(&notice), step(&market, &key), notice.at_us);
            if client.messages % 16 == 0 {
                let ChannelKey::Book(id, interval) = key else { panic!("{key:?}") };
                client.assert_is(&market.emitted_book(id, interval).unwrap());
            }
        }
    }
    // B9: once the books stand still, all intervals agree.
    let ids: Vec<_> = keys.iter().filter_map(ChannelKey::instrument).collect();
    for id in &ids {
        market.set_state(*id, InstrumentState::Locked, &mut Vec::new());
    }
    market.advance(market.now_us() + 2_000_000, &mut sink);
    for notice in sink.drain(..) {
        let client = clients.get_mut(&notice.key).unwrap();
        client.apply(&plain(&notice), step(&market, &notice.key), notice.at_us);
    }
    for (key, client) in &clients {
        client.assert_holds(&market.book(key.instrument().unwrap()));
    }
}

#[test]
fn whoever_joins_later_gets_a_snapshot_that_the_next_message_follows_on() {
    let mut config = MarketConfig::default();
    config.redundant_change = 0.5;
    let mut market = market(config);
    let keys = keys(&market, &["BTC-PERPETUAL", "ETH_USDC-PERPETUAL"]);
    for key in &keys {
        market.watch(key);
    }
    let mut clients: Vec<(ChannelKey, Client)> = Vec::new();
    let (mut sink, mut outdated) = (Vec::new(), 0);
    for round in 0..400_u64 {
        let next = market.now_us() + 37_003;
        market.advance(next, &mut sink);
        for notice in sink.drain(..) {
            let data = plain(&notice);
            for (_, client) in clients.iter_mut().filter(|(key, _)| *key == notice.key) {
                client.apply(&data, step(&market, &notice.key), notice.at_us);
            }
        }
        if round % 10 == 0 {
            let key = keys[round as usize / 10 % keys.len()];
            market.watch(&key);
            let mut client = Client::default();
            let snapshot: Value = serde_json::from_slice(&market.first(&key)[0]).unwrap();
            client.apply(&snapshot, step(&market, &key), market.now_us());
            if let Some(old) = market.redundant_change(&key, round) {
                let old: Value = serde_json::from_slice(&old).unwrap();
                outdated += 1;
                assert_eq!(old["type"], "change", "B7");
                assert!(old["change_id"].as_u64() <= snapshot["change_id"].as_u64(), "B7");
                assert!(old["prev_change_id"].as_u64() < snapshot["change_id"].as_u64(), "B7");
                assert!(old["prev_change_id"].as_u64() < old["change_id"].as_u64(), "B7");
            }
            clients.push((key, client));
        }
    }
    assert!((10..=30).contains(&outdated), "{outdated} of 40");
    for (key, client) in &clients {
        let ChannelKey::Book(id, interval) = *key else { panic!("{key:?}") };
        client.assert_is(&market.emitted_book(id, interval).unwrap());
        assert!(client.messages > 1 || interval != Interval::Raw);
    }
}

#[test]
fn outdated_changes_are_as_frequent_as_configured() {
    let mut market = market(MarketConfig::default());
    let key = keys(&market, &["BTC-PERPETUAL"])[1];
    market.watch(&key);
    let count = (0..5_000).filter(|seed| market.redundant_change(&key, *seed).is_some()).count();
    assert!((900..1_100).contains(&count), "{count}");
    let ticker = ChannelKey::parse("ticker.BTC-PERPETUAL.raw", market.universe()).unwrap();
    assert_eq!(market.redundant_change(&ticker, 1), None);
}

#[test]
fn grouped_books_are_the_rounded_best_levels() {
    let mut market = market(MarketConfig::default());
    let width = |text: &str| match text {
        "book.BTC-PERPETUAL.none.20.100ms" => 1,
        "book.BTC-PERPETUAL.5.10.100ms" => 500_000_000,
        "book.ETH-PERPETUAL.100.1.agg2" => 100_000_000,
        _ => 25_000_000,
    };
    let texts = [
        "book.BTC-PERPETUAL.none.20.100ms",
        "book.BTC-PERPETUAL.5.10.100ms",
        "book.ETH-PERPETUAL.100.1.agg2",
        "book.ETH-PERPETUAL.25.20.100ms",
    ];
    let keys = texts.map(|text| (ChannelKey::parse(text, market.universe()).unwrap(), width(text)));
    for (key, _) in &keys {
        market.watch(key);
        assert_eq!(market.first(key).len(), 1);
    }
    let (mut sink, mut windows) = (Vec::new(), 0);
    while windows < 500 {
        market.advance(market.next_due(), &mut sink);
        for notice in sink.drain(..) {
            windows += 1;
            let width = keys.iter().find(|(key, _)| *key == notice.key).unwrap().1;
            let ChannelKey::GroupedBook(id, _, depth, _) = notice.key else { panic!("{:?}", notice.key) };
            let data = plain(&notice);
            let truth = market.book(id);
            assert!(data.get("type").is_none() && data.get("prev_change_id").is_none());
            for (name, levels) in [("bids", &truth.bids), ("asks", &truth.asks)] {
                let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
                for (price, amount) in levels {
                    let price = fine_decimal(*price);
                    let down = price.div_euclid(width) * width;
                    let up = if down == price { price } else { down + width };
                    *sums.entry(if name == "bids" { -down } else { up }).or_default() +=
                        fine_decimal(*amount);
                }
                let expected: Vec<_> = sums
                    .into_iter()
                    .take(depth.levels())
                    .map(|(price, amount)| (price.abs(), amount))
                    .collect();
                let window: Vec<_> = data[name]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|level| (fine(&level[0]), fine(&level[1])))
                    .collect();
                assert_eq!(window, expected, "B10");
            }
        }
    }
}

#[test]
fn actions_have_the_measured_proportions_and_books_their_size() {
    let mut market = market(MarketConfig::default());
    let key = ChannelKey::parse("book.BTC-PERPETUAL.raw", market.universe()).unwrap();
    let id = key.instrument().unwrap();
    market.watch(&key);
    let (mut sink, mut actions) = (Vec::new(), HashMap::<String, usize>::new());
    let mut messages = 0;
    for _ in 0..120 {
        market.advance(market.now_us() + 1_000_000, &mut sink);
        for notice in sink.drain(..) {
            messages += 1;
            let data = plain(&notice);
            for entry in ["bids", "asks"].iter().flat_map(|name| data[*name].as_array().unwrap()) {
                *actions.entry(entry[0].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        let book = market.book(id);
        for side in [&book.bids, &book.asks] {
            assert!((20..=300).contains(&side.len()), "{}", side.len());
        }
    }
    // 40 events and 2 trades a second.
    assert!((4_600..5_500).contains(&messages), "{messages}");
    let total: usize = actions.values().sum();
    let share = |action: &str| actions[action] as f64 / total as f64;
    assert!((0.38..0.50).contains(&share("new")), "{actions:?}");
    assert!((0.06..0.18).contains(&share("change")), "{actions:?}");
    assert!((0.38..0.50).contains(&share("delete")), "{actions:?}");
}

#[test]
fn the_nearly_dead_book_speaks_about_once_a_minute() {
    let mut market = market(MarketConfig::default());
    let key = ChannelKey::parse("book.TOWNS_USDC-PERPETUAL.100ms", market.universe()).unwrap();
    market.watch(&key);
    let mut sink = Vec::new();
    market.advance(START + 3_600_000_000, &mut sink);
    assert!((35..90).contains(&sink.len()), "{}", sink.len());
}

#[test]
fn amounts_look_as_the_style_says() {
    for (style, mark) in [(NumberStyle::Live, ".0]"), (NumberStyle::Plain, "0]")] {
        let mut config = MarketConfig::default();
        config.number_style = style;
        let mut market = market(config);
        let key = ChannelKey::parse("book.BTC-PERPETUAL.raw", market.universe()).unwrap();
        market.watch(&key);
        let text = String::from_utf8(market.first(&key)[0].to_vec()).unwrap();
        assert_eq!(text.contains(".0]"), style == NumberStyle::Live);
        assert!(text.contains(mark));
        let mut sink = Vec::new();
        market.advance(START + 5_000_000, &mut sink);
        let has_delete = sink.iter().any(|notice| {
            let text = String::from_utf8_lossy(&notice.data);
            text.contains("\"delete\"")
                && text.contains(if style == NumberStyle::Live { ",0.0]" } else { ",0]" })
        });
        assert!(has_delete);
    }
}
