//! Answers to public questions, and to wrong ones.

use std::collections::BTreeSet;

use nova_deribit_simulator::market::{Market, MarketConfig, NumberStyle, ParamError};
use serde_json::{Value, json};

const START: u64 = 1_767_225_600_000_000;

fn market() -> Market {
    let mut market = Market::new(MarketConfig::default(), 2, START);
    market.advance(START + 60_000_000, &mut Vec::new());
    market
}

fn ask(market: &Market, method: &str, params: Value) -> Result<Value, ParamError> {
    let params = params.as_object().expect("parameters are an object");
    let answer = market.answer(method, params).unwrap_or_else(|| panic!("{method}"));
    answer.map(|text| serde_json::from_str(&text).expect("results are JSON"))
}

#[test]
fn instruments_are_listed_by_currency_and_kind() {
    let market = market();
    let count =
        |params| ask(&market, "public/get_instruments", params).unwrap().as_array().map(Vec::len).unwrap();
    assert_eq!(count(json!({"currency": "BTC", "kind": "option"})), 36);
    assert_eq!(count(json!({"currency": "BTC", "kind": "future"})), 3);
    assert_eq!(count(json!({"currency": "btc"})), 39);
    assert_eq!(count(json!({"currency": "USDC", "kind": "spot"})), 2);
    assert_eq!(count(json!({"currency": "any"})), market.universe().instruments().len());
    assert_eq!(count(json!({"currency": "BTC", "expired": true})), 0);
}

#[test]
fn an_instrument_has_the_members_of_its_kind() {
    let market = market();
    let members = |name| -> BTreeSet<String> {
        let answer = ask(&market, "public/get_instrument", json!({"instrument_name": name})).unwrap();
        answer.as_object().unwrap().keys().cloned().collect()
    };
    let common = "tick_size tick_size_steps taker_commission settlement_period settlement_currency rfq \
        quote_currency price_index min_trade_amount maker_commission kind is_active instrument_name \
        instrument_id expiration_timestamp creation_timestamp counter_currency contract_size \
        block_trade_tick_size block_trade_min_trade_amount block_trade_commission base_currency state \
        instrument_type";
    let with = |more: &str| -> BTreeSet<String> {
        common.split_whitespace().chain(more.split_whitespace()).map(str::to_owned).collect()
    };
    assert_eq!(members("BTC-PERPETUAL"), with("max_liquidation_commission max_leverage"));
    assert_eq!(members("BTC-27MAR26-87000-P"), with("strike option_type"));
    let option =
        ask(&market, "public/get_instrument", json!({"instrument_name": "XRP_USDC-27MAR26-0d625-C"}));
    assert_eq!(option.unwrap()["strike"], 0.625);
}

#[test]
fn an_order_book_agrees_with_the_ground_truth() {
    let market = market();
    let id = market.universe().find("ETH-PERPETUAL").unwrap();
    let truth = market.book(id);
    for depth in [1, 5, 10_000] {
        let params = json!({"instrument_name": "ETH-PERPETUAL", "depth": depth});
        let book = ask(&market, "public/get_order_book", params).unwrap();
        assert_eq!(book["change_id"], truth.change_id);
        let bids = book["bids"].as_array().unwrap();
        assert_eq!(bids.len(), truth.bids.len().min(depth));
        assert_eq!(bids[0][0].as_f64(), Some(truth.bids[0].0.to_f64()));
        assert_eq!(book["best_bid_price"], bids[0][0]);
        assert!(book["stats"].is_object() && book["mark_price"].is_number());
    }
}

#[test]
fn last_trades_can_be_fetched_by_their_numbers() {
    let market = market();
    let last = |mut params: Value| {
        params["instrument_name"] = "BTC-PERPETUAL".into();
        let answer = ask(&market, "public/get_last_trades_by_instrument", params).unwrap();
        let trades = answer["trades"].as_array().unwrap().clone();
        let seqs: Vec<u64> = trades.iter().map(|trade| trade["trade_seq"].as_u64().unwrap()).collect();
        (seqs, answer["has_more"].as_bool().unwrap())
    };
    let newest = market.last_trade(market.universe().find("BTC-PERPETUAL").unwrap()).unwrap().seq;
    let (seqs, has_more) = last(json!({}));
    assert_eq!(seqs, (0..10).map(|back| newest - back).collect::<Vec<_>>());
    assert!(has_more);
    let (seqs, has_more) = last(json!({"start_seq": newest - 3, "count": 1000}));
    assert_eq!((seqs, has_more), ((newest - 3..=newest).collect(), false));
    let (seqs, _) = last(json!({"start_seq": newest - 5, "end_seq": newest - 4, "sorting": "desc"}));
    assert_eq!(seqs, [newest - 4, newest - 5]);
}

#[test]
fn simple_questions_have_simple_answers() {
    let market = market();
    assert_eq!(ask(&market, "public/status", json!({})), Ok(json!({"locked": "false"})));
    let index = ask(&market, "public/get_index_price", json!({"index_name": "eth_usd"})).unwrap();
    assert!(index["index_price"].is_number() && index["estimated_delivery_price"].is_number());
    let currencies = ask(&market, "public/get_currencies", json!({})).unwrap();
    assert_eq!(currencies.as_array().map(Vec::len), Some(5));
    let ticker = ask(&market, "public/ticker", json!({"instrument_name": "BTC_USDC"})).unwrap();
    assert_eq!(ticker["instrument_name"], "BTC_USDC");
    assert!(market.answer("public/hello", &serde_json::Map::new()).is_none());
}

#[test]
fn wrong_questions_are_told_what_is_wrong() {
    let market = market();
    let book = "public/get_order_book";
    let trades = "public/get_last_trades_by_instrument";
    let name = "BTC-PERPETUAL";
    for (method, params, error) in [
        (book, json!({}), ParamError::Required("instrument_name")),
        (book, json!({"instrument_name": 5}), ParamError::Format("instrument_name")),
        (book, json!({"instrument_name": "BTC-1JAN20"}), ParamError::UnknownInstrument),
        (book, json!({"instrument_name": "btc perpetual"}), ParamError::WrongFormat),
        (book, json!({"instrument_name": name, "depth": 7}), ParamError::Format("depth")),
        (book, json!({"instrument_name": name, "depth": 20000}), ParamError::TooHigh("depth")),
        (book, json!({"instrument_name": name, "depth": "5"}), ParamError::Format("depth")),
        (trades, json!({"instrument_name": name, "count": 1001}), ParamError::TooHigh("count")),
        (trades, json!({"instrument_name": name, "count": 0}), ParamError::TooLow("count")),
        (trades, json!({"instrument_name": name, "sorting": "up"}), ParamError::Format("sorting")),
        ("public/get_instruments", json!({}), ParamError::Required("currency")),
        ("public/get_instruments", json!({"currency": "DOGE"}), ParamError::InvalidCurrency),
        ("public/get_instruments", json!({"currency": "BTC", "kind": "x"}), ParamError::Format("kind")),
        ("public/get_index_price", json!({}), ParamError::Required("index_name")),
        ("public/get_index_price", json!({"index_name": "x_y"}), ParamError::Format("index_name")),
    ] {
        assert_eq!(ask(&market, method, params.clone()), Err(error), "{method} {params}");
    }
}

#[test]
fn plain_numbers_have_no_point_where_none_is_needed() {
    let mut config = MarketConfig::default();
    config.number_style = NumberStyle::Plain;
    let market = Market::new(config, 2, START);
    let params = json!({"instrument_name": "BTC-PERPETUAL"});
    let text = market.answer("public/get_instrument", params.as_object().unwrap()).unwrap().unwrap();
    assert!(text.contains("\"contract_size\":10,"), "{text}");
    assert!(!text.contains(".0,"), "{text}");
}
