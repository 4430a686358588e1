//! Every call is written as the venue wants it.

use nova_adapter_deribit::{CancelScope, Decimal, DeribitDialect, Kind, Resolution, calls::*, items::*};
use nova_behaviour::{Call, Idempotent};
use serde_json::Value;

/// A call as it travels: the method and the parameters.
fn wire(call: impl Call<DeribitDialect>) -> (String, String) {
    let request = call.into_request();
    let params = request.params().expect("these can be written");
    (request.method().to_owned(), params.to_owned())
}

/// Checks one call; members may come in any order.
#[track_caller]
fn check(call: impl Call<DeribitDialect>, method: &str, params: &str) {
    let (got_method, got_params) = wire(call);
    assert_eq!(got_method, method);
    let value = |text| serde_json::from_str::<Value>(text).expect("it is JSON");
    assert_eq!(value(&got_params), value(params), "{method}");
}

/// The same for one that only reads, which may be replayed.
#[track_caller]
fn check_read(call: impl Call<DeribitDialect> + Idempotent, method: &str, params: &str) {
    check(call, method, params);
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("it is a number")
}

#[test]
fn calls_about_the_connection() {
    let ten = std::time::Duration::from_secs(10);
    check(SetHeartbeat::new(ten), "public/set_heartbeat", r#"{"interval":10}"#);
    check(DisableHeartbeat::new(), "public/disable_heartbeat", "{}");
    check(EnableCancelOnDisconnect::new(), "private/enable_cancel_on_disconnect", "{}");
    check(
        EnableCancelOnDisconnect::default().with_scope(CancelScope::Account),
        "private/enable_cancel_on_disconnect",
        r#"{"scope":"account"}"#,
    );
    check(
        DisableCancelOnDisconnect::new().with_scope(CancelScope::Connection),
        "private/disable_cancel_on_disconnect",
        r#"{"scope":"connection"}"#,
    );
    check_read(
        GetCancelOnDisconnect::new().with_scope(CancelScope::Account),
        "private/get_cancel_on_disconnect",
        r#"{"scope":"account"}"#,
    );
    check_read(GetTime::new(), "public/get_time", "{}");
    check_read(Status::new(), "public/status", "{}");
    check_read(Test::new(), "public/test", "{}");
    check_read(
        Test::new().with_expected_result("exception"),
        "public/test",
        r#"{"expected_result":"exception"}"#,
    );
    check_read(Hello::new("desk", "0.3"), "public/hello", r#"{"client_name":"desk","client_version":"0.3"}"#);
}

#[test]
fn calls_about_tokens() {
    check(
        Auth::by_credentials("key", "hush").with_scope("session:night trade:read").with_state("s"),
        "public/auth",
        r#"{"grant_type":"client_credentials","client_id":"key","client_secret":"hush",
            "scope":"session:night trade:read","state":"s"}"#,
    );
    check(
        Auth::by_signature("key", at(1_795_000_000_000), "abcd1234", "", "00ff"),
        "public/auth",
        r#"{"grant_type":"client_signature","client_id":"key","timestamp":1795000000000,"nonce":"abcd1234",
            "data":"","signature":"00ff"}"#,
    );
    check(
        Auth::by_refresh_token("hush"),
        "public/auth",
        r#"{"grant_type":"refresh_token","refresh_token":"hush"}"#,
    );
    check(
        ExchangeToken::new("hush", 12),
        "public/exchange_token",
        r#"{"refresh_token":"hush","subject_id":12}"#,
    );
    check(
        ExchangeToken::new("hush", 12).with_scope("trade:read"),
        "public/exchange_token",
        r#"{"refresh_token":"hush","subject_id":12,"scope":"trade:read"}"#,
    );
    check(
        ForkToken::new("hush", "night"),
        "public/fork_token",
        r#"{"refresh_token":"hush","session_name":"night"}"#,
    );
    check(Logout::new(), "private/logout", "{}");
    check(Logout::new().keeping_tokens(), "private/logout", r#"{"invalidate_token":false}"#);
}

#[test]
fn calls_about_the_market() {
    let eth = "ETH-PERPETUAL";
    let of_eth = r#"{"instrument_name":"ETH-PERPETUAL"}"#;
    check_read(GetInstruments::new("any"), "public/get_instruments", r#"{"currency":"any"}"#);
    check_read(
        GetInstruments::new("ETH").with_kind(Kind::FutureCombo).with_expired(true).as_floats(),
        "public/get_instruments",
        r#"{"currency":"ETH","kind":"future_combo","expired":true}"#,
    );
    check_read(GetInstrument::new(eth), "public/get_instrument", of_eth);
    check_read(GetTicker::new(eth), "public/ticker", of_eth);
    check_read(
        GetOrderBook::new(eth).with_depth(20),
        "public/get_order_book",
        r#"{"instrument_name":"ETH-PERPETUAL","depth":20}"#,
    );
    check_read(
        GetLastTradesByInstrument::new(eth)
            .with_start_seq(7)
            .with_end_seq(9)
            .with_start_timestamp(at(1))
            .with_end_timestamp(at(2))
            .with_count(3)
            .with_sorting(Sorting::Ascending),
        "public/get_last_trades_by_instrument",
        r#"{"instrument_name":"ETH-PERPETUAL","start_seq":7,"end_seq":9,"start_timestamp":1,"end_timestamp":2,
            "count":3,"sorting":"asc"}"#,
    );
    check_read(
        GetLastTradesByInstrumentAndTime::new(eth, at(1), at(2)).with_sorting(Sorting::Default),
        "public/get_last_trades_by_instrument_and_time",
        r#"{"instrument_name":"ETH-PERPETUAL","start_timestamp":1,"end_timestamp":2,"sorting":"default"}"#,
    );
    check_read(
        GetLastTradesByCurrency::new("ETH")
            .with_start_id("ETH-7")
            .with_end_id("ETH-9")
            .with_kind(Kind::Option),
        "public/get_last_trades_by_currency",
        r#"{"currency":"ETH","start_id":"ETH-7","end_id":"ETH-9","kind":"option"}"#,
    );
    check_read(
        GetLastTradesByCurrencyAndTime::new("ETH", at(1), at(2)).with_count(5),
        "public/get_last_trades_by_currency_and_time",
        r#"{"currency":"ETH","start_timestamp":1,"end_timestamp":2,"count":5}"#,
    );
    check_read(GetIndexPrice::new("eth_usd"), "public/get_index_price", r#"{"index_name":"eth_usd"}"#);
    check_read(GetIndexPriceNames::new(), "public/get_index_price_names", "{}");
    check_read(GetCurrencies::new(), "public/get_currencies", "{}");
    check_read(
        GetBookSummaryByCurrency::new("ETH").with_kind(Kind::Spot),
        "public/get_book_summary_by_currency",
        r#"{"currency":"ETH","kind":"spot"}"#,
    );
    check_read(GetBookSummaryByInstrument::new(eth), "public/get_book_summary_by_instrument", of_eth);
    check_read(GetContractSize::new(eth), "public/get_contract_size", of_eth);
    let in_a_time = r#"{"instrument_name":"ETH-PERPETUAL","start_timestamp":1,"end_timestamp":2}"#;
    check_read(GetFundingRateValue::new(eth, at(1), at(2)), "public/get_funding_rate_value", in_a_time);
    check_read(GetFundingRateHistory::new(eth, at(1), at(2)), "public/get_funding_rate_history", in_a_time);
    check_read(
        GetHistoricalVolatility::new("ETH"),
        "public/get_historical_volatility",
        r#"{"currency":"ETH"}"#,
    );
    check_read(
        GetTradingviewChartData::new(eth, at(1), at(2), Resolution::Day),
        "public/get_tradingview_chart_data",
        r#"{"instrument_name":"ETH-PERPETUAL","start_timestamp":1,"end_timestamp":2,"resolution":"1D"}"#,
    );
}

#[test]
fn orders_of_every_kind() {
    let eth = "ETH-PERPETUAL";
    let price = decimal("3998.75");
    check(
        Buy::limit(eth, 250, price),
        "private/buy",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":250,"type":"limit","price":3998.75}"#,
    );
    check(
        Sell::limit(eth, 250, price)
            .with_label("mine")
            .with_time_in_force(TimeInForce::FillOrKill)
            .with_display_amount(10)
            .with_valid_until(at(9))
            .with_advanced(Advanced::ImpliedVolatility)
            .post_only_or_reject()
            .reduce_only()
            .protected()
            .as_floats(),
        "private/sell",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":250,"type":"limit","price":3998.75,"label":"mine",
            "time_in_force":"fill_or_kill","display_amount":10,"valid_until":9,"advanced":"implv",
            "post_only":true,"reject_post_only":true,"reduce_only":true,"mmp":true}"#,
    );
    check(
        Buy::limit(eth, 1, 2).post_only(),
        "private/buy",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":1,"type":"limit","price":2,"post_only":true}"#,
    );
    check(
        Sell::market(eth, decimal("0.5")).with_label("mine"),
        "private/sell",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":0.5,"type":"market","label":"mine"}"#,
    );
    check(
        Buy::market_limit(eth, 1).with_time_in_force(TimeInForce::GoodTilDay),
        "private/buy",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":1,"type":"market_limit","time_in_force":"good_til_day"}"#,
    );
    check(
        Sell::stop_limit(eth, 1, 3_900, Trigger::IndexPrice, 3_901),
        "private/sell",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":1,"type":"stop_limit","price":3900,
            "trigger":"index_price","trigger_price":3901}"#,
    );
    check(
        Sell::stop_market(eth, 1, Trigger::MarkPrice, 3_901),
        "private/sell",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":1,"type":"stop_market","trigger":"mark_price",
            "trigger_price":3901}"#,
    );
    check(
        Buy::take_limit(eth, 1, 3_900, Trigger::LastPrice, 3_901),
        "private/buy",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":1,"type":"take_limit","price":3900,
            "trigger":"last_price","trigger_price":3901}"#,
    );
    check(
        Buy::take_market(eth, 1, Trigger::LastPrice, 3_901),
        "private/buy",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":1,"type":"take_market","trigger":"last_price",
            "trigger_price":3901}"#,
    );
    check(
        Sell::trailing_stop(eth, 1, Trigger::MarkPrice, 25),
        "private/sell",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":1,"type":"trailing_stop","trigger":"mark_price",
            "trigger_offset":25}"#,
    );
}

#[test]
fn amounts_travel_digit_for_digit() {
    let amount = decimal("0.1000000000000000055511151231");
    let (_, params) = wire(Buy::limit("BTC_USDC", amount, decimal("70000.10")));
    assert!(params.contains(r#""amount":0.1000000000000000055511151231,"#), "{params}");
    assert!(params.contains(r#""price":70000.10"#), "{params}");
}

#[test]
fn changes_and_cancellations() {
    let eth = "ETH-PERPETUAL";
    check(
        Edit::new("ETH-7", 5).with_price(decimal("3999.5")).with_post_only(true).with_valid_until(at(9)),
        "private/edit",
        r#"{"order_id":"ETH-7","amount":5,"price":3999.5,"post_only":true,"valid_until":9}"#,
    );
    check(
        Edit::new("ETH-7", 5)
            .with_trigger_price(1)
            .with_trigger_offset(2)
            .with_display_amount(3)
            .with_reject_post_only(true)
            .with_reduce_only(false),
        "private/edit",
        r#"{"order_id":"ETH-7","amount":5,"trigger_price":1,"trigger_offset":2,"display_amount":3,
            "reject_post_only":true,"reduce_only":false}"#,
    );
    check(
        EditByLabel::new("mine", eth, 5).with_price(4_000),
        "private/edit_by_label",
        r#"{"label":"mine","instrument_name":"ETH-PERPETUAL","amount":5,"price":4000}"#,
    );
    check(Cancel::new("ETH-7"), "private/cancel", r#"{"order_id":"ETH-7"}"#);
    check(CancelAll::new(), "private/cancel_all", "{}");
    check(CancelAll::new().with_freeze_quotes(true), "private/cancel_all", r#"{"freeze_quotes":true}"#);
    check(
        CancelAllByCurrency::new("ETH").with_kind(Kind::Option).with_type(OrderFilter::TriggerAll),
        "private/cancel_all_by_currency",
        r#"{"currency":"ETH","kind":"option","type":"trigger_all"}"#,
    );
    check(
        CancelAllByInstrument::new(eth).with_type(OrderFilter::Limit).with_include_combos(true),
        "private/cancel_all_by_instrument",
        r#"{"instrument_name":"ETH-PERPETUAL","type":"limit","include_combos":true}"#,
    );
    check(
        CancelAllByKindOrType::new("any").with_kind(Kind::Any).with_type(OrderFilter::All),
        "private/cancel_all_by_kind_or_type",
        r#"{"currency":"any","kind":"any","type":"all"}"#,
    );
    check(
        CancelByLabel::new("mine").with_currency("ETH"),
        "private/cancel_by_label",
        r#"{"label":"mine","currency":"ETH"}"#,
    );
    check(
        ClosePosition::at_market(eth),
        "private/close_position",
        r#"{"instrument_name":"ETH-PERPETUAL","type":"market"}"#,
    );
    check(
        ClosePosition::at_limit(eth, decimal("4000.5")).as_floats(),
        "private/close_position",
        r#"{"instrument_name":"ETH-PERPETUAL","type":"limit","price":4000.5}"#,
    );
}

#[test]
fn questions_about_ones_own() {
    let eth = "ETH-PERPETUAL";
    check_read(GetOpenOrders::new(), "private/get_open_orders", "{}");
    check_read(
        GetOpenOrders::new().with_kind(Kind::Future).with_type(OrderFilter::StopLimit),
        "private/get_open_orders",
        r#"{"kind":"future","type":"stop_limit"}"#,
    );
    check_read(
        GetOpenOrdersByInstrument::new(eth).with_type(OrderFilter::TrailingStop),
        "private/get_open_orders_by_instrument",
        r#"{"instrument_name":"ETH-PERPETUAL","type":"trailing_stop"}"#,
    );
    check_read(
        GetOpenOrdersByCurrency::new("ETH"),
        "private/get_open_orders_by_currency",
        r#"{"currency":"ETH"}"#,
    );
    check_read(
        GetOpenOrdersByLabel::new("ETH").with_label("mine"),
        "private/get_open_orders_by_label",
        r#"{"currency":"ETH","label":"mine"}"#,
    );
    check_read(GetOrderState::new("ETH-7"), "private/get_order_state", r#"{"order_id":"ETH-7"}"#);
    check_read(
        GetOrderStateByLabel::new("ETH", "mine"),
        "private/get_order_state_by_label",
        r#"{"currency":"ETH","label":"mine"}"#,
    );
    check_read(
        GetOrderHistoryByCurrency::new("ETH").with_count(5).with_offset(10).with_include_unfilled(true),
        "private/get_order_history_by_currency",
        r#"{"currency":"ETH","count":5,"offset":10,"include_unfilled":true}"#,
    );
    check_read(
        GetOrderHistoryByInstrument::new(eth).with_include_old(true),
        "private/get_order_history_by_instrument",
        r#"{"instrument_name":"ETH-PERPETUAL","include_old":true}"#,
    );
    check_read(
        GetUserTradesByInstrument::new(eth).with_start_seq(3).with_historical(true),
        "private/get_user_trades_by_instrument",
        r#"{"instrument_name":"ETH-PERPETUAL","start_seq":3,"historical":true}"#,
    );
    check_read(
        GetUserTradesByCurrency::new("ETH").with_kind(Kind::Any).with_end_id("ETH-9").with_count(2),
        "private/get_user_trades_by_currency",
        r#"{"currency":"ETH","kind":"any","end_id":"ETH-9","count":2}"#,
    );
    check_read(
        GetUserTradesByOrder::new("ETH-7").with_sorting(Sorting::Descending),
        "private/get_user_trades_by_order",
        r#"{"order_id":"ETH-7","sorting":"desc"}"#,
    );
    check_read(
        GetMargins::new(eth, 250, decimal("3998.5")),
        "private/get_margins",
        r#"{"instrument_name":"ETH-PERPETUAL","amount":250,"price":3998.5}"#,
    );
    check_read(
        GetAccountSummary::new("ETH").with_extended(true).with_subaccount_id(12),
        "private/get_account_summary",
        r#"{"currency":"ETH","extended":true,"subaccount_id":12}"#,
    );
    check_read(GetAccountSummaries::new(), "private/get_account_summaries", "{}");
    check_read(GetPosition::new(eth), "private/get_position", r#"{"instrument_name":"ETH-PERPETUAL"}"#);
    check_read(
        GetPositions::new().with_currency("ETH").with_kind(Kind::Option),
        "private/get_positions",
        r#"{"currency":"ETH","kind":"option"}"#,
    );
    check_read(
        GetSubaccounts::new().with_portfolio(true),
        "private/get_subaccounts",
        r#"{"with_portfolio":true}"#,
    );
    check_read(
        GetTransactionLog::new("ETH", at(1), at(2)).with_query("trade").with_count(50).with_continuation(7),
        "private/get_transaction_log",
        r#"{"currency":"ETH","start_timestamp":1,"end_timestamp":2,"query":"trade","count":50,"continuation":7}"#,
    );
}

#[test]
fn any_other_method_can_be_called() {
    let params = std::collections::BTreeMap::from([("detailed", true)]);
    check(call("private/mass_quote", &params), "private/mass_quote", r#"{"detailed":true}"#);
    check(
        call("private/get_mmp_config", &params).reading::<Value>(),
        "private/get_mmp_config",
        r#"{"detailed":true}"#,
    );
    let secret = std::collections::BTreeMap::from([("password", "hunter2")]);
    assert!(!format!("{:?}", call("private/some_secret", &secret)).contains("hunter2"));
}
