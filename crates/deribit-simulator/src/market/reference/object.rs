//! The objects that describe instruments and currencies.

use crate::market::{
    decimal::Decimal,
    instrument::{Currency, Instrument, Kind, Payoff, Terms},
    object::Json,
    universe::Universe,
};

/// When what never expires expires.
const NEVER_MS: u64 = 32_503_708_800_000;

/// Writes the members of an instrument.
pub(crate) fn instrument_object(json: &mut Json, instrument: &Instrument, universe: &Universe) {
    let kind = instrument.kind();
    let rate = |units, scale| Decimal::new(units, scale);
    json.number("tick_size", instrument.tick);
    json.key("tick_size_steps");
    json.begin_array();
    json.end_array();
    json.number("taker_commission", if kind == Kind::Option { rate(3, 4) } else { rate(5, 4) });
    if let Terms::Option { strike, option_type, .. } = instrument.terms {
        json.number("strike", strike);
        json.word("option_type", option_type.word());
    }
    if kind != Kind::Spot {
        let period = if instrument.is_perpetual() { "perpetual" } else { "month" };
        json.word("settlement_period", period);
        json.word("settlement_currency", instrument.currency.word());
    }
    json.flag("rfq", false);
    json.word("quote_currency", &instrument.quote);
    json.word("price_index", &universe.price_index(instrument.index).name);
    json.number("min_trade_amount", instrument.step);
    json.number("maker_commission", if kind == Kind::Option { rate(3, 4) } else { Decimal::ZERO });
    json.word("kind", kind.word());
    if kind == Kind::Future {
        json.number("max_liquidation_commission", rate(75, 4));
        json.integer("max_leverage", 50);
    }
    if kind != Kind::Spot {
        let word = if instrument.payoff == Payoff::Inverse { "reversed" } else { "linear" };
        json.word("instrument_type", word);
    }
    json.flag("is_active", instrument.state.is_listed());
    json.word("instrument_name", &instrument.name);
    json.integer("instrument_id", 100_000 + u64::from(instrument.id().0));
    json.integer("expiration_timestamp", instrument.expiry_ms().unwrap_or(NEVER_MS));
    json.integer("creation_timestamp", instrument.created_ms);
    let counter = if instrument.payoff == Payoff::Inverse { "USD" } else { &instrument.quote };
    json.word("counter_currency", counter);
    json.number("contract_size", instrument.contract);
    if kind != Kind::Spot {
        json.number("block_trade_tick_size", rate(1, 4));
        json.number("block_trade_min_trade_amount", instrument.step.times(1_000));
        json.number("block_trade_commission", rate(15, 5));
    }
    json.word("base_currency", &instrument.base);
    json.word("state", instrument.state.word());
}

/// Writes the members of a currency.
pub(crate) fn currency_members(json: &mut Json, currency: Currency) {
    let (long, decimals, coin) = match currency {
        Currency::Btc => ("Bitcoin", 4, "BITCOIN"),
        Currency::Eth => ("Ethereum", 6, "ETHER"),
        Currency::Usdc => ("USD Coin", 6, "ERC20"),
        Currency::Usdt => ("Tether", 6, "ERC20"),
        Currency::Eurr => ("EURR", 6, "ERC20"),
    };
    json.word("currency", currency.word());
    json.word("currency_long", long);
    json.word("coin_type", coin);
    json.integer("decimals", decimals);
    json.integer("fee_precision", 4);
    json.integer("min_confirmations", 1);
    json.number("min_withdrawal_fee", Decimal::new(1, 4));
    json.number("withdrawal_fee", Decimal::new(1, 4));
    json.flag("in_cross_collateral_pool", matches!(currency, Currency::Btc | Currency::Eth | Currency::Usdc));
}
