//! Every public family: the members of its messages, and when they come.

use std::collections::{BTreeMap, BTreeSet};

use nova_deribit_simulator::market::{
    ChannelKey, InstrumentState, Market, MarketConfig, Notice, Side, Terms,
};
use serde_json::{Map, Value};

const START: u64 = 1_767_225_600_000_000;
const SECOND: u64 = 1_000_000;

fn market() -> Market {
    Market::new(MarketConfig::default(), 11, START)
}

fn key(market: &Market, text: &str) -> ChannelKey {
    ChannelKey::parse(text, market.universe()).unwrap_or_else(|| panic!("{text}"))
}

fn watch(market: &mut Market, text: &str) -> ChannelKey {
    let key = key(market, text);
    market.watch(&key);
    key
}

fn json(data: &[u8]) -> Value {
    serde_json::from_slice(data).expect("data is JSON")
}

fn listen(market: &mut Market, seconds: u64) -> Vec<Notice> {
    let mut sink = Vec::new();
    market.advance(market.now_us() + seconds * SECOND, &mut sink);
    sink
}

/// The members of an object; those of objects inside bear the name of both.
fn members(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, member) in value.as_object().expect("an object") {
        if matches!(name.as_str(), "stats" | "greeks") {
            names.extend(members(member).iter().map(|inner| format!("{name}.{inner}")));
        }
        names.insert(name.clone());
    }
    names
}

/// Required members, and those that may be there.
fn assert_members(family: &str, value: &Value, required: &str, optional: &str) {
    let there = members(value);
    let required: BTreeSet<_> = required.split_whitespace().map(str::to_owned).collect();
    let optional: BTreeSet<_> = optional.split_whitespace().map(str::to_owned).collect();
    let missing: Vec<_> = required.difference(&there).collect();
    assert!(missing.is_empty(), "{family} lacks {missing:?}");
    let strange: Vec<_> =
        there.iter().filter(|name| !required.contains(*name) && !optional.contains(*name)).collect();
    assert!(strange.is_empty(), "{family} has {strange:?}");
}

const TICKER: &str = "timestamp state instrument_name index_price mark_price last_price best_bid_price \
    best_bid_amount best_ask_price best_ask_amount min_price max_price open_interest settlement_price \
    estimated_delivery_price stats stats.high stats.low stats.volume stats.volume_usd stats.price_change";
const FUNDING: &str = "current_funding funding_8h interest_value";
const GREEKS: &str = "greeks greeks.delta greeks.gamma greeks.vega greeks.theta greeks.rho mark_iv bid_iv \
    ask_iv underlying_price underlying_index interest_rate";
const TRADE: &str = "trade_seq trade_id timestamp tick_direction price mark_price index_price \
    instrument_name direction amount";

#[test]
fn messages_have_the_members_of_their_family() {
    let mut market = market();
    let perpetual = format!("{TICKER} {FUNDING}");
    let option = format!("{TICKER} {GREEKS}");
    let incremental = format!("{perpetual} {option}");
    let notional = "stats.volume_notional";
    let table: Vec<(&str, &str, &str)> = vec![
        ("book.BTC-PERPETUAL.raw", "timestamp type change_id prev_change_id instrument_name bids asks", ""),
        ("book.BTC-PERPETUAL.none.10.100ms", "timestamp change_id instrument_name bids asks", ""),
        ("ticker.BTC-PERPETUAL.raw", &perpetual, ""),
        ("ticker.ETH_USDC-PERPETUAL.100ms", &perpetual, notional),
        ("ticker.BTC-27MAR26.agg2", TICKER, ""),
        ("ticker.BTC_USDC.agg2", TICKER, notional),
        ("ticker.BTC-27MAR26-87000-C.100ms", &option, ""),
        ("ticker.XRP_USDC-27MAR26-0d625-C.100ms", &option, notional),
        ("incremental_ticker.BTC-PERPETUAL", "type timestamp instrument_name", &incremental),
        (
            "quote.ETH_USDC-PERPETUAL",
            "timestamp instrument_name best_ask_price best_bid_price best_ask_amount best_bid_amount",
            "",
        ),
        ("trades.BTC-PERPETUAL.raw", TRADE, "contracts"),
        ("trades.option.any.agg2", TRADE, "contracts iv"),
        ("perpetual.BTC-PERPETUAL.100ms", "timestamp interest index_price", ""),
        ("chart.trades.BTC-PERPETUAL.1", "tick open high low close volume cost", "status"),
        ("deribit_price_index.btc_usd", "timestamp price index_name", ""),
        ("deribit_price_ranking.btc_usd", "identifier enabled weight price original_price timestamp", ""),
        ("deribit_price_statistics.eth_usd", "index_name low24h high24h change24h high_volatility", ""),
        ("deribit_volatility_index.btc_usd", "timestamp volatility index_name", ""),
        ("estimated_expiration_price.btc_usd", "seconds price is_estimated", ""),
        ("markprice.options.btc_usd", "timestamp instrument_name mark_price iv", ""),
        ("platform_state", "price_index locked", "reasons"),
    ];
    let mut rows = BTreeMap::new();
    for (text, required, optional) in table {
        let key = watch(&mut market, text);
        rows.insert(key, (text, required, optional, 0));
    }
    for notice in listen(&mut market, 120) {
        let (text, required, optional, seen) = rows.get_mut(&notice.key).expect("only what is watched");
        *seen += 1;
        let data = json(&notice.data);
        let objects = data.as_array().cloned().unwrap_or_else(|| vec![data]);
        assert!(!objects.is_empty(), "{text}");
        for object in &objects {
            assert_members(text, object, required, optional);
        }
    }
    for (text, _, _, seen) in rows.values() {
        assert!(*seen > 0, "{text} said nothing");
    }
}

#[test]
fn first_messages_come_from_the_families_that_have_one() {
    let mut market = market();
    for (text, count) in [
        ("book.BTC-PERPETUAL.agg2", 1),
        ("book.ETH-PERPETUAL.5.20.100ms", 1),
        ("ticker.BTC-PERPETUAL.raw", 1),
        ("incremental_ticker.BTC-PERPETUAL", 1),
        ("quote.BTC-PERPETUAL", 1),
        ("perpetual.BTC-PERPETUAL.raw", 1),
        ("perpetual.BTC_USDC.raw", 0),
        ("deribit_price_index.btc_usd", 1),
        ("deribit_price_ranking.btc_usd", 1),
        ("deribit_price_statistics.btc_usd", 0),
        ("deribit_volatility_index.btc_usd", 0),
        ("markprice.options.btc_usd", 1),
        ("platform_state", 6),
        ("trades.BTC-PERPETUAL.raw", 0),
        ("chart.trades.BTC-PERPETUAL.5", 0),
        ("instrument.state.any.any", 0),
        ("platform_state.public_methods_state", 0),
    ] {
        assert!(market.first(&key(&market, text)).is_empty(), "nobody watches {text}");
        let key = watch(&mut market, text);
        assert_eq!(market.first(&key).len(), count, "{text}");
    }
    let marks = json(&market.first(&key(&market, "markprice.options.btc_usd"))[0]);
    assert_eq!(marks.as_array().map(Vec::len), Some(36));
    let first = json(&market.first(&key(&market, "incremental_ticker.BTC-PERPETUAL"))[0]);
    assert_eq!(first["type"], "snapshot");
}

#[test]
fn clocked_families_keep_their_time() {
    let mut market = market();
    for (text, least, most) in [
        ("deribit_price_index.btc_usd", 60, 60),
        ("deribit_price_ranking.eth_usdc", 60, 60),
        ("deribit_volatility_index.eth_usd", 60, 60),
        ("estimated_expiration_price.btc_usd", 60, 60),
        ("deribit_price_statistics.btc_usd", 4, 4),
        ("incremental_ticker.BTC-PERPETUAL", 55, 60),
        ("markprice.options.btc_usd", 50, 60),
        ("perpetual.BTC-PERPETUAL.raw", 60, 60),
        ("perpetual.ETH-PERPETUAL.agg2", 55, 60),
        ("perpetual.BTC-27MAR26.raw", 0, 0),
        ("platform_state", 100, 200),
        ("ticker.BTC-PERPETUAL.100ms", 200, 600),
        ("ticker.BTC-PERPETUAL.agg2", 55, 60),
        ("book.BTC-PERPETUAL.100ms", 500, 600),
        ("book.BTC-PERPETUAL.agg2", 58, 60),
    ] {
        let key = watch(&mut market, text);
        let count = listen(&mut market, 60).iter().filter(|notice| notice.key == key).count();
        assert!((least..=most).contains(&count), "{text}: {count}");
        market.unwatch(&key);
        assert!(listen(&mut market, 5).is_empty(), "nobody watches {text} any more");
    }
}

#[test]
fn the_slot_of_agg2_is_configurable() {
    let mut config = MarketConfig::default();
    config.agg2_ms = 2_000;
    let mut market = Market::new(config, 11, START);
    watch(&mut market, "book.BTC-PERPETUAL.agg2");
    assert!((29..=30).contains(&listen(&mut market, 60).len()));
}

#[test]
fn trades_are_numbered_without_gaps_and_change_the_book_in_the_same_event() {
    let mut market = market();
    let raw = watch(&mut market, "trades.BTC-PERPETUAL.raw");
    let all = watch(&mut market, "trades.future.any.raw");
    let book = watch(&mut market, "book.BTC-PERPETUAL.raw");
    let (mut last_seq, mut last_price, mut was_up, mut count, mut of_kind) = (None, None, true, 0, 0);
    let mut at = BTreeMap::<u64, usize>::new();
    let notices = listen(&mut market, 300);
    for notice in notices.iter().filter(|notice| notice.key == book) {
        *at.entry(notice.at_us).or_default() += 1;
    }
    for notice in &notices {
        of_kind += usize::from(notice.key == all);
        if notice.key != raw {
            continue;
        }
        for trade in json(&notice.data).as_array().unwrap() {
            count += 1;
            let (seq, price) = (trade["trade_seq"].as_u64().unwrap(), trade["price"].as_f64().unwrap());
            if let (Some(last_seq), Some(last_price)) = (last_seq, last_price) {
                assert_eq!(seq, last_seq + 1);
                let expected = if price > last_price {
                    0
                } else if price < last_price {
                    2
                } else if was_up {
                    1
                } else {
                    3
                };
                assert_eq!(trade["tick_direction"], expected);
            }
            (last_seq, last_price) = (Some(seq), Some(price));
            was_up = trade["tick_direction"].as_u64().unwrap() < 2;
        }
        assert!(at.contains_key(&notice.at_us), "a trade without a change of the book");
    }
    assert!((500..700).contains(&count), "two a second, not {count} in five minutes");
    assert!(of_kind > 3 * count, "four perpetuals and four futures, {of_kind}");
}

#[test]
fn slots_of_trades_hold_all_trades_of_the_slot() {
    let mut market = market();
    let raw = watch(&mut market, "trades.BTC-PERPETUAL.raw");
    let merged =
        [watch(&mut market, "trades.BTC-PERPETUAL.100ms"), watch(&mut market, "trades.BTC-PERPETUAL.agg2")];
    let kinds = [watch(&mut market, "trades.future.BTC.raw"), watch(&mut market, "trades.future.BTC.agg2")];
    let mut notices = listen(&mut market, 60);
    let id = raw.instrument().unwrap();
    market.set_state(id, InstrumentState::Locked, &mut notices);
    let others = ["BTC-27MAR26", "BTC-26JUN26"].map(|name| market.universe().find(name).unwrap());
    for id in others {
        market.set_state(id, InstrumentState::Locked, &mut notices);
    }
    notices.extend(listen(&mut market, 2));
    let trades = |key: ChannelKey| -> Vec<Value> {
        let of_key = notices.iter().filter(|notice| notice.key == key);
        of_key.flat_map(|notice| json(&notice.data).as_array().unwrap().clone()).collect()
    };
    assert!(trades(raw).len() > 60);
    for key in merged {
        assert_eq!(trades(key), trades(raw));
    }
    assert_eq!(trades(kinds[0]), trades(kinds[1]));
    assert!(trades(kinds[0]).len() >= trades(raw).len());
}

#[test]
fn changes_of_an_incremental_ticker_add_up_to_the_ticker() {
    let mut market = market();
    for name in ["BTC-PERPETUAL", "BTC-27MAR26-87000-P"] {
        let key = watch(&mut market, &format!("incremental_ticker.{name}"));
        let mut told = json(&market.first(&key)[0]);
        let mut last_us = 0;
        for notice in listen(&mut market, 90) {
            assert!(notice.at_us >= last_us + SECOND, "more than one in a second");
            last_us = notice.at_us;
            let change = json(&notice.data);
            if change["type"] == "snapshot" {
                told = change;
                continue;
            }
            assert!(change.as_object().unwrap().len() > 3, "a change without changes");
            for (name, value) in change.as_object().unwrap() {
                match value {
                    Value::Object(inner) => {
                        for (inner_name, value) in inner {
                            assert_ne!(told[name][inner_name], *value);
                            told[name][inner_name] = value.clone();
                        }
                    }
                    value => told[name] = value.clone(),
                }
            }
        }
        // `told` is as of the last look, which was at a whole second after the start of watching.
        let mut truth = json(market.ticker(key.instrument().unwrap()).as_bytes());
        for value in [&mut told, &mut truth] {
            let members = value.as_object_mut().unwrap();
            members.remove("timestamp");
            members.remove("type");
        }
        assert_eq!(told, truth);
        market.unwatch(&key);
    }
}

#[test]
fn a_ticker_without_changes_is_told_whole_after_a_minute() {
    let mut config = MarketConfig::default();
    config.volatility = 0.0;
    config.premium = 0.0;
    let mut market = Market::new(config, 11, START);
    // The locked pair has a book that stands still, and now its index does so too.
    watch(&mut market, "incremental_ticker.ETH_USDC");
    let notices = listen(&mut market, 125);
    assert_eq!(notices.len(), 2);
    assert!(notices.iter().all(|notice| json(&notice.data)["type"] == "snapshot"));
}

#[test]
fn quotes_follow_the_best_prices_and_nothing_else() {
    let mut market = market();
    let key = watch(&mut market, "quote.BTC-PERPETUAL");
    let id = key.instrument().unwrap();
    let mut told = json(&market.first(&key)[0]);
    let mut sink = Vec::new();
    for _ in 0..3_000 {
        market.advance(market.next_due(), &mut sink);
        for notice in sink.drain(..) {
            told = json(&notice.data);
        }
        for (side, price, amount) in [
            (Side::Bid, "best_bid_price", "best_bid_amount"),
            (Side::Ask, "best_ask_price", "best_ask_amount"),
        ] {
            let best = market.best(id, side).unwrap();
            let instrument = market.universe().instrument(id);
            assert_eq!(told[price].as_f64(), Some(instrument.price(best.ticks).to_f64()));
            assert_eq!(told[amount].as_f64(), Some(instrument.amount(best.steps).to_f64()));
        }
    }
}

#[test]
fn tickers_are_plausible() {
    let mut market = market();
    listen(&mut market, 120);
    for instrument in market.universe().listed(None, None) {
        let ticker = json(market.ticker(instrument.id()).as_bytes());
        let number = |name: &str| ticker[name].as_f64().unwrap_or_else(|| panic!("{name} of {ticker}"));
        let (bid, ask, mark) = (number("best_bid_price"), number("best_ask_price"), number("mark_price"));
        assert!(0.0 < bid && bid < ask, "{}", instrument.name);
        assert!(number("min_price") <= bid && ask <= number("max_price"), "{}", instrument.name);
        assert!(mark > 0.0);
        if let Terms::Option { .. } = instrument.terms {
            let (delta, theta) = (ticker["greeks"]["delta"].as_f64(), ticker["greeks"]["theta"].as_f64());
            let is_call = instrument.name.ends_with('C');
            let range = if is_call { 0.0..=1.0 } else { -1.0..=0.0 };
            assert!(range.contains(&delta.unwrap()), "{}", instrument.name);
            assert!(theta.unwrap() < 0.0);
            assert!(number("bid_iv") < number("ask_iv"));
            assert!((40.0..90.0).contains(&number("mark_iv")));
        } else {
            assert!((bid / mark - 1.0).abs() < 0.01, "{}: {bid} {mark}", instrument.name);
        }
    }
}

#[test]
fn options_without_trades_have_no_last_price() {
    for is_weird in [false, true] {
        let mut config = MarketConfig::default();
        config.weird_strings = is_weird;
        let market = Market::new(config, 11, START);
        let id = market.universe().find("BTC-27MAR26-87000-C").unwrap();
        let ticker = json(market.ticker(id).as_bytes());
        let expected = if is_weird { Value::from("undefined") } else { Value::Null };
        assert_eq!(ticker["last_price"], expected);
        assert_eq!(ticker["estimated_delivery_price"] == "expired", is_weird);
        assert_eq!(ticker["stats"]["volume"], Value::Null);
    }
}

#[test]
fn candles_end_with_their_period_and_quiet_ones_are_filled() {
    let mut market = market();
    let busy = watch(&mut market, "chart.trades.BTC-PERPETUAL.1");
    let quiet = watch(&mut market, "chart.trades.TOWNS_USDC-PERPETUAL.3");
    let notices = listen(&mut market, 360);
    let candles = |key| notices.iter().filter(move |notice| notice.key == key);
    let mut by_tick = BTreeMap::<u64, Vec<Value>>::new();
    for notice in candles(busy) {
        let candle = json(&notice.data);
        by_tick.entry(candle["tick"].as_u64().unwrap()).or_default().push(candle);
    }
    assert_eq!(by_tick.len(), 6);
    for (tick, candles) in by_tick {
        assert_eq!(tick % 60_000, 0);
        let number = |candle: &Value, name: &str| candle[name].as_f64().unwrap();
        let last = candles.last().unwrap();
        assert!(candles.len() > 30);
        assert!(number(last, "low") <= number(last, "open") && number(last, "open") <= number(last, "high"));
        assert!(candles.windows(2).all(|pair| number(&pair[0], "volume") <= number(&pair[1], "volume")));
    }
    let fillers: Vec<Value> = candles(quiet).map(|notice| json(&notice.data)).collect();
    assert!(fillers.len() >= 2);
    assert!(fillers.iter().any(|candle| candle["volume"].as_f64() == Some(0.0)));
}

#[test]
fn option_marks_are_told_only_when_they_change() {
    let mut market = market();
    let key = watch(&mut market, "markprice.options.btc_usd");
    let mut known: BTreeMap<String, (Value, Value)> = BTreeMap::new();
    let mut messages: Vec<_> = market.first(&key).iter().map(|data| json(data)).collect();
    messages.extend(listen(&mut market, 60).iter().map(|notice| json(&notice.data)));
    for (place, message) in messages.iter().enumerate() {
        for mark in message.as_array().unwrap() {
            let now = (mark["mark_price"].clone(), mark["iv"].clone());
            let digits = now.0.as_f64().unwrap() * 1e4;
            assert!((digits - digits.round()).abs() < 1e-6, "four decimals");
            let before = known.insert(mark["instrument_name"].as_str().unwrap().to_owned(), now.clone());
            assert!(place == 0 || before != Some(now), "told twice");
        }
    }
    assert_eq!(known.len(), 36);
}

#[test]
fn equal_seeds_and_calls_give_equal_markets() {
    let run = |seed| {
        let mut market = Market::new(MarketConfig::default(), seed, START);
        for text in [
            "book.BTC-PERPETUAL.raw",
            "ticker.ETH-PERPETUAL.100ms",
            "trades.future.any.agg2",
            "platform_state",
        ] {
            watch(&mut market, text);
        }
        listen(&mut market, 20)
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

#[test]
fn listening_does_not_change_what_happens() {
    let (mut heard, mut unheard) = (market(), market());
    for text in [
        "book.BTC-PERPETUAL.raw",
        "ticker.BTC-PERPETUAL.raw",
        "markprice.options.btc_usd",
        "deribit_price_ranking.btc_usd",
        "chart.trades.BTC-PERPETUAL.1",
    ] {
        watch(&mut heard, text);
    }
    assert!(listen(&mut heard, 60).len() > 100);
    assert!(listen(&mut unheard, 60).is_empty());
    for instrument in heard.universe().instruments() {
        assert_eq!(heard.book(instrument.id()), unheard.book(instrument.id()));
        assert_eq!(heard.ticker(instrument.id()), unheard.ticker(instrument.id()));
    }
}

#[test]
fn time_in_one_step_or_in_many_is_the_same() {
    let (mut once, mut often) = (market(), market());
    watch(&mut once, "book.BTC-PERPETUAL.100ms");
    watch(&mut often, "book.BTC-PERPETUAL.100ms");
    let whole = listen(&mut once, 10);
    let mut sink = Vec::new();
    while often.now_us() < START + 10 * SECOND {
        let due = often.next_due().min(START + 10 * SECOND);
        often.advance(due, &mut sink);
    }
    assert_eq!(whole, sink);
}

#[test]
fn the_daily_settlement_stops_futures_and_options_for_a_while() {
    let start = START + 8 * 3_600 * SECOND - 10 * SECOND;
    let mut market = Market::new(MarketConfig::default(), 5, start);
    let states = watch(&mut market, "instrument.state.future.BTC");
    let any = watch(&mut market, "instrument.state.any.any");
    watch(&mut market, "platform_state");
    listen(&mut market, 9);
    assert!(!market.is_settling());
    let began = listen(&mut market, 2);
    assert!(market.is_settling());
    let words = |notices: &[Notice], key: ChannelKey| -> Vec<String> {
        let of_key = notices.iter().filter(|notice| notice.key == key);
        of_key.map(|notice| json(&notice.data)["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words(&began, states), vec!["settlement"; 3]);
    assert!(words(&began, any).len() > 40);
    let during = listen(&mut market, 3);
    assert!(during.is_empty(), "nothing is announced during the settlement");
    let ended = listen(&mut market, 2);
    assert!(!market.is_settling());
    assert_eq!(words(&ended, states), vec!["open"; 3]);
}

#[test]
fn what_expires_is_delivered_and_followed_by_something_new() {
    let start = START + 8 * 3_600 * SECOND - 10 * SECOND;
    let mut market = Market::new(MarketConfig::default(), 5, start);
    let model = market.universe().find("BTC-27MAR26").unwrap();
    let mut instrument = market.universe().instrument(model).clone();
    instrument.name = "BTC-1JAN26".to_owned();
    instrument.terms = Terms::Future { expiry_ms: (START + 8 * 3_600 * SECOND) / 1_000 };
    let created = watch(&mut market, "instrument.creation.future.BTC");
    let mut notices = Vec::new();
    let id = market.create(instrument.clone(), &mut notices);
    assert_eq!(market.create(instrument, &mut notices), id, "a name is listed once");
    assert_eq!(notices.len(), 1);
    assert_members(
        "instrument.creation",
        &json(&notices[0].data),
        "tick_size tick_size_steps taker_commission settlement_period settlement_currency quote_currency \
         price_index min_trade_amount maker_commission kind is_active instrument_name instrument_id \
         expiration_timestamp creation_timestamp timestamp counter_currency contract_size \
         block_trade_tick_size block_trade_min_trade_amount block_trade_commission base_currency state",
        "rfq max_liquidation_commission max_leverage instrument_type strike option_type",
    );
    assert!(market.universe().find_listed("BTC-1JAN26").is_some());
    let book = watch(&mut market, "book.BTC-1JAN26.100ms");
    let notices = listen(&mut market, 30);
    assert!(notices.iter().any(|notice| notice.key == book), "it was traded until it expired");
    assert_eq!(market.universe().instrument(id).state, InstrumentState::Delivered);
    assert_eq!(market.delivered(), [id]);
    assert_eq!(ChannelKey::parse("book.BTC-1JAN26.100ms", market.universe()), None);
    let news: Vec<_> = notices.iter().filter(|notice| notice.key == created).collect();
    assert_eq!(news.len(), 1);
    assert_eq!(json(&news[0].data)["instrument_name"], "BTC-25SEP26");
    assert!(ChannelKey::parse("book.BTC-25SEP26.100ms", market.universe()).is_some());
    let after = listen(&mut market, 60);
    assert!(after.iter().all(|notice| notice.key != book), "an expired book is silent");
}

#[test]
fn locking_an_index_is_announced() {
    let mut market = market();
    watch(&mut market, "platform_state");
    let index = market.universe().find_index("btc_usd").unwrap();
    let mut sink = Vec::new();
    market.set_index_lock(index, true, &mut sink);
    assert_eq!(json(&sink[0].data)["locked"], true);
    assert_eq!(json(&sink[0].data)["price_index"], "btc_usd");
    let status = market.answer("public/status", &Map::new()).unwrap().unwrap();
    assert_eq!(json(status.as_bytes())["locked"], "partial");
}
