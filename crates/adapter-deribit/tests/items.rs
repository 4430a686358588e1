//! Every family of items is read, whatever the venue may have added to it.

use nova_adapter_deribit::{Decimal, OrderBook, items::*};
use nova_behaviour::{Decode, Json, Kept};
use proptest::prelude::*;

/// Reads it the way a subscription does; once more with members and words nobody knows.
fn read<T: Decode<Json> + PartialEq + std::fmt::Debug>(text: &str) -> T {
    let decode = |text: &str| match T::decode(&mut Kept::from(text)) {
        Ok(item) => item,
        Err(error) => panic!("{text}: {:?}", std::error::Error::source(&error).map(ToString::to_string)),
    };
    // What is keyed by an index has no members.
    let [map, kept] = [r#"_map":{"#, "_map\":\u{1}"];
    let added = text.replace(map, kept).replace('{', r#"{"starbase_x":{"y":[1e999,null,"{"]},"#);
    let added = added.replace(",}", "}").replace(kept, map);
    let plain = decode(text);
    assert_eq!(decode(&added), plain, "an unknown member made a difference");
    plain
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("it is a number")
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

const PERPETUAL: &str = r#"{
    "funding_8h":-1.25e-5,"current_funding":0.0,"estimated_delivery_price":71003.1,"best_bid_amount":1.2e4,
    "best_ask_amount":40.0,"best_bid_price":7.1e4,"best_ask_price":71000.5,"mark_price":71000.27,
    "interest_value":0.8123456789012345,"open_interest":91234560,"max_price":72060.5,"min_price":69940.0,
    "settlement_price":70511.42,"last_price":71000.0,"instrument_name":"BTC-PERPETUAL","index_price":71003.1,
    "stats":{"volume_notional":51234567.5,"volume_usd":51234560.0,"volume":722.12345678,"price_change":0.7125,
        "low":70100.0,"high":71250.5},
    "state":"open","timestamp":1795000000123
}"#;

#[test]
fn a_ticker_of_a_perpetual_is_exact() {
    let ticker: TickerData = read(PERPETUAL);
    assert_eq!(ticker.instrument_name, "BTC-PERPETUAL");
    assert_eq!(ticker.timestamp, at(1_795_000_000_123));
    assert_eq!(ticker.state, Some(TradingState::Open));
    assert_eq!(ticker.best_bid_price.unwrap().to_string(), "71000");
    assert_eq!(ticker.last_price.unwrap().to_string(), "71000.0");
    assert_eq!(ticker.bid(), Some((decimal("71000"), decimal("12000"))));
    assert_eq!(ticker.ask(), Some((decimal("71000.5"), decimal("40"))));
    assert_eq!(ticker.funding_8h, Some(-1.25e-5));
    assert_eq!(ticker.interest_value, Some(0.812_345_678_901_234_5));
    let stats = ticker.stats.unwrap();
    assert_eq!((stats.volume, stats.price_change), (Some(decimal("722.12345678")), Some(0.7125)));
    assert_eq!((ticker.greeks, ticker.mark_iv, ticker.delivery_price), (None, None, None));
    assert_eq!(format!("{:?}", ticker.best_ask_price), "Some(71000.5)");
}

#[test]
fn a_ticker_as_floats_has_floats() {
    let ticker: TickerData<f64> = read(PERPETUAL);
    assert_eq!(ticker.bid(), Some((71_000.0, 12_000.0)));
    assert_eq!(ticker.stats.unwrap().volume, Some(722.123_456_78));
}

#[test]
fn a_ticker_of_an_option_without_prices_is_read() {
    let text = r#"{
        "underlying_price":4012.5,"underlying_index":"SYN.ETH-25DEC26","timestamp":1795000000124,
        "stats":{"volume":null,"price_change":null,"low":null,"high":null},"state":"resting",
        "settlement_price":0.02,"open_interest":0.0,"min_price":0.0001,"max_price":0.11,"mark_price":0.0213,
        "mark_iv":61.2,"last_price":"undefined","interest_rate":0.0,"instrument_name":"ETH-25DEC26-4200-C",
        "index_price":4010.1,"greeks":{"vega":5.1,"theta":-3.2,"rho":1.01,"gamma":0.0004,"delta":0.41},
        "estimated_delivery_price":"expired","bid_iv":0.0,"best_bid_price":0.0,"best_bid_amount":0.0,
        "best_ask_price":null,"best_ask_amount":0.0,"ask_iv":0.0
    }"#;
    let ticker: TickerData = read(text);
    assert_eq!(
        (ticker.last_price, ticker.estimated_delivery_price, ticker.best_ask_price),
        (None, None, None)
    );
    assert_eq!(ticker.best_bid_price, Some(Decimal::ZERO));
    assert_eq!((ticker.bid(), ticker.ask()), (None, None));
    assert_eq!(ticker.state, Some(TradingState::Other("resting".into())));
    assert_eq!(ticker.underlying_index.unwrap(), "SYN.ETH-25DEC26");
    assert_eq!(ticker.greeks.unwrap().theta, Some(-3.2));
    assert_eq!(ticker.stats.unwrap().high, None);
    assert_eq!(read::<TickerData<f64>>(text).last_price, None);
}

#[test]
fn changes_keep_a_ticker_up_to_date() {
    let snapshot = PERPETUAL.replacen('{', r#"{"type":"snapshot","#, 1);
    let snapshot: TickerChange = read(&snapshot);
    let mut ticker = snapshot.to_ticker().unwrap();
    assert_eq!(ticker, read::<TickerData>(PERPETUAL));

    let change: TickerChange = read(
        r#"{"type":"change","timestamp":1795000001123,"instrument_name":"BTC-PERPETUAL","last_price":71001.5,
            "mark_price":null,"stats":{"volume":723.0},"state":"halted","greeks":{"delta":0.5}}"#,
    );
    assert_eq!(change.to_ticker(), None);
    ticker.apply(&change);
    assert_eq!(ticker.timestamp, at(1_795_000_001_123));
    assert_eq!((ticker.last_price, ticker.mark_price), (Some(decimal("71001.5")), None));
    assert_eq!(ticker.state, Some(TradingState::Halted));
    assert_eq!(ticker.greeks.unwrap().delta, Some(0.5));
    assert_eq!(ticker.index_price, Some(decimal("71003.1")));
    let stats = ticker.stats.clone().unwrap();
    assert_eq!((stats.volume, stats.high), (Some(decimal("723")), Some(decimal("71250.5"))));

    ticker.apply(&snapshot);
    assert_eq!(ticker, read::<TickerData>(PERPETUAL));
}

#[test]
fn a_quote_may_lack_a_side() {
    let quote: QuoteData = read(
        r#"{"best_ask_amount":0.25,"best_bid_amount":0.0,"best_ask_price":0.0415,"best_bid_price":null,
            "instrument_name":"BTC-25DEC26-90000-P","timestamp":1795000000200}"#,
    );
    assert_eq!((quote.bid(), quote.ask()), (None, Some((decimal("0.0415"), decimal("0.25")))));
}

#[test]
fn books_are_read_whole_and_by_changes() {
    let snapshot: BookUpdate = read(
        r#"{"type":"snapshot","timestamp":1795000000300,"instrument_name":"SOL_USDC-PERPETUAL",
            "change_id":210000000001,"prev_change_id":null,"bids":[["new",151.2,3.5]],"asks":[]}"#,
    );
    assert_eq!((&snapshot.extent, snapshot.prev_change_id), (&Extent::Snapshot, None));
    assert_eq!(snapshot.bids[0].price, decimal("151.2"));

    let change: BookUpdate<f64> = read(
        r#"{"type":"change","timestamp":1795000000301,"instrument_name":"SOL_USDC-PERPETUAL",
            "prev_change_id":210000000001,"change_id":210000000007,
            "bids":[["delete",1.512e2,0.0],["split",151.1,2.0,{"more":1}]],"asks":[["change",151.4,1054.0]]}"#,
    );
    assert_eq!((change.prev_change_id, change.change_id), (Some(210_000_000_001), 210_000_000_007));
    assert_eq!((&change.bids[0].action, change.bids[0].price), (&LevelAction::Delete, 151.2));
    assert_eq!(change.bids[1].action, LevelAction::Other("split".into()));
    assert_eq!((&change.asks[0].action, change.asks[0].amount), (&LevelAction::Change, 1_054.0));

    let window: BookWindow = read(
        r#"{"timestamp":1795000000302,"change_id":210000000009,"instrument_name":"SOL_USDC-PERPETUAL",
            "bids":[[151.1,2.0],[151.0,1e1,"more"]],"asks":[[151.4,7]]}"#,
    );
    assert_eq!(
        (window.bids.len(), window.bids[1].amount, window.asks[0].price),
        (2, Decimal::from(10), decimal("151.4"))
    );
    assert!(serde_json::from_str::<Level>("[1]").is_err());
    assert!(serde_json::from_str::<LevelChange>(r#"["new",1]"#).is_err());
}

#[test]
fn trades_of_everybody_are_read() {
    let trades: Vec<Trade> = read(
        r#"[{"trade_seq":71234567,"trade_id":"ETH-91234567","timestamp":1795000000400,"tick_direction":3,
            "price":3.99875e3,"mark_price":3998.7,"index_price":3999.01,"instrument_name":"ETH-PERPETUAL",
            "direction":"sell","amount":250.0,"contracts":250.0,"liquidation":"MT","block_trade_id":"ETH-77",
            "block_trade_leg_count":2,"combo_id":"ETH-FS-25DEC26_PERP","combo_trade_id":"ETH-5","block_rfq_id":81},
           {"trade_seq":3,"trade_id":"91234568","timestamp":1795000000401,"tick_direction":7,"price":0.0421,
            "iv":55.1,"instrument_name":"BTC-25DEC26-90000-P","direction":"sideways","amount":0.1}]"#,
    );
    assert_eq!((trades[0].price, trades[0].amount), (decimal("3998.75"), Decimal::from(250)));
    assert_eq!(
        (&trades[0].direction, trades[0].tick_direction),
        (&Direction::Sell, Some(TickDirection::ZeroMinus))
    );
    assert_eq!((trades[0].trade_seq, trades[0].block_rfq_id), (71_234_567, Some(81)));
    assert_eq!(trades[0].trade_id, "ETH-91234567");
    assert_eq!((trades[1].tick_direction, trades[1].iv), (Some(TickDirection::Other(7)), Some(55.1)));
    assert_eq!(trades[1].direction, Direction::Other("sideways".into()));
}

#[test]
fn what_is_reckoned_is_read() {
    let index: PriceIndexData =
        read(r#"{"timestamp":1795000000500,"price":151.234,"index_name":"sol_usdc"}"#);
    assert_eq!((index.price, index.index_name == "sol_usdc"), (decimal("151.234"), true));

    let ranking: PriceRankingData = read(
        r#"[{"weight":33.333333,"timestamp":1795000000501,"price":151.2,"original_price":151.9,"identifier":"one",
            "enabled":true},{"identifier":"two","enabled":false,"weight":0.0,"price":null,"timestamp":0}]"#,
    );
    assert_eq!((ranking.len(), ranking[0].weight, ranking[1].price), (2, Some(33.333_333), None));
    assert!(ranking[0].enabled && !ranking[1].enabled);

    let statistics: PriceStatisticsData = read(
        r#"{"low24h":148.0,"index_name":"sol_usdc","high_volatility":true,"high24h":155.25,"change24h":-1.5}"#,
    );
    assert_eq!((statistics.change24h, statistics.high_volatility), (Some(decimal("-1.5")), true));

    let volatility: VolatilityIndexData =
        read(r#"{"volatility":58.21,"timestamp":1795000000502,"index_name":"eth_usd"}"#);
    assert_eq!(volatility.volatility, 58.21);

    let expiration: EstimatedExpirationPriceData =
        read(r#"{"seconds":3600,"price":70999.1,"is_estimated":false}"#);
    assert_eq!((expiration.seconds, expiration.price), (Some(3_600.0), decimal("70999.1")));

    let marks: Vec<OptionMarkPrice> = read(
        r#"[{"timestamp":1795000000503,"mark_price":0.0412,"iv":0.61,"instrument_name":"BTC-25DEC26-90000-P"}]"#,
    );
    assert_eq!((marks[0].mark_price, marks[0].iv), (decimal("0.0412"), Some(0.61)));

    let perpetual: PerpetualData =
        read(r#"{"index_price":71003.1,"interest":-3.123456789012345e-15,"timestamp":1795000000504}"#);
    assert_eq!(
        (perpetual.interest, perpetual.index_price),
        (-3.123_456_789_012_345e-15, Some(decimal("71003.1")))
    );

    let candle: Candle = read(
        r#"{"volume":0.5,"tick":1795000000000,"open":71000.0,"low":70990.5,"high":71010.0,"cost":35500.0,
            "close":71001.0,"status":"ok"}"#,
    );
    assert_eq!(
        (candle.tick, candle.close, candle.cost),
        (at(1_795_000_000_000), decimal("71001"), Some(decimal("35500")))
    );
}

#[test]
fn instruments_and_what_becomes_of_them_are_read() {
    let option: Instrument = read(
        r#"{"tick_size":0.0001,"tick_size_steps":[{"above_price":0.005,"tick_size":0.0005}],"strike":90000.0,
            "taker_commission":0.0003,"settlement_period":"month","settlement_currency":"BTC","rfq":false,
            "quote_currency":"BTC","price_index":"btc_usd","option_type":"put","min_trade_amount":0.1,
            "maker_commission":0.0003,"kind":"option","is_active":true,"instrument_name":"BTC-25DEC26-90000-P",
            "instrument_id":612345,"expiration_timestamp":1798185600000,"creation_timestamp":1790000000000,
            "counter_currency":"USD","contract_size":1.0,"block_trade_tick_size":0.0001,
            "block_trade_min_trade_amount":25,"block_trade_commission":0.00015,"base_currency":"BTC",
            "state":"open","instrument_type":"reversed"}"#,
    );
    assert_eq!((option.kind, option.option_type), (InstrumentKind::Option, Some(OptionType::Put)));
    assert_eq!(
        (option.tick_size, option.tick_size_steps[0].tick_size),
        (decimal("0.0001"), decimal("0.0005"))
    );
    assert_eq!((option.strike, option.is_active), (Some(decimal("90000")), true));
    assert_eq!((option.instrument_type, option.max_leverage), (Some(InstrumentType::Reversed), None));

    let future: Instrument<f64> = read(
        r#"{"tick_size":2.5,"kind":"swap","base_currency":"ETH","quote_currency":"USD","min_trade_amount":1,
            "instrument_name":"ETH-25DEC26","max_leverage":50}"#,
    );
    assert_eq!((future.kind, future.max_leverage), (InstrumentKind::Other("swap".into()), Some(50.0)));

    let state: InstrumentStateData =
        read(r#"{"timestamp":1795000000600,"state":"settlement","instrument_name":"BTC-25DEC26"}"#);
    assert_eq!((state.state, state.instrument_name == "BTC-25DEC26"), (TradingState::Settlement, true));
}

#[test]
fn what_the_platform_says_is_read() {
    let locked: PlatformStateData = read(r#"{"price_index":"xrp_usdc","locked":true,"reasons":[{"why":1}]}"#);
    assert_eq!(
        (locked.price_index.unwrap() == "xrp_usdc", locked.locked, locked.maintenance),
        (true, Some(true), None)
    );
    let maintenance: PlatformStateData = read(r#"{"maintenance":true}"#);
    assert_eq!((maintenance.price_index, maintenance.maintenance), (None, Some(true)));
    let open: PublicMethodsStateData = read(r#"{"allow_unauthenticated_public_requests":false}"#);
    assert!(!open.allow_unauthenticated_public_requests);
    let news: Announcement = read(
        r#"{"action":"new","body":"<b>x</b>","id":1795000000700,"important":true,"title":"News",
            "publication_timestamp":1795000000700,"unread":2}"#,
    );
    assert_eq!(
        (news.action, news.title.as_str(), news.unread),
        (Some(AnnouncementAction::New), "News", Some(2))
    );
}

const ORDER: &str = r#"{"label":"mine","price":4.0e3,"user_id":12,"amount":250.0,"direction":"buy",
    "time_in_force":"good_til_cancelled","instrument_name":"ETH-PERPETUAL","web":false,"api":true,
    "order_id":"ETH-612345678","creation_timestamp":1795000000800,"replaced":false,"filled_amount":0.0,
    "last_update_timestamp":1795000000801,"post_only":true,"reject_post_only":false,"reduce_only":false,
    "average_price":0.0,"mmp":false,"contracts":250.0,"order_state":"open","order_type":"limit",
    "is_liquidation":false,"risk_reducing":false,"max_show":250.0,"cancel_reason":"whim"}"#;

#[test]
fn orders_are_read_one_by_one_and_several_at_once() {
    let one: OrderUpdates = read(ORDER);
    let many: OrderUpdates = read(&format!("[{ORDER},{ORDER}]"));
    assert_eq!((one.len(), many.len()), (1, 2));
    assert_eq!(one[0], many[1]);
    assert!(read::<OrderUpdates>("[]").is_empty());
    let order = one.into_vec().remove(0);
    assert_eq!((&order.direction, order.price.unwrap()), (&Direction::Buy, Decimal::from(4_000)));
    assert_eq!((&order.order_state, &order.order_type), (&OrderState::Open, &OrderType::Limit));
    assert_eq!(
        (order.label.unwrap() == "mine", order.post_only, order.api, order.web),
        (true, true, true, false)
    );
    assert_eq!(order.cancel_reason, Some(CancelReason::Other("whim".into())));
    assert_eq!(many.into_iter().filter(|order| order.order_id == "ETH-612345678").count(), 2);
    assert!(serde_json::from_str::<OrderUpdates>("7").is_err());
}

#[test]
fn an_order_at_the_market_price_has_none() {
    let order: Order = read(
        r#"{"triggered":false,"trigger":"mark_price","time_in_force":"good_til_day","trigger_price":3900.25,
            "reduce_only":true,"price":"market_price","post_only":false,"order_type":"stop_market",
            "order_state":"untriggered","order_id":"ETH-SLTS-612","max_show":5,"label":"",
            "last_update_timestamp":1795000000802,"is_rebalance":null,"is_liquidation":false,
            "instrument_name":"ETH-PERPETUAL","direction":"sell","creation_timestamp":1795000000802,"api":false,
            "amount":5}"#,
    );
    assert_eq!((order.price, order.trigger_price), (None, Some(decimal("3900.25"))));
    assert_eq!((order.trigger, order.order_type), (Some(Trigger::MarkPrice), OrderType::StopMarket));
    assert!(order.reduce_only && !order.is_rebalance);
    assert_eq!((order.filled_amount, order.time_in_force), (None, Some(TimeInForce::GoodTilDay)));
}

const USER_TRADE: &str = r#"{"label":"mine","timestamp":1795000000900,"state":"filled","price":3998.5,"user_id":12,
    "amount":10.0,"direction":"buy","index_price":3999.0,"instrument_name":"ETH-PERPETUAL","trade_seq":71234570,
    "api":true,"mark_price":3998.6,"order_id":"ETH-612345678","matching_id":null,"tick_direction":0,
    "profit_loss":-4.0e-7,"post_only":false,"reduce_only":false,"self_trade":true,"mmp":false,"contracts":10.0,
    "trade_id":"ETH-91234570","fee_currency":"ETH","fee":-5.0e-8,"order_type":"limit","risk_reducing":false,
    "liquidity":"M"}"#;

#[test]
fn own_trades_are_read_with_their_parts() {
    let trades: Vec<UserTrade> = read(&format!("[{USER_TRADE}]"));
    assert_eq!(trades[0].fee.unwrap().to_string(), "-0.00000005");
    assert_eq!((&trades[0].liquidity, trades[0].self_trade), (&Some(Liquidity::Maker), true));
    assert_eq!((trades[0].state.as_ref(), trades[0].matching_id.as_ref()), (Some(&OrderState::Filled), None));
    assert!(trades[0].legs.is_empty());

    let combo =
        USER_TRADE.replacen('{', &format!(r#"{{"combo_id":"ETH-FS-25DEC26_PERP","legs":[{USER_TRADE}],"#), 1);
    let combos: Vec<UserTrade<f64>> = read(&format!("[{combo}]"));
    assert_eq!((combos[0].legs[0].price, combos[0].legs[0].profit_loss), (3_998.5, Some(-4.0e-7)));
}

#[test]
fn changes_of_ones_own_come_together() {
    let position = r#"{"size":-250.0,"kind":"future","maintenance_margin":0.000629,"initial_margin":0.00125,
        "direction":"sell","index_price":3999.0,"instrument_name":"ETH-PERPETUAL","settlement_price":3950.1,
        "mark_price":3998.6,"interest_value":0.1961495265125,"delta":-0.062521882,"average_price":3999.25,
        "floating_profit_loss":1.0e-5,"realized_profit_loss":-3.97e-7,"total_profit_loss":1.016e-5,
        "realized_funding":0.0,"leverage":50,"size_currency":-0.062521882,"estimated_liquidation_price":9000.5}"#;
    let changes: UserChangesData = read(&format!(
        r#"{{"instrument_name":"ETH-PERPETUAL","orders":[{ORDER}],"trades":[{USER_TRADE}],"positions":[{position}]}}"#
    ));
    assert_eq!((changes.orders.len(), changes.trades.len(), changes.positions.len()), (1, 1, 1));
    let position = &changes.positions[0];
    assert_eq!((&position.direction, position.size), (&Direction::Sell, Decimal::from(-250)));
    assert_eq!((position.leverage, position.delta), (Some(50.0), Some(-0.062_521_882)));
    assert_eq!(position.realized_profit_loss, Some(decimal("-0.000000397")));

    let flat: UserChangesData = read(
        r#"{"instrument_name":"ETH-PERPETUAL","trades":[],
            "positions":[{"size":0.0,"direction":"zero","instrument_name":"ETH-PERPETUAL"}]}"#,
    );
    assert_eq!(flat.positions[0].direction, Direction::Zero);
}

#[test]
fn portfolios_are_read() {
    let text = r#"{"currency":"ETH","equity":10.00295059,"session_upl":0.0,"balance":10.00295099,
        "session_rpl":-4.0e-7,"delta_total_map":{"eth_usd":-0.0625},"margin_balance":10.00295059,
        "estimated_liquidation_ratio_map":{"eth_usd":0.10098729140701267},"estimated_liquidation_ratio":0.1,
        "options_vega_map":{},"available_funds":9.5,"cross_collateral_enabled":false,"margin_model":"segregated_sm"}"#;
    let portfolio: PortfolioData = read(text);
    assert_eq!((portfolio.currency.as_str(), portfolio.balance), ("ETH", decimal("10.00295099")));
    assert_eq!(portfolio.session_rpl, Some(decimal("-0.0000004")));
    assert_eq!(portfolio.delta_total_map[&IndexName::from("eth_usd")], -0.0625);
    assert_eq!(portfolio.options_delta, None);
    let any: PortfolioOfAny<f64> = read(text);
    assert_eq!(any.available_funds, Some(9.5));
}

#[test]
fn what_befalls_an_account_is_read() {
    let mmp: MmpTrigger =
        read(r#"{"mmp_group":"quotes","index_name":"eth_usd","frozen_until":1795000001000}"#);
    assert_eq!((mmp.mmp_group.as_deref(), mmp.frozen_until), (Some("quotes"), at(1_795_000_001_000)));
    let access: AccessLogEntry = read(
        r#"{"timestamp":1795000001001,"log":"success","ip":"192.0.2.7","id":61234,"country":"NL","city":null}"#,
    );
    assert_eq!((access.id, access.ip.as_deref(), access.city), (61_234, Some("192.0.2.7"), None));
    let lock: AccountLock = read(r#"{"locked":true,"currency":"ALL"}"#);
    assert_eq!((lock.locked, lock.currency.unwrap() == "ALL"), (true, true));
    let text = r#"{"state":"lsp_transfer","of":["ETH-PERPETUAL",1.50]}"#;
    let liquidation: Liquidation = serde_json::from_str(text).unwrap();
    assert_eq!((liquidation.state, liquidation.json.as_str()), (LiquidationState::LspTransfer, text));
    assert!(serde_json::from_str::<Liquidation>("{}").is_err());
}

#[test]
fn requests_for_quotes_and_block_trades_are_read() {
    let rfq: RfqData = read(
        r#"{"state":true,"side":null,"last_rfq_tstamp":1795000001100,"instrument_name":"ETH-25DEC26","amount":null}"#,
    );
    assert_eq!((rfq.state, rfq.side, rfq.amount), (true, None, None));

    let taker: BlockRfq = read(
        r#"{"taker_rating":"3-4","state":"open","role":"taker","min_trade_amount":10,"makers":["M1"],
            "legs":[{"ratio":1,"instrument_name":"ETH-25DEC26","direction":"buy"}],"label":"mine","disclosed":false,
            "expiration_timestamp":1795000301101,"creation_timestamp":1795000001101,"combo_id":null,
            "block_rfq_id":412,"amount":10000,"asks":[],"bids":[{"price":4012.75,"makers":["ANONYMOUS"],
            "last_update_timestamp":1795000001200,"execution_instruction":"any_part_of","amount":5000}]}"#,
    );
    assert_eq!((taker.role, taker.combo_id), (Some(BlockRole::Taker), None));
    assert_eq!(taker.bids[0].execution_instruction, Some(ExecutionInstruction::AnyPartOf));
    assert_eq!((taker.bids[0].price, taker.legs[0].ratio), (decimal("4012.75"), Some(Decimal::from(1))));

    let maker: BlockRfq = read(
        r#"{"taker_rating":"1-2","state":"mulled_over","role":"maker","combo_id":"ETH-CS-25DEC26-4000_4200",
            "legs":[{"ratio":1,"instrument_name":"ETH-25DEC26-4000-C","direction":"buy"}],
            "expiration_timestamp":1795000301102,"creation_timestamp":1795000001102,"block_rfq_id":413,"amount":25}"#,
    );
    assert_eq!((maker.state, maker.bids.len()), (BlockState::Other("mulled_over".into()), 0));

    let quotes: Vec<BlockRfqQuote> = read(
        r#"[{"replaced":false,"quote_state":"open","price":0.0105,"legs":[{"ratio":1,"price":0.0105,
            "instrument_name":"ETH-25DEC26-4000-C","direction":"sell"}],"last_update_timestamp":1795000001103,
            "label":"q","filled_amount":0,"direction":"sell","creation_timestamp":1795000001103,
            "block_rfq_quote_id":1501,"block_rfq_id":413,"amount":25}]"#,
    );
    assert_eq!((quotes[0].block_rfq_quote_id, quotes[0].price), (1_501, Some(decimal("0.0105"))));

    let trade: BlockRfqTrade = read(
        r#"{"trades":[{"price":71000.5,"direction":"sell","amount":50}],"timestamp":1795000001104,
            "mark_price":71000.27,"legs":[{"ratio":1,"price":71000.5,"instrument_name":"BTC-PERPETUAL",
            "direction":"buy"}],"id":941,"direction":"sell","combo_id":"BTC-PERPETUAL","amount":50}"#,
    );
    assert_eq!((trade.id, trade.trades[0].price), (941, decimal("71000.5")));

    let confirmation: BlockTradeConfirmation = read(
        r#"{"user_id":12,"trades":[{"price":71000.5,"instrument_name":"BTC-PERPETUAL","direction":"buy","amount":10}],
            "timestamp":1795000001105,"state":{"value":"rejected","timestamp":1795000001106},"role":"maker",
            "nonce":"n-1"}"#,
    );
    assert_eq!(confirmation.state.unwrap().value, BlockState::Rejected);
    assert_eq!((&*confirmation.nonce, confirmation.trades.len()), ("n-1", 1));
}

/// Replaces some bytes of a text.
fn damaged(text: &str, damage: &[(usize, char)]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (at, letter) in damage {
        let place = at % letters.len();
        letters[place] = *letter;
    }
    letters.into_iter().collect()
}

proptest! {
    #[test]
    fn damaged_items_are_refused_or_read_but_never_panic(
        damage in prop::collection::vec((any::<usize>(), prop::sample::select(r#"{}[]":,.-+e09ntx"#.chars().collect::<Vec<_>>())), 1..6),
        length in 0..2_000_usize,
    ) {
        let book = r#"{"type":"snapshot","timestamp":1,"instrument_name":"A-B","prev_change_id":1,"change_id":2,
            "bids":[["delete",1.5e2,0.0],["new",1,1]],"asks":[["change",151.4,1054.0]]}"#;
        for text in [PERPETUAL, ORDER, USER_TRADE, book] {
            let text: String = damaged(text, &damage).chars().take(length).collect();
            let _ = serde_json::from_str::<TickerData>(&text);
            let _ = serde_json::from_str::<TickerData<f64>>(&text);
            let _ = serde_json::from_str::<TickerChange>(&text);
            let _ = serde_json::from_str::<OrderUpdates>(&text);
            let _ = serde_json::from_str::<Vec<UserTrade>>(&format!("[{text}]"));
            let _ = serde_json::from_str::<Liquidation>(&text);
            if let Ok(update) = serde_json::from_str::<BookUpdate>(&text) {
                let mut book = OrderBook::new();
                let _ = book.apply(&update);
                let _ = book.is_crossed();
            }
        }
    }
}
