//! Every call's answer is read, whatever the venue may have added to it.

use nova_adapter_deribit::{Decimal, DeribitDialect, calls::*, items::*};
use nova_behaviour::{Call, Decode, Kept};

/// Reads an answer as that of this call.
fn read<C: Call<DeribitDialect>>(text: &str) -> C::Reply {
    match C::Reply::decode(&mut Kept::from(text)) {
        Ok(reply) => reply,
        Err(error) => panic!("{text}: {:?}", std::error::Error::source(&error).map(ToString::to_string)),
    }
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("it is a number")
}

#[test]
fn answers_about_the_connection() {
    assert_eq!(read::<SetHeartbeat>(r#""ok""#), Acknowledgement::Ok);
    assert_eq!(read::<DisableHeartbeat>(r#""perhaps""#), Acknowledgement::Other("perhaps".into()));
    let own = read::<GetCancelOnDisconnect>(r#"{"scope":"connection","enabled":true,"more":1}"#);
    assert_eq!((own.scope, own.enabled), (ReportedScope::Connection, true));
    assert_eq!(read::<GetTime>("1795000000000").as_millis(), 1_795_000_000_000);
    assert_eq!(&*read::<Test>(r#"{"version":"1.9.9"}"#).version, "1.9.9");
}

#[test]
fn a_status_is_read_in_its_old_and_new_form() {
    let now = read::<Status>(r#"{"locked":"partial","locked_indices":["sol_usdc"]}"#);
    assert_eq!((now.locked, now.locked_indices[0] == "sol_usdc"), (Locked::Partly, true));
    assert_eq!(read::<Status>(r#"{"locked":"false"}"#).locked, Locked::No);
    assert_eq!(read::<Status>(r#"{"locked":"true"}"#).locked, Locked::Yes);
    assert_eq!(read::<Status>(r#"{"locked":"rather"}"#).locked, Locked::Other("rather".into()));
    let before = read::<Status>(r#"{"locked_currencies":["SOL"],"locked":true}"#);
    assert_eq!((before.locked, before.locked_currencies[0] == "SOL"), (Locked::Yes, true));
}

#[test]
fn a_book_comes_with_a_ticker() {
    let text = r#"{"timestamp":1795000000100,"state":"open","stats":{"volume":1.5,"high":null},
        "settlement_price":3950.1,"instrument_name":"ETH-PERPETUAL","change_id":210000000001,
        "bids":[[3998.5,3.0e3],[3998.0,10.0]],"asks":[],"best_bid_price":3998.5,"best_bid_amount":3000.0,
        "best_ask_price":0.0,"best_ask_amount":0.0,"mark_price":3998.123456789012345678}"#;
    let book = read::<GetOrderBook>(text);
    assert_eq!((book.change_id, book.bids.len(), book.asks.len()), (210_000_000_001, 2, 0));
    assert_eq!((book.bids[0].price, book.bids[0].amount), (decimal("3998.5"), Decimal::from(3_000)));
    assert_eq!(book.ticker.mark_price.unwrap().to_string(), "3998.123456789012345678");
    assert_eq!((book.ticker.bid().is_some(), book.ticker.ask()), (true, None));
    assert_eq!(read::<GetOrderBook<f64>>(text).bids[0].amount, 3_000.0);
}

#[test]
fn answers_about_the_market() {
    let trades = read::<GetLastTradesByInstrument>(
        r#"{"trades":[{"trade_seq":7,"trade_id":"ETH-7","timestamp":1795000000200,"tick_direction":1,"price":3998.5,
            "instrument_name":"ETH-PERPETUAL","direction":"buy","amount":10.0}],"has_more":true}"#,
    );
    assert_eq!((trades.trades[0].trade_seq, trades.has_more), (7, true));

    let index = read::<GetIndexPrice>(r#"{"index_price":3999.25,"estimated_delivery_price":3999.25}"#);
    assert_eq!(index.index_price, decimal("3999.25"));
    assert_eq!(read::<GetIndexPriceNames>(r#"["eth_usd","sol_usdc"]"#)[1], "sol_usdc");

    let currencies = read::<GetCurrencies>(
        r#"[{"coin_type":"ETHER","currency":"ETH","currency_long":"Ethereum","fee_precision":4,
            "min_confirmations":1,"min_withdrawal_fee":0.0001,"withdrawal_fee":0.0002,"withdrawal_priorities":[]}]"#,
    );
    assert_eq!(
        (currencies[0].currency.as_str(), currencies[0].withdrawal_fee),
        ("ETH", Some(decimal("0.0002")))
    );

    let summaries = read::<GetBookSummaryByCurrency>(
        r#"[{"instrument_name":"ETH-25DEC26-4000-C","bid_price":null,"ask_price":0.05,"mark_iv":61.2,"volume":0.0,
            "creation_timestamp":1795000000201,"base_currency":"ETH","quote_currency":"ETH","last":"undefined"}]"#,
    );
    assert_eq!((summaries[0].bid_price, summaries[0].ask_price), (None, Some(decimal("0.05"))));
    assert_eq!((summaries[0].last, summaries[0].mark_iv), (None, Some(61.2)));

    assert_eq!(read::<GetContractSize>(r#"{"contract_size":1}"#).contract_size, Decimal::from(1));
    assert_eq!(read::<GetFundingRateValue>("-1.25e-5"), -1.25e-5);
    let funding = read::<GetFundingRateHistory>(
        r#"[{"timestamp":1795000000202,"index_price":3999.0,"prev_index_price":3990.5,"interest_8h":1e-17,
            "interest_1h":-4.440892098500626e-16}]"#,
    );
    assert_eq!(
        (funding[0].interest_1h, funding[0].prev_index_price),
        (-4.440_892_098_500_626e-16, Some(decimal("3990.5")))
    );
    let volatility = read::<GetHistoricalVolatility>("[[1795000000203,61.5],[1795003600203,62]]");
    assert_eq!((volatility[0].timestamp.as_millis(), volatility[1].volatility), (1_795_000_000_203, 62.0));
}

#[test]
fn candles_are_made_of_columns() {
    let chart = read::<GetTradingviewChartData>(
        r#"{"volume":[1.5,2.5],"cost":[100.0,200.0],"ticks":[1795000000000,1795000060000],"status":"ok",
            "open":[1,2],"low":[0.5,1.5],"high":[3,4],"close":[2,3]}"#,
    );
    assert_eq!((chart.status, chart.candles.len()), (Some(ChartStatus::Ok), 2));
    let last = &chart.candles[1];
    assert_eq!(
        (last.tick.as_millis(), last.low, last.close),
        (1_795_000_060_000, decimal("1.5"), decimal("3"))
    );
    assert_eq!((last.volume, last.cost), (decimal("2.5"), Some(decimal("200"))));

    let none = r#"{"volume":[],"ticks":[],"status":"no_data","open":[],"low":[],"high":[],"close":[]}"#;
    assert!(read::<GetTradingviewChartData<f64>>(none).candles.is_empty());
    let ragged = none.replace(r#""open":[]"#, r#""open":[1]"#);
    assert!(serde_json::from_str::<ChartData>(&ragged).is_err());
}

const ORDER: &str = r#"{"order_id":"ETH-7","instrument_name":"ETH-PERPETUAL","direction":"buy","order_type":"limit",
    "order_state":"open","price":3998.5,"amount":10.0,"label":"mine","filled_amount":4.0}"#;

const TRADE: &str = r#"{"trade_id":"ETH-9","trade_seq":9,"order_id":"ETH-7","instrument_name":"ETH-PERPETUAL",
    "timestamp":1795000000300,"direction":"buy","price":3998.5,"amount":4.0,"fee":2.5e-7,"fee_currency":"ETH"}"#;

#[test]
fn answers_about_orders() {
    let placed = read::<PlaceOrder<LimitOrder>>(&format!(r#"{{"order":{ORDER},"trades":[{TRADE}]}}"#));
    assert_eq!((placed.order.order_id.as_str(), placed.trades.len()), ("ETH-7", 1));
    assert_eq!(
        (placed.order.filled_amount, placed.trades[0].fee),
        (Some(decimal("4")), Some(decimal("0.00000025")))
    );
    assert!(read::<Edit>(&format!(r#"{{"order":{ORDER}}}"#)).trades.is_empty());
    assert_eq!(
        read::<ClosePosition<f64>>(&format!(r#"{{"order":{ORDER},"trades":[]}}"#)).order.price,
        Some(3_998.5)
    );

    assert_eq!(read::<Cancel>(ORDER).label.unwrap(), "mine");
    assert_eq!(read::<CancelAll>("37"), 37);
    assert_eq!(read::<CancelByLabel>("0"), 0);
    assert_eq!(read::<GetOpenOrders>(&format!("[{ORDER}]")).len(), 1);
    assert_eq!(read::<GetOrderState>(ORDER).order_state, OrderState::Open);
    let page = read::<GetUserTradesByInstrument>(&format!(r#"{{"trades":[{TRADE}],"has_more":false}}"#));
    assert_eq!((page.trades[0].trade_seq, page.has_more), (9, false));
    assert_eq!(read::<GetUserTradesByOrder>(&format!("[{TRADE}]"))[0].price, decimal("3998.5"));
    let margins = read::<GetMargins>(r#"{"buy":0.0125,"sell":0.013,"min_price":3900.5,"max_price":4100}"#);
    assert_eq!((margins.buy, margins.max_price), (decimal("0.0125"), Some(Decimal::from(4_100))));
}

#[test]
fn answers_about_the_account() {
    let limits = r#"{"limits_per_currency":false,"non_matching_engine":{"burst":100,"rate":20},
        "matching_engine":{"trading":{"total":{"burst":20,"rate":5}},"spot":{"burst":20,"rate":5},
            "max_quotes":{"burst":10,"rate":10},"cancel_all":{"burst":20,"rate":5}}}"#;
    let summary = read::<GetAccountSummary>(&format!(
        r#"{{"currency":"ETH","balance":10.00295099,"equity":10.5,"id":12,"type":"main","username":"u",
            "limits":{limits},"delta_total_map":{{"eth_usd":1.5}},"referrer_id":null}}"#
    ));
    assert_eq!((summary.portfolio.balance, summary.account.id), (decimal("10.00295099"), Some(12)));
    let limits = summary.account.limits.unwrap();
    assert_eq!(limits.non_matching_engine.unwrap().rate, 20.0);
    let engine = limits.matching_engine.unwrap();
    assert_eq!(engine.trading.unwrap().total.unwrap().burst, 20.0);
    assert_eq!((engine.maximum_quotes.unwrap().rate, engine.quotes), (10.0, None));

    let all = read::<GetAccountSummaries>(
        r#"{"id":12,"type":"main","summaries":[{"currency":"ETH","balance":1.5},{"currency":"BTC","balance":0}]}"#,
    );
    assert_eq!((all.summaries[0].balance, all.account.r#type.as_deref()), (decimal("1.5"), Some("main")));

    let position = r#"{"size":10.0,"direction":"buy","instrument_name":"ETH-PERPETUAL","leverage":33}"#;
    assert_eq!(read::<GetPosition>(position).leverage, Some(33.0));
    assert_eq!(read::<GetPositions>(&format!("[{position}]"))[0].size, Decimal::from(10));

    let accounts = read::<GetSubaccounts>(
        r#"[{"id":12,"type":"subaccount","username":"u_1","login_enabled":false,"portfolio":{"eth":{"balance":1.50}}}]"#,
    );
    assert_eq!(accounts[0].portfolio.as_ref().unwrap().as_str(), r#"{"eth":{"balance":1.50}}"#);

    let log = read::<GetTransactionLog>(
        r#"{"continuation":null,"logs":[{"id":7,"timestamp":1795000000400,"type":"trade","currency":"ETH",
            "change":-0.00000025,"balance":10.5,"commission":2.5e-7,"instrument_name":"ETH-PERPETUAL",
            "side":"open buy","amount":4.0,"price":3998.5,"user_seq":3,"info":{"any":1}}]}"#,
    );
    assert_eq!((log.continuation, log.logs[0].change), (None, Some(decimal("-0.00000025"))));
    assert_eq!(&*log.logs[0].r#type, "trade");
}

#[test]
fn an_answer_without_a_type_is_kept_as_text() {
    let reply = read::<RawCall>(r#"{"quotes":[1.50]}"#);
    assert_eq!(reply.as_str(), r#"{"quotes":[1.50]}"#);
    assert_eq!(read::<RawCall<Vec<u8>>>("[1,2]"), [1, 2]);
}
