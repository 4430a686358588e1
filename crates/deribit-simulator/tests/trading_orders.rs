//! Orders, fills, positions, private events, and cancel on disconnect.

use std::collections::BTreeSet;

use nova_deribit_simulator::{
    market::{
        ChannelKey, Currency, Decimal, InstrumentState, Market, MarketConfig, Notice, ParamError, Side,
    },
    trading::{
        AccountId, Caller, PrivateEvent, Subject, Trading, TradingConfig, TradingError, TradingMethod,
        TradingOutcome,
    },
};
use serde_json::{Value, json};

const START: u64 = 1_767_225_600_000_000;
const SECOND: u64 = 1_000_000;
const CALLER: Caller = Caller { account: AccountId(1001), connection: 7 };
const BTC: &str = "BTC-PERPETUAL";

struct Desk {
    market: Market,
    trading: Trading,
    public: Vec<Notice>,
}

impl Desk {
    fn new() -> Self {
        let mut trading = Trading::new(TradingConfig::default());
        trading.add_account(
            CALLER.account,
            &[(Currency::Btc, Decimal::new(10, 0)), (Currency::Usdc, Decimal::new(100_000, 0))],
        );
        Self { market: Market::new(MarketConfig::default(), 3, START), trading, public: Vec::new() }
    }

    fn call(&mut self, method: &str, params: Value) -> Result<TradingOutcome, TradingError> {
        self.call_as(CALLER, method, params)
    }

    fn call_as(
        &mut self,
        caller: Caller,
        method: &str,
        params: Value,
    ) -> Result<TradingOutcome, TradingError> {
        let method = TradingMethod::parse(method).expect("a trading method");
        let params = params.as_object().expect("it is there");
        self.trading.handle(method, caller, params, &mut self.market, &mut self.public)
    }

    fn ok(&mut self, method: &str, params: Value) -> Value {
        result(&self.call(method, params).expect("the call succeeds"))
    }

    fn err(&mut self, method: &str, params: Value) -> TradingError {
        self.call(method, params).expect_err("the call is refused")
    }

    /// The best price of a side, `better` ticks better.
    fn price(&self, name: &str, side: Side, worse: i64) -> f64 {
        let id = self.market.universe().find(name).expect("it is there");
        let best = self.market.best(id, side).expect("it is there").ticks;
        let ticks = if side == Side::Bid { best - worse } else { best + worse };
        self.market.universe().instrument(id).price(ticks).to_f64()
    }

    /// Lets the market run until something happens to an order of ours.
    fn run(&mut self, seconds: u64) -> Vec<PrivateEvent> {
        let end = self.market.now_us() + seconds * SECOND;
        while self.market.now_us() < end {
            let due = self.market.next_due().min(end);
            self.market.advance(due, &mut self.public);
            let events = self.trading.on_market(&mut self.market, &mut self.public);
            if !events.is_empty() {
                return events;
            }
        }
        Vec::new()
    }

    fn position(&mut self, name: &str) -> f64 {
        let positions = self.ok("private/get_positions", json!({}));
        let found = positions
            .as_array()
            .expect("it is there")
            .iter()
            .find(|position| position["instrument_name"] == name);
        found.map_or(0.0, |position| position["size"].as_f64().expect("it is there"))
    }

    fn balance(&mut self, currency: &str) -> f64 {
        self.ok("private/get_account_summary", json!({"currency": currency}))["balance"]
            .as_f64()
            .expect("it is there")
    }
}

fn result(outcome: &TradingOutcome) -> Value {
    serde_json::from_str(&outcome.result).expect("results are JSON")
}

fn data(event: &PrivateEvent) -> Value {
    serde_json::from_slice(&event.raw()).expect("data is JSON")
}

fn subjects(events: &[PrivateEvent]) -> Vec<&'static str> {
    let word = |event: &PrivateEvent| match event.subject {
        Subject::Order { .. } => "order",
        Subject::Trades { .. } => "trades",
        Subject::Changes { .. } => "changes",
        Subject::Portfolio { .. } => "portfolio",
        _ => "other",
    };
    events.iter().map(word).collect()
}

fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn names(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

const ORDER: &str = "label price user_id amount direction time_in_force instrument_name web api order_id \
    creation_timestamp replaced filled_amount last_update_timestamp post_only reduce_only average_price mmp \
    contracts order_state order_type is_liquidation risk_reducing";
const TRADE: &str = "label timestamp state price user_id amount direction index_price instrument_name \
    trade_seq api mark_price order_id matching_id tick_direction profit_loss post_only reduce_only \
    self_trade mmp contracts trade_id fee_currency fee order_type risk_reducing liquidity";
const POSITION: &str = "size kind maintenance_margin initial_margin direction index_price instrument_name \
    settlement_price mark_price interest_value delta average_price floating_profit_loss \
    realized_profit_loss total_profit_loss realized_funding leverage size_currency";
const PORTFOLIO: &str = "equity session_upl projected_delta_total additional_reserve \
    estimated_liquidation_ratio margin_model options_theta locked_balance options_pl \
    portfolio_margining_enabled total_pl spot_reserve session_rpl initial_margin projected_initial_margin \
    margin_balance options_vega options_session_rpl options_vega_map maintenance_margin futures_session_rpl \
    delta_total_map options_delta projected_maintenance_margin available_funds fee_balance \
    options_session_upl options_gamma futures_pl options_theta_map options_gamma_map \
    cross_collateral_enabled options_value delta_total balance estimated_liquidation_ratio_map \
    futures_session_upl currency available_withdrawal_funds";

#[test]
fn a_market_order_takes_from_the_book_and_prints_public_trades() {
    let mut desk = Desk::new();
    let trades = ChannelKey::parse("trades.BTC-PERPETUAL.raw", desk.market.universe()).unwrap();
    let book = ChannelKey::parse("book.BTC-PERPETUAL.raw", desk.market.universe()).unwrap();
    desk.market.watch(&trades);
    desk.market.watch(&book);
    let id = trades.instrument().unwrap();
    let ask = desk.market.best(id, Side::Ask).unwrap();
    let amount = (ask.steps + 1) * 10;
    let params = json!({"instrument_name": BTC, "amount": amount, "type": "market", "label": "a\"b"});
    let outcome = desk.call("private/buy", params).unwrap();
    let reply = result(&outcome);
    assert_eq!(reply["order"]["order_state"], "filled");
    assert_eq!(reply["order"]["label"], "a\"b");
    assert_eq!(reply["trades"].as_array().map(Vec::len), Some(2), "one trade a level");
    assert_eq!(subjects(&outcome.events), ["order", "trades", "changes", "portfolio"]);
    assert_eq!(members(&reply["order"]), names(ORDER));
    assert_eq!(members(&reply["trades"][0]), names(TRADE));
    let changes = data(&outcome.events[2]);
    assert_eq!(members(&changes), names("orders instrument_name trades positions"));
    assert_eq!(members(&changes["positions"][0]), names(POSITION));
    assert_eq!(changes["positions"][0]["direction"], "buy");
    assert_eq!(members(&data(&outcome.events[3])), names(PORTFOLIO));
    assert_eq!(data(&outcome.events[1]), reply["trades"]);
    let public: Vec<&Notice> = desk.public.iter().filter(|notice| notice.key == trades).collect();
    let public: Value = serde_json::from_slice(&public[0].data).unwrap();
    assert_eq!(public[0]["trade_id"], reply["trades"][0]["trade_id"]);
    assert_eq!(public[1]["trade_seq"], reply["trades"][1]["trade_seq"]);
    let change: Value =
        serde_json::from_slice(&desk.public.iter().find(|notice| notice.key == book).unwrap().data).unwrap();
    assert_eq!(change["asks"][0][0], "delete");
    assert_eq!(desk.position(BTC), amount as f64);
}

#[test]
fn sweeping_a_side_after_the_price_moved_does_not_cross_the_book() {
    let mut config = MarketConfig::default();
    config.volatility = 20.0;
    // Books that hardly move by themselves, so that they lie far behind the price.
    config.rates.scale = 0.01;
    let mut desk = Desk::new();
    desk.market = Market::new(config, 3, START);
    desk.trading.add_account(CALLER.account, &[(Currency::Btc, Decimal::new(1_000_000, 0))]);
    let id = desk.market.universe().find("BTC_USDC").unwrap();
    for round in 0..50 {
        desk.market.advance(desk.market.now_us() + 5 * SECOND, &mut Vec::new());
        let method = if round % 2 == 0 { "private/sell" } else { "private/buy" };
        let params = json!({"instrument_name": "BTC_USDC", "amount": 10, "type": "market"});
        let _ = desk.call(method, params);
        let best = |side| desk.market.best(id, side).unwrap().ticks;
        assert!(best(Side::Bid) < best(Side::Ask), "{round}");
    }
}

#[test]
fn a_resting_order_is_met_when_the_market_runs_over_it() {
    let mut desk = Desk::new();
    let price = desk.price(BTC, Side::Bid, 10);
    let params = json!({"instrument_name": BTC, "amount": 50, "price": price, "label": "rest"});
    let outcome = desk.call("private/buy", params).unwrap();
    assert_eq!(result(&outcome)["order"]["order_state"], "open");
    assert_eq!(subjects(&outcome.events), ["order", "changes", "portfolio"]);
    assert_eq!(desk.ok("private/get_open_orders", json!({})).as_array().map(Vec::len), Some(1));
    let events = desk.run(600);
    assert_eq!(subjects(&events), ["order", "trades", "changes", "portfolio"]);
    assert_eq!(data(&events[0])["order_state"], "filled");
    let trade = &data(&events[1])[0];
    assert_eq!((trade["liquidity"].as_str(), trade["price"].as_f64()), (Some("M"), Some(price)));
    assert_eq!(trade["fee"].as_f64(), Some(0.0));
    assert_eq!(desk.position(BTC), 50.0);
    let id = desk.market.universe().find(BTC).unwrap();
    let last = desk.market.last_trade(id).unwrap();
    assert_eq!(Some(last.seq), trade["trade_seq"].as_u64(), "the public saw it too");
    assert!(desk.ok("private/get_open_orders", json!({})).as_array().unwrap().is_empty());
}

#[test]
fn orders_that_may_not_rest_die() {
    let mut desk = Desk::new();
    let far = desk.price(BTC, Side::Bid, 50);
    for time_in_force in ["immediate_or_cancel", "fill_or_kill"] {
        let params =
            json!({"instrument_name": BTC, "amount": 10, "price": far, "time_in_force": time_in_force});
        let order = &desk.ok("private/buy", params)["order"];
        assert_eq!(order["order_state"], "cancelled");
        assert_eq!(order["filled_amount"].as_f64(), Some(0.0));
    }
    let id = desk.market.universe().find(BTC).unwrap();
    let ask = desk.market.best(id, Side::Ask).unwrap();
    let (price, amount) = (desk.price(BTC, Side::Ask, 0), (ask.steps + 5) * 10);
    let params = |time_in_force| json!({"instrument_name": BTC, "amount": amount, "price": price, "time_in_force": time_in_force});
    let killed = desk.ok("private/buy", params("fill_or_kill"));
    assert_eq!(killed["trades"], json!([]), "all or nothing");
    let partly = desk.ok("private/buy", params("immediate_or_cancel"));
    assert_eq!(partly["order"]["filled_amount"].as_f64(), Some((ask.steps * 10) as f64));
    assert_eq!(partly["order"]["order_state"], "cancelled");
}

#[test]
fn post_only_orders_never_take() {
    let mut desk = Desk::new();
    let ask = desk.price(BTC, Side::Ask, 0);
    let params = json!({"instrument_name": BTC, "amount": 10, "price": ask, "post_only": true});
    let order = &desk.ok("private/buy", params.clone())["order"];
    assert_eq!(order["order_state"], "open");
    assert_eq!(order["price"].as_f64(), Some(ask - 0.5), "it was moved below the offer");
    let mut rejecting = params;
    rejecting["reject_post_only"] = true.into();
    assert_eq!(desk.err("private/buy", rejecting), TradingError::PostOnlyReject);
}

#[test]
fn reduce_only_orders_never_open_a_position() {
    let mut desk = Desk::new();
    let sell = json!({"instrument_name": BTC, "amount": 100, "type": "market", "reduce_only": true});
    assert_eq!(desk.err("private/sell", sell.clone()), TradingError::ReduceOnly);
    desk.ok("private/buy", json!({"instrument_name": BTC, "amount": 40, "type": "market"}));
    let order = &desk.ok("private/sell", sell)["order"];
    assert_eq!(order["amount"].as_f64(), Some(40.0));
    assert_eq!(desk.position(BTC), 0.0);
}

#[test]
fn edits_change_the_order_and_may_fill_it() {
    let mut desk = Desk::new();
    let price = desk.price(BTC, Side::Bid, 40);
    let order =
        desk.ok("private/buy", json!({"instrument_name": BTC, "amount": 20, "price": price}))["order"]
            .clone();
    let id = order["order_id"].clone();
    let edited = desk.ok("private/edit", json!({"order_id": id, "amount": 30, "price": price - 1.0}));
    assert_eq!(edited["order"]["replaced"], true);
    assert_eq!(edited["order"]["amount"].as_f64(), Some(30.0));
    let ask = desk.price(BTC, Side::Ask, 30);
    let filled = desk.ok("private/edit", json!({"order_id": id, "amount": 30, "price": ask}));
    assert_eq!(filled["order"]["order_state"], "filled");
    assert!(!filled["trades"].as_array().unwrap().is_empty());
    assert_eq!(desk.err("private/edit", json!({"order_id": id, "amount": 40})), TradingError::NotOpenOrder);
}

#[test]
fn cancelling_has_a_reason_and_a_count() {
    let mut desk = Desk::new();
    let place = |desk: &mut Desk, name: &str, label: &str| {
        let price = desk.price(name, Side::Bid, 30);
        let params = json!({"instrument_name": name, "amount": 10, "price": price, "label": label});
        desk.ok("private/buy", params)["order"]["order_id"].clone()
    };
    let first = place(&mut desk, BTC, "x");
    for label in ["x", "y", "y", "z"] {
        place(&mut desk, BTC, label);
    }
    let outcome = desk.call("private/cancel", json!({"order_id": first})).unwrap();
    assert_eq!(result(&outcome)["order_state"], "cancelled");
    assert_eq!(result(&outcome)["cancel_reason"], "user_request");
    assert_eq!(subjects(&outcome.events), ["order", "changes", "portfolio"]);
    assert_eq!(desk.err("private/cancel", json!({"order_id": first})), TradingError::NotOpenOrder);
    assert_eq!(desk.ok("private/get_order_state", json!({"order_id": first}))["order_state"], "cancelled");
    assert_eq!(desk.ok("private/cancel_by_label", json!({"label": "y", "currency": "ETH"})), json!(0));
    assert_eq!(desk.ok("private/cancel_by_label", json!({"label": "y"})), json!(2));
    assert_eq!(desk.ok("private/cancel_all", json!({})), json!(2));
    assert_eq!(desk.ok("private/cancel_all", json!({})), json!(0));
}

#[test]
fn wrong_orders_are_told_what_is_wrong() {
    let mut desk = Desk::new();
    let locked = "ETH_USDC";
    let good = json!({"instrument_name": BTC, "amount": 10, "price": 80_000});
    let with = |name: &str, value: Value| {
        let mut params = good.clone();
        params[name] = value;
        params
    };
    let without = |name: &str| {
        let mut params = good.clone();
        params.as_object_mut().unwrap().remove(name);
        params
    };
    let past = START / 1_000 - 1;
    for (params, code, message) in [
        (without("instrument_name"), -32_602, "Invalid params"),
        (without("amount"), -32_602, "Invalid params"),
        (without("price"), -32_602, "Invalid params"),
        (with("amount", json!(15)), -32_602, "Invalid params"),
        (with("amount", json!("10")), -32_602, "Invalid params"),
        (with("amount", json!(-10)), -32_602, "Invalid params"),
        (with("amount", json!(1e300)), -32_602, "Invalid params"),
        (with("type", json!("stop_market")), -32_602, "Invalid params"),
        (with("label", json!("x".repeat(65))), -32_602, "Invalid params"),
        (with("post_only", json!("yes")), -32_602, "Invalid params"),
        (with("price", json!(80_000.3)), 10_043, "price_wrong_tick"),
        (with("price", json!(0)), 10_005, "price_too_low 0.5"),
        (with("valid_until", json!(past)), 13_888, "timed_out"),
        (with("amount", json!(50_000_000)), 10_009, "not_enough_funds"),
    ] {
        let error = desk.err("private/buy", params.clone());
        assert_eq!((error.code(), error.message().as_str()), (code, message), "{params}");
        assert_eq!(error.data().is_some(), code == -32_602);
    }
    let multiple = desk.err("private/buy", with("amount", json!(15)));
    let expected = r#"{"reason":"must be a multiple of contract size","param":"amount"}"#;
    assert_eq!(multiple.data().as_deref(), Some(expected));
    let high = desk.err("private/buy", with("price", json!(900_000)));
    assert_eq!(high.code(), 10_007);
    assert!(high.message().starts_with("price_too_high 8"), "{}", high.message());
    assert_eq!(
        desk.err("private/cancel", json!({"order_id": "ETH-74000000000"})),
        TradingError::OrderNotFound
    );
    assert_eq!(desk.err("private/cancel", json!({"order_id": "nonsense"})), TradingError::OrderNotFound);
    let pair = json!({"instrument_name": locked, "amount": 0.001, "type": "market"});
    assert_eq!(desk.err("private/buy", pair).code(), 10_019);
    assert!(desk.ok("private/get_open_orders", json!({})).as_array().unwrap().is_empty(), "nothing happened");
}

#[test]
fn orders_of_others_are_not_found() {
    let mut desk = Desk::new();
    let price = desk.price(BTC, Side::Bid, 30);
    let order = desk.ok("private/buy", json!({"instrument_name": BTC, "amount": 10, "price": price}));
    let stranger = Caller { account: AccountId(1002), connection: 8 };
    let params = json!({"order_id": order["order"]["order_id"]});
    let refused = desk.call_as(stranger, "private/cancel", params);
    assert_eq!(refused.expect_err("not theirs"), TradingError::OrderNotFound);
}

#[test]
fn nothing_is_matched_during_the_settlement() {
    let mut desk = Desk::new();
    desk.market.settle(5 * SECOND, &mut Vec::new());
    let order = json!({"instrument_name": BTC, "amount": 10, "type": "market"});
    assert_eq!(desk.err("private/buy", order.clone()).code(), 10_041);
    assert_eq!(desk.err("private/cancel_all", json!({})).code(), 10_041);
    desk.ok("private/get_positions", json!({}));
    desk.market.advance(START + 5 * SECOND, &mut Vec::new());
    desk.ok("private/buy", order);
}

#[test]
fn a_locked_index_stops_trading() {
    let mut desk = Desk::new();
    let index = desk.market.universe().find_index("btc_usd").unwrap();
    desk.market.set_index_lock(index, true, &mut Vec::new());
    let order = json!({"instrument_name": BTC, "amount": 10, "type": "market"});
    assert_eq!(desk.err("private/buy", order), TradingError::Locked);
}

#[test]
fn money_and_positions_add_up() {
    let mut desk = Desk::new();
    let before = desk.balance("BTC");
    desk.ok("private/buy", json!({"instrument_name": BTC, "amount": 1000, "type": "market"}));
    desk.run(30);
    desk.ok("private/sell", json!({"instrument_name": BTC, "amount": 1600, "type": "market"}));
    assert_eq!(desk.position(BTC), -600.0);
    desk.ok("private/buy", json!({"instrument_name": BTC, "amount": 600, "type": "market"}));
    assert_eq!(desk.position(BTC), 0.0);
    let trades =
        desk.ok("private/get_user_trades_by_instrument", json!({"instrument_name": BTC, "count": 1000}));
    assert_eq!(trades["has_more"], false);
    // What was bought and sold in dollars, in coins at each price, is what the balance gained.
    let mut expected = before;
    for trade in trades["trades"].as_array().unwrap() {
        let sign = if trade["direction"] == "buy" { 1.0 } else { -1.0 };
        let (amount, price) = (trade["amount"].as_f64().unwrap(), trade["price"].as_f64().unwrap());
        expected += sign * amount / price - trade["fee"].as_f64().unwrap();
    }
    let after = desk.balance("BTC");
    assert!((after - expected).abs() < 1e-6, "{after} {expected}");
    assert!(after < before, "fees and spreads are paid");
}

#[test]
fn spot_trades_exchange_money() {
    let mut desk = Desk::new();
    let (btc, usdc) = (desk.balance("BTC"), desk.balance("USDC"));
    let reply =
        desk.ok("private/buy", json!({"instrument_name": "BTC_USDC", "amount": 0.01, "type": "market"}));
    let (price, fee) = (&reply["trades"][0]["price"], reply["trades"][0]["fee"].as_f64().unwrap());
    assert!((desk.balance("BTC") - btc - 0.01).abs() < 1e-9);
    let paid = usdc - desk.balance("USDC");
    assert!((paid - 0.01 * price.as_f64().unwrap() - fee).abs() < 1e-6, "{paid}");
    let too_much = json!({"instrument_name": "BTC_USDC", "amount": 50, "type": "market"});
    assert_eq!(desk.err("private/sell", too_much), TradingError::NotEnoughFunds);
}

#[test]
fn options_are_paid_for_at_once() {
    let mut desk = Desk::new();
    let name = "BTC-27MAR26-87000-C";
    let before = desk.balance("BTC");
    let reply = desk.ok("private/buy", json!({"instrument_name": name, "amount": 0.1, "type": "market"}));
    let trade = &reply["trades"][0];
    assert!(trade["iv"].as_f64().unwrap() > 10.0);
    let paid = before - desk.balance("BTC");
    let expected = 0.1 * trade["price"].as_f64().unwrap() + trade["fee"].as_f64().unwrap();
    assert!((paid - expected).abs() < 1e-8, "{paid} {expected}");
    let summary = desk.ok("private/get_account_summary", json!({"currency": "BTC", "extended": true}));
    assert!(summary["options_value"].as_f64().unwrap() > 0.0);
    assert!(summary["limits"]["matching_engine"].is_object());
    let short = desk.ok("private/get_account_summary", json!({"currency": "BTC"}));
    assert!(short.get("limits").is_none());
}

#[test]
fn a_lost_connection_cancels_its_orders_if_that_was_wished() {
    let mut desk = Desk::new();
    let other = Caller { connection: 8, ..CALLER };
    let price = desk.price(BTC, Side::Bid, 60);
    let params = json!({"instrument_name": BTC, "amount": 10, "price": price});
    desk.trading.connection_opened(7, CALLER.account);
    desk.trading.connection_opened(8, CALLER.account);
    desk.ok("private/buy", params.clone());
    desk.call_as(other, "private/buy", params.clone()).unwrap();
    assert!(desk.trading.connection_lost(8, &desk.market).is_empty(), "nobody wished it");
    assert_eq!(desk.ok("private/enable_cancel_on_disconnect", json!({})), json!("ok"));
    let state = desk.ok("private/get_cancel_on_disconnect", json!({"scope": "connection"}));
    assert_eq!(state, json!({"scope": "connection", "enabled": true}));
    let events = desk.trading.connection_lost(7, &desk.market);
    assert_eq!(subjects(&events), ["order", "changes", "portfolio"]);
    assert_eq!(data(&events[0])["cancel_reason"], "cancel_on_disconnect");
    assert_eq!(desk.trading.open_orders(CALLER.account, &desk.market).len(), 1, "that of the other one");

    desk.ok("private/enable_cancel_on_disconnect", json!({"scope": "account"}));
    let state = desk.ok("private/get_cancel_on_disconnect", json!({"scope": "account"}));
    assert_eq!(state["enabled"], true);
    let next = Caller { connection: 9, ..CALLER };
    desk.trading.connection_opened(9, CALLER.account);
    desk.call_as(next, "private/buy", params.clone()).unwrap();
    assert!(!desk.trading.connection_lost(9, &desk.market).is_empty(), "the account wished it");
    let last = Caller { connection: 10, ..CALLER };
    desk.trading.connection_opened(10, CALLER.account);
    desk.call_as(last, "private/buy", params).unwrap();
    desk.trading.connection_left(10);
    assert!(desk.trading.connection_lost(10, &desk.market).is_empty(), "it logged out");
    let wrong = desk.err("private/enable_cancel_on_disconnect", json!({"scope": "world"}));
    assert_eq!(wrong, TradingError::Param(ParamError::Format("scope")));
}

#[test]
fn slots_of_private_channels_gather_events() {
    let mut desk = Desk::new();
    let mut events = Vec::new();
    for name in [BTC, "ETH_USDC-PERPETUAL", BTC] {
        let amount = if name == BTC { json!(10) } else { json!(0.001) };
        let params = json!({"instrument_name": name, "amount": amount, "type": "market"});
        events.extend(desk.call("private/buy", params).unwrap().events);
    }
    let of = |word: &str| -> Vec<PrivateEvent> {
        events.iter().filter(|event| subjects(std::slice::from_ref(*event)) == [word]).cloned().collect()
    };
    let merged = |word| -> Vec<Value> {
        let messages = PrivateEvent::merged(&of(word));
        messages.iter().map(|data| serde_json::from_slice(data).unwrap()).collect()
    };
    assert_eq!(merged("order").len(), 1);
    assert_eq!(merged("order")[0].as_array().map(Vec::len), Some(3));
    assert!(data(&of("order")[0]).is_object(), "raw is one object");
    assert_eq!(merged("trades")[0].as_array().map(Vec::len), Some(3));
    let changes = merged("changes");
    assert_eq!(changes.len(), 2, "one for each instrument");
    assert_eq!(changes[0]["orders"].as_array().map(Vec::len), Some(2));
    assert_eq!(changes[0]["positions"].as_array().map(Vec::len), Some(1));
    assert_eq!(changes[0]["positions"][0]["size"].as_f64(), Some(20.0));
    assert!(PrivateEvent::merged(&[]).is_empty());
    let about = of("order")[1].about().cloned().unwrap();
    assert_eq!((&*about.name, about.currency), ("ETH_USDC-PERPETUAL", Currency::Usdc));
}

#[test]
fn what_rests_in_an_expired_instrument_is_cancelled_and_positions_are_paid_out() {
    let mut desk = Desk::new();
    let name = "BTC-27MAR26";
    let id = desk.market.universe().find(name).unwrap();
    desk.ok("private/buy", json!({"instrument_name": name, "amount": 100, "type": "market"}));
    let price = desk.price(name, Side::Bid, 10);
    desk.ok("private/buy", json!({"instrument_name": name, "amount": 10, "price": price}));
    desk.market.set_state(id, InstrumentState::Delivered, &mut Vec::new());
    let events = desk.trading.on_market(&mut desk.market, &mut Vec::new());
    assert_eq!(data(&events[0])["order_state"], "cancelled");
    assert_eq!(desk.position(name), 0.0);
    let order = json!({"instrument_name": name, "amount": 10, "type": "market"});
    assert_eq!(desk.err("private/buy", order), TradingError::BookClosed);
}

#[test]
fn closed_orders_are_forgotten_in_the_end() {
    let mut config = TradingConfig::default();
    config.kept = 3;
    let mut desk = Desk::new();
    desk.trading = Trading::new(config);
    desk.trading.add_account(CALLER.account, &[(Currency::Btc, Decimal::new(10, 0))]);
    let mut ids = Vec::new();
    for _ in 0..5 {
        let params = json!({"instrument_name": BTC, "amount": 10, "type": "market"});
        ids.push(desk.ok("private/buy", params)["order"]["order_id"].clone());
    }
    let state = |desk: &mut Desk, id: &Value| desk.call("private/get_order_state", json!({"order_id": id}));
    assert_eq!(state(&mut desk, &ids[1]).expect_err("forgotten"), TradingError::OrderNotFound);
    assert!(state(&mut desk, &ids[2]).is_ok());
}
