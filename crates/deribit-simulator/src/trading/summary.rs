//! An account in one currency: its portfolio and its summary.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{AccountId, Caller, Trading, account::Standing, error::TradingError};
use crate::market::{
    Currency, Decimal, Instrument, Json, Kind, Market, ParamError, flag, named_currency, word,
};

impl Trading {
    /// The portfolio of an account in a currency, which is also the first message of its channel.
    /// `None` if there is no such account.
    #[must_use]
    pub fn portfolio(&self, account: AccountId, currency: Currency, market: &Market) -> Option<Bytes> {
        let standing = self.accounts.get(&account)?.standing(currency, market, self.config.leverage);
        let mut json = Json::object(market.style());
        write_portfolio(&mut json, &standing, currency);
        Some(json.into_bytes())
    }

    pub(super) fn get_account_summary(
        &self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &Market,
    ) -> Result<String, TradingError> {
        let currency = word(params, "currency")?.ok_or(ParamError::Required("currency"))?;
        let currency = named_currency(currency)?;
        let extended = flag(params, "extended")?.unwrap_or(false);
        let standing = self
            .accounts
            .get(&caller.account)
            .map(|account| account.standing(currency, market, self.config.leverage))
            .unwrap_or_default();
        let mut json = Json::object(market.style());
        write_portfolio(&mut json, &standing, currency);
        if extended {
            write_person(&mut json, caller.account);
            write_limits(&mut json);
        }
        Ok(json.finish())
    }

    /// The currencies a trade in this instrument may change.
    pub(super) fn currencies_of(&self, instrument: &Instrument) -> Vec<Currency> {
        let base = Currency::parse(&instrument.base).filter(|_| instrument.kind() == Kind::Spot);
        base.into_iter().chain([instrument.currency]).collect()
    }
}

fn write_portfolio(json: &mut Json, standing: &Standing, currency: Currency) {
    let money = |value: f64| Decimal::round(value, 8);
    let available = standing.equity - standing.options_value - standing.initial_margin;
    let index = match currency {
        Currency::Btc => "btc_usd",
        Currency::Eth => "eth_usd",
        _ => "btc_usdc",
    };
    let map = |json: &mut Json, name: &str, value: Option<f64>| {
        json.key(name);
        json.begin();
        if let Some(value) = value {
            json.number(index, money(value));
        }
        json.end();
    };
    let zero = Decimal::ZERO;
    let floating = standing.futures_floating + standing.options_floating;
    json.number("equity", money(standing.equity));
    json.number("session_upl", money(floating));
    json.number("projected_delta_total", money(standing.delta));
    json.number("additional_reserve", zero);
    json.number("estimated_liquidation_ratio", zero);
    json.word("margin_model", "segregated_sm");
    json.number("options_theta", zero);
    json.number("locked_balance", zero);
    json.number("options_pl", money(standing.options_floating));
    json.flag("portfolio_margining_enabled", false);
    json.number("total_pl", money(floating));
    json.number("spot_reserve", zero);
    json.number("session_rpl", money(standing.futures_session + standing.options_session));
    json.number("initial_margin", money(standing.initial_margin));
    json.number("projected_initial_margin", money(standing.initial_margin));
    json.number("margin_balance", money(standing.equity - standing.options_value));
    json.number("options_vega", zero);
    json.number("options_session_rpl", money(standing.options_session));
    map(json, "options_vega_map", None);
    json.number("maintenance_margin", money(standing.maintenance_margin));
    json.number("futures_session_rpl", money(standing.futures_session));
    map(json, "delta_total_map", Some(standing.delta));
    json.number("options_delta", money(standing.options_delta));
    json.number("projected_maintenance_margin", money(standing.maintenance_margin));
    json.number("available_funds", money(available));
    json.number("fee_balance", zero);
    json.number("options_session_upl", money(standing.options_floating));
    json.number("options_gamma", zero);
    json.number("futures_pl", money(standing.futures_floating));
    map(json, "options_theta_map", None);
    map(json, "options_gamma_map", None);
    json.flag("cross_collateral_enabled", false);
    json.number("options_value", money(standing.options_value));
    json.number("delta_total", money(standing.delta));
    json.number("balance", money(standing.balance));
    map(json, "estimated_liquidation_ratio_map", Some(0.0));
    json.number("futures_session_upl", money(standing.futures_floating));
    json.word("currency", currency.word());
    json.number("available_withdrawal_funds", money(available.min(standing.balance).max(0.0)));
}

/// What an extended summary says of the account's owner.
fn write_person(json: &mut Json, account: AccountId) {
    json.integer("id", account.0);
    json.word("email", "user@example.com");
    json.word("system_name", "user");
    json.word("username", "user");
    json.word("type", "main");
    json.integer("creation_timestamp", 1_687_352_432_143);
    json.null("referrer_id");
    json.flag("login_enabled", false);
    json.flag("security_keys_enabled", false);
    json.flag("mmp_enabled", false);
    json.flag("interuser_transfers_enabled", false);
    json.flag("block_rfq_self_match_prevention", true);
    json.flag("self_trading_extended_to_subaccounts", false);
    json.word("self_trading_reject_mode", "cancel_maker");
}

fn write_limits(json: &mut Json) {
    let pair = |json: &mut Json, name: &str, burst, rate| {
        json.key(name);
        json.begin();
        json.integer("burst", burst);
        json.integer("rate", rate);
        json.end();
    };
    json.key("limits");
    json.begin();
    json.flag("limits_per_currency", false);
    pair(json, "non_matching_engine", 100, 20);
    json.key("matching_engine");
    json.begin();
    json.key("trading");
    json.begin();
    pair(json, "total", 20, 5);
    json.end();
    pair(json, "spot", 20, 5);
    pair(json, "quotes", 500, 500);
    pair(json, "max_quotes", 10, 10);
    pair(json, "guaranteed_quotes", 2, 2);
    pair(json, "cancel_all", 20, 5);
    json.end();
    json.end();
}
