//! Tickers: what their members are now, and which of them changed.

use std::sync::Arc;

use super::Desk;
use crate::market::{
    config::MarketConfig,
    decimal::Decimal,
    index::IndexState,
    instrument::{Instrument, InstrumentState, Payoff},
    ladder::Side,
    number::NumberStyle,
    object::Json,
};

/// All members of a ticker but its time and its instrument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sheet {
    members: Vec<(&'static str, Member)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Member {
    Price(Decimal),
    Number(Decimal),
    Float(f64),
    Word(Arc<str>),
    State(InstrumentState),
    Null,
    Group(Vec<(&'static str, Member)>),
}

impl Sheet {
    pub(crate) fn of(
        instrument: &Instrument,
        desk: &Desk,
        index: &IndexState,
        config: &MarketConfig,
        now_us: u64,
    ) -> Self {
        use Member::{Float, Group, Null, Number, Price, State, Word};
        let mark = &desk.mark;
        let shape = mark.shape(instrument, index.value());
        let price = |ticks| instrument.price(ticks);
        let best = |side| {
            desk.book.best(side).map_or((Decimal::ZERO, Decimal::ZERO), |level| {
                (price(level.ticks), instrument.amount(level.steps))
            })
        };
        let ((bid_price, bid_amount), (ask_price, ask_amount)) = (best(Side::Bid), best(Side::Ask));
        let last = match desk.tape.last_ticks() {
            Some(ticks) => Price(price(ticks)),
            None if config.weird_strings => Word("undefined".into()),
            None => Null,
        };
        let is_odd = mark.option.is_some() && desk.tape.last_ticks().is_none();
        let delivery = if config.weird_strings && is_odd {
            Word("expired".into())
        } else {
            Price(index.delivery_price().0)
        };
        let mut members = vec![
            ("state", State(instrument.state)),
            ("stats", Group(stats(instrument, desk, now_us))),
            ("index_price", Price(index.price)),
            ("last_price", last),
            ("settlement_price", Price(mark.settlement)),
            ("min_price", Price(price(shape.bounds.0))),
            ("max_price", Price(price(shape.bounds.1))),
            ("open_interest", Number(instrument.amount(mark.open_interest))),
            ("mark_price", Price(mark.price)),
            ("best_ask_price", Price(ask_price)),
            ("best_bid_price", Price(bid_price)),
            ("estimated_delivery_price", delivery),
            ("best_ask_amount", Number(ask_amount)),
            ("best_bid_amount", Number(bid_amount)),
        ];
        if instrument.is_perpetual() {
            members.extend([
                ("interest_value", Float(mark.interest_value)),
                ("current_funding", Number(Decimal::round(mark.funding, 8))),
                ("funding_8h", Number(Decimal::round(mark.funding_8h, 8))),
            ]);
        }
        if let Some(option) = &mark.option {
            let greeks = &option.greeks;
            let rounded = |value: f64| Number(Decimal::round(value, 5));
            let implied = |price: Decimal| match price.is_zero() {
                true => Number(Decimal::ZERO),
                false => Number(Decimal::round(option.implied(instrument, price.to_f64()), 2)),
            };
            members.extend([
                (
                    "greeks",
                    Group(vec![
                        ("delta", rounded(greeks.delta)),
                        ("gamma", rounded(greeks.gamma)),
                        ("vega", rounded(greeks.vega)),
                        ("theta", rounded(greeks.theta)),
                        ("rho", rounded(greeks.rho)),
                    ]),
                ),
                ("mark_iv", Number(Decimal::round(option.volatility * 100.0, 2))),
                ("bid_iv", implied(bid_price)),
                ("ask_iv", implied(ask_price)),
                ("underlying_price", Price(Decimal::round(option.forward, 4))),
                ("underlying_index", Word(Arc::clone(&option.underlying_name))),
                ("interest_rate", Number(Decimal::ZERO)),
            ]);
        }
        Self { members }
    }

    /// Writes all members.
    pub(crate) fn write(&self, json: &mut Json) {
        write_members(json, &self.members);
    }

    /// The whole ticker.
    pub(crate) fn render(&self, instrument: &Instrument, style: NumberStyle, now_us: u64) -> String {
        let mut json = Json::object(style);
        json.integer("timestamp", now_us / 1_000);
        json.word("instrument_name", &instrument.name);
        self.write(&mut json);
        json.finish()
    }

    /// The members that differ from those of an earlier sheet of the same instrument.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self { members: differing(&self.members, &earlier.members) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

/// The last 24 hours; without trades in them all members are `null`.
fn stats(instrument: &Instrument, desk: &Desk, now_us: u64) -> Vec<(&'static str, Member)> {
    let summary = desk.tape.day.summary(now_us);
    let price = |value: f64| Member::Price(Decimal::round(value, instrument.tick.scale()));
    let or_null = |member: Option<Member>| member.unwrap_or(Member::Null);
    let change = summary.zip(desk.tape.last_ticks()).map(|(day, last)| {
        let last = instrument.price(last).to_f64();
        Member::Number(Decimal::round((last / day.first - 1.0) * 100.0, 4))
    });
    let mut members = vec![
        ("high", or_null(summary.map(|day| price(day.high)))),
        ("low", or_null(summary.map(|day| price(day.low)))),
        ("price_change", or_null(change)),
        ("volume", or_null(summary.map(|day| Member::Number(Decimal::round(day.volume, 8))))),
        ("volume_usd", or_null(summary.map(|day| Member::Number(Decimal::round(day.cost, 2))))),
    ];
    if instrument.payoff == Payoff::Linear {
        let notional = summary.map(|day| Member::Number(Decimal::round(day.cost, 5)));
        members.push(("volume_notional", or_null(notional)));
    }
    members
}

fn differing(
    now: &[(&'static str, Member)],
    earlier: &[(&'static str, Member)],
) -> Vec<(&'static str, Member)> {
    let pairs = now.iter().zip(earlier).filter(|(new, old)| new.1 != old.1);
    pairs
        .map(|((name, new), (_, old))| match (new, old) {
            (Member::Group(new), Member::Group(old)) => (*name, Member::Group(differing(new, old))),
            _ => (*name, new.clone()),
        })
        .collect()
}

fn write_members(json: &mut Json, members: &[(&'static str, Member)]) {
    for (name, member) in members {
        match member {
            Member::Price(price) => json.price(name, *price),
            Member::Number(number) => json.number(name, *number),
            Member::Float(value) => json.float(name, *value),
            Member::Word(word) => json.word(name, word),
            Member::State(state) => json.word(name, state.word()),
            Member::Null => json.null(name),
            Member::Group(members) => {
                json.key(name);
                json.begin();
                write_members(json, members);
                json.end();
            }
        }
    }
}
