//! Whatever a client sends, nothing panics, and books stay books.

use fastrand::Rng;
use nova_deribit_simulator::{
    market::{ChannelKey, Currency, Decimal, Market, MarketConfig, Side},
    trading::{AccountId, Caller, Trading, TradingConfig, TradingMethod},
};
use serde_json::{Map, Value, json};

const START: u64 = 1_767_225_600_000_000;
const ROUNDS: usize = if cfg!(debug_assertions) { 5_000 } else { 200_000 };

const METHODS: [&str; 14] = [
    "private/buy",
    "private/sell",
    "private/edit",
    "private/cancel",
    "private/cancel_all",
    "private/cancel_by_label",
    "private/get_open_orders",
    "private/get_order_state",
    "private/get_user_trades_by_instrument",
    "private/get_positions",
    "private/get_account_summary",
    "private/enable_cancel_on_disconnect",
    "private/disable_cancel_on_disconnect",
    "private/get_cancel_on_disconnect",
];

const QUESTIONS: [&str; 8] = [
    "public/get_instruments",
    "public/get_instrument",
    "public/get_order_book",
    "public/ticker",
    "public/get_last_trades_by_instrument",
    "public/get_index_price",
    "public/get_currencies",
    "public/status",
];

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    words[rng.usize(0..words.len())]
}

fn odd_value(rng: &mut Rng) -> Value {
    match rng.u8(0..12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(1e308),
        4 => json!(-1e-308),
        5 => json!(u64::MAX),
        6 => json!(i64::MIN),
        7 => json!("d.-_é\u{0}\"\\"),
        8 => json!([1, 2]),
        9 => json!({"a": 1}),
        10 => json!(0.1 + 0.2),
        _ => json!("x".repeat(rng.usize(0..300))),
    }
}

fn likely_value(rng: &mut Rng, name: &str) -> Value {
    match name {
        "instrument_name" => json!(pick(
            rng,
            &[
                "BTC-PERPETUAL",
                "ETH_USDC-PERPETUAL",
                "BTC-27MAR26-87000-C",
                "BTC_USDC",
                "TOWNS_USDC-PERPETUAL",
                "ETH_USDC",
                "BTC-1JAN20",
            ]
        )),
        "amount" => json!([10.0, 20.0, 0.1, 0.001, 1.0, 1000.0][rng.usize(0..6)]),
        "price" => {
            json!([87_000.0, 86_000.5, 88_000.0, 0.05, 2_950.0, 0.0127][rng.usize(0..6)])
        }
        "type" => json!(pick(rng, &["limit", "market"])),
        "time_in_force" => {
            json!(pick(rng, &["good_til_cancelled", "immediate_or_cancel", "fill_or_kill"]))
        }
        "order_id" => {
            json!(format!("{}{}", pick(rng, &["", "ETH-", "USDC-"]), 74_000_000_000 + rng.u64(0..300)))
        }
        "currency" => json!(pick(rng, &["BTC", "ETH", "USDC", "any"])),
        "index_name" => json!(pick(rng, &["btc_usd", "eth_usd"])),
        "label" => json!(pick(rng, &["a", "b"])),
        "post_only" | "reject_post_only" | "reduce_only" | "extended" => json!(rng.bool()),
        "count" | "depth" => json!(5),
        "kind" => json!(pick(rng, &["future", "option"])),
        _ => json!(pick(rng, &["account", "connection"])),
    }
}

fn params(rng: &mut Rng) -> Map<String, Value> {
    let names = [
        "instrument_name",
        "amount",
        "price",
        "type",
        "time_in_force",
        "order_id",
        "currency",
        "index_name",
        "label",
        "post_only",
        "reject_post_only",
        "reduce_only",
        "extended",
        "count",
        "depth",
        "kind",
        "scope",
    ];
    let mut params = Map::new();
    for name in names {
        match rng.u8(0..20) {
            0 => {}
            1 => drop(params.insert(name.to_owned(), odd_value(rng))),
            _ => drop(params.insert(name.to_owned(), likely_value(rng, name))),
        }
    }
    params
}

#[test]
fn no_request_panics_or_crosses_a_book() {
    let mut rng = Rng::with_seed(99);
    let mut market = Market::new(MarketConfig::default(), 4, START);
    let mut trading = Trading::new(TradingConfig::default());
    let account = AccountId(1);
    trading.add_account(
        account,
        &[
            (Currency::Btc, Decimal::new(1_000, 0)),
            (Currency::Eth, Decimal::new(1_000, 0)),
            (Currency::Usdc, Decimal::new(10_000_000, 0)),
        ],
    );
    let (mut sink, mut done) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let params = params(&mut rng);
        let method = TradingMethod::parse(pick(&mut rng, &METHODS)).unwrap();
        let caller = Caller { account, connection: rng.u64(0..3) };
        match trading.handle(method, caller, &params, &mut market, &mut sink) {
            Ok(outcome) => {
                done += 1;
                assert!(serde_json::from_str::<Value>(&outcome.result).is_ok(), "{}", outcome.result);
                for event in outcome.events {
                    assert!(serde_json::from_slice::<Value>(&event.raw()).is_ok());
                }
            }
            Err(error) => assert!(error.code() != 0 && !error.message().is_empty()),
        }
        if let Some(Ok(text)) = market.answer(pick(&mut rng, &QUESTIONS), &params) {
            assert!(round % 8 > 0 || serde_json::from_str::<Value>(&text).is_ok());
        }
        if round % 20 == 0 {
            market.advance(market.now_us() + rng.u64(0..500_000), &mut sink);
            trading.on_market(&mut market, &mut sink);
            let _ = trading.connection_lost(rng.u64(0..3), &market);
            for instrument in market.universe().listed(None, None) {
                let best = |side| market.best(instrument.id(), side).map(|level| level.ticks);
                if let (Some(bid), Some(ask)) = (best(Side::Bid), best(Side::Ask)) {
                    assert!(bid < ask, "{}", instrument.name);
                }
            }
        }
    }
    assert!(done > ROUNDS / 4, "{done} calls succeeded");
}

#[test]
fn no_channel_text_panics() {
    let market = Market::new(MarketConfig::default(), 4, START);
    let mut rng = Rng::with_seed(5);
    let parts = [
        "book",
        "ticker",
        "trades",
        "chart",
        "BTC-PERPETUAL",
        "raw",
        "100ms",
        "none",
        "10",
        "future",
        "any",
        "btc",
        "",
        "é",
        "instrument",
        "state",
        "platform_state",
        "1D",
        "btc_usd",
        "markprice",
        "options",
    ];
    let mut known = 0;
    for _ in 0..50_000 {
        let text: Vec<&str> = (0..rng.usize(0..7)).map(|_| pick(&mut rng, &parts)).collect();
        let text = text.join(".");
        if let Some(key) = ChannelKey::parse(&text, market.universe()) {
            known += 1;
            let again = ChannelKey::parse(&key.name(market.universe()), market.universe());
            assert_eq!(again, Some(key), "{text}");
        }
    }
    assert!(known > 50, "{known}");
}
