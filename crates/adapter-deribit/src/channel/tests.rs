//! Every family both ways, and what becomes of names that are none.

use proptest::prelude::*;

use super::*;

/// Each family once in each form: its name, whether it is private, and whether it is raw.
const FAMILIES: &[(&str, bool, bool)] = &[
    ("announcements", false, false),
    ("platform_state", false, false),
    ("platform_state.public_methods_state", false, false),
    ("book.BTC-PERPETUAL.raw", false, true),
    ("book.XRP_USDC-30JUN23-0d625-C.100ms", false, false),
    ("book.ETH-PERPETUAL.none.20.agg2", false, false),
    ("ticker.BTC-5AUG23.raw", false, true),
    ("incremental_ticker.BTC-PERPETUAL", false, false),
    ("quote.BTC_USDC", false, false),
    ("trades.BTC-PERPETUAL.agg2", false, false),
    ("trades.option.BTC.raw", false, true),
    ("trades.future_combo.any.100ms", false, false),
    ("perpetual.BTC_USDC-PERPETUAL.raw", false, true),
    ("chart.trades.BTC-PERPETUAL.1D", false, false),
    ("deribit_price_index.btc_usd", false, false),
    ("deribit_price_ranking.btc_usd", false, false),
    ("deribit_price_statistics.btc_usd", false, false),
    ("deribit_volatility_index.eth_usd", false, false),
    ("estimated_expiration_price.btc_usd", false, false),
    ("markprice.options.btc_usd", false, false),
    ("instrument.state.any.any", false, false),
    ("instrument.creation.option.BTC", false, false),
    ("rfq.btc", false, false),
    ("block_rfq.trades.any", false, false),
    ("user.orders.BTC-PERPETUAL.raw", true, true),
    ("user.orders.any.any.agg2", true, false),
    ("user.trades.BTC-CS-19MAY26-70000_75000.100ms", true, false),
    ("user.trades.spot.EURR.raw", true, true),
    ("user.changes.BTC-FS-2SEP22_PERP.raw", true, true),
    ("user.changes.option_combo.BTC.100ms", true, false),
    ("user.combo_trades.BTC-FS-2SEP22_PERP.raw", true, true),
    ("user.combo_trades.future.any.agg2", true, false),
    ("user.portfolio.btc", true, false),
    ("user.portfolio.any", true, false),
    ("user.mmp_trigger.btc_usd", true, false),
    ("user.mmp_trigger.any", true, false),
    ("user.access_log", true, false),
    ("user.lock", true, false),
    ("user.liquidation", true, false),
    ("user.isolated.liquidation", true, false),
    ("user.lsp", true, false),
    ("block_rfq.maker.btc", true, false),
    ("block_rfq.maker.quotes.any", true, false),
    ("block_rfq.taker.usdc", true, false),
    ("block_trade_confirmations", true, false),
    ("block_trade_confirmations.BTC", true, false),
];

#[test]
fn every_family_goes_both_ways() {
    for (text, is_private, is_raw) in FAMILIES {
        let name: ChannelName = text.parse().unwrap();
        assert_eq!(name.to_string(), *text);
        assert_eq!((name.is_private(), name.is_raw()), (*is_private, *is_raw), "{text}");
        assert_eq!(name.to_topic().as_str(), *text);
    }
}

#[test]
fn a_wrong_part_is_named_with_what_would_be_right() {
    let wrong = |text: &str| {
        let error = text.parse::<ChannelName>().unwrap_err();
        (error.part().unwrap_or("missing").to_owned(), error.nearest().to_owned())
    };
    let cases = [
        ("ticker.btc-perpetual.100ms", "btc-perpetual", "ticker.BTC-PERPETUAL.100ms"),
        ("ticker.BTC.100ms", "BTC", "ticker.BTC-PERPETUAL.100ms"),
        ("ticker.BTC-PERPETUAL", "missing", "ticker.BTC-PERPETUAL.100ms"),
        ("ticker.BTC-PERPETUAL.10ms", "10ms", "ticker.BTC-PERPETUAL.100ms"),
        ("ticker.BTC-PERPETUAL.RAW", "RAW", "ticker.BTC-PERPETUAL.raw"),
        ("quote.BTC-PERPETUAL.raw", "raw", "quote.BTC-PERPETUAL"),
        ("tickers.BTC-PERPETUAL.raw", "tickers", "ticker.BTC-PERPETUAL.raw"),
        ("book.BTC-PERPETUAL.none.30.100ms", "30", "book.BTC-PERPETUAL.none.10.100ms"),
        ("book.BTC-PERPETUAL.none.20.raw", "raw", "book.BTC-PERPETUAL.none.20.100ms"),
        ("deribit_price_index.BTC_USD", "BTC_USD", "deribit_price_index.btc_usd"),
        ("user.portfolio.BTC", "BTC", "user.portfolio.btc"),
        ("user.order.any.any.raw", "order", "user.orders.any.any.raw"),
        ("user.orders.futures.BTC.raw", "futures", "user.orders.future.BTC.raw"),
        ("trades.option.btc.raw", "btc", "trades.option.BTC.raw"),
        ("trades.option.ANY.raw", "ANY", "trades.option.any.raw"),
        ("chart.trades.BTC-PERPETUAL.2", "2", "chart.trades.BTC-PERPETUAL.1"),
        (
            "ticker.xrp_usdc-30jun23-0d625-c.raw",
            "xrp_usdc-30jun23-0d625-c",
            "ticker.XRP_USDC-30JUN23-0d625-C.raw",
        ),
    ];
    for (text, part, nearest) in cases {
        assert_eq!(wrong(text), (part.to_owned(), nearest.to_owned()), "{text}");
    }
}

#[test]
fn an_error_says_what_is_wrong_in_one_line() {
    let error = "ticker.BTC\n.100ms".parse::<ChannelName>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"ticker.BTC\\n.100ms\" is no channel: instead of \"BTC\\n\" there has to be an instrument such as \
         BTC-PERPETUAL; did you mean \"ticker.BTC-PERPETUAL.100ms\"?"
    );
    for long in ["x".repeat(10_000), format!("ticker.{}.raw", "X-".repeat(5_000))] {
        assert!(long.parse::<ChannelName>().unwrap_err().to_string().len() < 500);
    }
}

#[test]
fn words_are_put_into_the_case_the_venue_uses() {
    let portfolio = ChannelName::UserPortfolio { currency: "BTC".into() };
    assert_eq!(portfolio.to_string(), "user.portfolio.btc");
    let trades = ChannelName::Trades {
        market: Market::Kind(Kind::Option, "btc".into()),
        interval: Interval::Every100ms,
    };
    assert_eq!(trades.to_string(), "trades.option.BTC.100ms");
    let index = ChannelName::PriceIndex { index: "BTC_USD".into() };
    assert_eq!(index.to_string(), "deribit_price_index.btc_usd");
}

fn part() -> impl Strategy<Value = String> {
    let words: Vec<String> =
        FAMILIES.iter().flat_map(|(name, ..)| name.split('.')).map(str::to_owned).collect();
    prop_oneof![4 => proptest::sample::select(words), 1 => "[A-Za-z0-9_dD-]{0,12}", 1 => ".{0,5}"]
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(parts in proptest::collection::vec(part(), 0..6)) {
        let text = parts.join(".");
        match text.parse::<ChannelName>() {
            Ok(name) => prop_assert_eq!(name.to_string(), text),
            Err(error) => {
                let nearest: Result<ChannelName, _> = error.nearest().parse();
                prop_assert!(nearest.is_ok(), "{} is not well formed either", error.nearest());
            }
        }
    }

    #[test]
    fn words_of_the_right_form_make_names_that_are_read_back(
        instrument in "[A-Z]{2,5}(_USDC)?-(PERPETUAL|[1-9][A-Z]{3}[0-9]{2}(-[0-9]{1,3}d[0-9]{1,3}-[CP])?)",
        currency in "[A-Z]{3,5}",
        index in "[a-z]{3,5}_usdc?",
        every in proptest::sample::select(Interval::ALL),
        kind in proptest::sample::select(Kind::ALL),
    ) {
        prop_assume!(currency != "ANY");
        let instrument = InstrumentName::from(instrument);
        let market = Market::Kind(kind, Currency::from(currency.as_str()));
        let names = [
            ChannelName::Book { instrument: instrument.clone(), interval: every },
            ChannelName::UserOrders { market: market.clone(), interval: every },
            ChannelName::UserTrades { market: instrument.into(), interval: every },
            ChannelName::Trades { market, interval: every },
            ChannelName::UserPortfolio { currency: Currency::from(currency.as_str()) },
            ChannelName::PriceIndex { index: IndexName::from(index) },
        ];
        for name in names {
            prop_assert_eq!(name.to_string().parse(), Ok(name));
        }
    }
}
