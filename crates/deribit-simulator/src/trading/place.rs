//! Placing and editing orders, and filling them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Caller, PrivateEvent, Trading, TradingOutcome,
    account::UserTrade,
    error::TradingError,
    event::{About, Subject},
    order::{Order, OrderState, OrderType, TimeInForce, Wish, fee, order_id},
    request,
};
use crate::market::{
    Direction, Instrument, InstrumentId, Json, Kind, Level, Market, ParamError, Payoff, Sink, Trade, word,
};

impl Trading {
    pub(super) fn place(
        &mut self,
        direction: Direction,
        caller: Caller,
        params: &Map<String, Value>,
        market: &mut Market,
        sink: &mut impl Sink,
    ) -> Result<TradingOutcome, TradingError> {
        let (id, mut wish) = request::read_wish(direction, params, market)?;
        self.fit_to_position(caller, id, &mut wish)?;
        fit_post_only(id, &mut wish, market)?;
        self.check_funds(caller, id, &wish, None, market)?;
        let number = self.next_order;
        self.next_order += 1;
        let now_ms = market.now_us() / 1_000;
        let order = Order::new(number, caller.account, caller.connection, id, wish, now_ms);
        self.orders.insert(number, order);
        Ok(self.execute(number, market, sink))
    }

    pub(super) fn edit(
        &mut self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &mut Market,
        sink: &mut impl Sink,
    ) -> Result<TradingOutcome, TradingError> {
        let number = self.own_order(caller, params, market)?;
        let order = &self.orders[&number];
        if !order.is_open() {
            return Err(TradingError::NotOpenOrder);
        }
        let id = order.instrument;
        let mut wish = order.wish.clone();
        if let Some(steps) = request::read_steps(params, market.universe().instrument(id))? {
            wish.steps = steps;
        }
        if let Some(price) = request::read_price(params)? {
            wish.ticks = request::limit_ticks(price, wish.direction, id, market)?;
        }
        request::check_time(params, market)?;
        request::check_state(id, market)?;
        if wish.steps <= order.filled {
            return Err(TradingError::InvalidQuantity);
        }
        fit_post_only(id, &mut wish, market)?;
        self.check_funds(caller, id, &wish, Some(number), market)?;
        if let Some(order) = self.orders.get_mut(&number) {
            order.wish = wish;
            order.replaced = true;
            order.updated_ms = market.now_us() / 1_000;
        }
        Ok(self.execute(number, market, sink))
    }

    /// Strangers meet the resting orders that the market has run over.
    pub fn on_market(&mut self, market: &mut Market, sink: &mut impl Sink) -> Vec<PrivateEvent> {
        let mut events = self.deliver(market);
        if self.open.is_empty() || market.is_settling() {
            return events;
        }
        let crossed: Vec<u64> =
            self.open.iter().copied().filter(|number| self.is_crossed(*number, market)).collect();
        for number in crossed {
            let order = &self.orders[&number];
            let (id, direction, ticks) = (order.instrument, order.wish.direction, order.wish.ticks);
            let steps = order.remaining().min(self.reducible(order));
            if steps > 0 {
                let trade = market.print(id, direction.opposite(), Level { ticks, steps }, sink);
                let trades = self.fill(number, &[trade], market, false);
                if self.reducible(&self.orders[&number]) == 0 {
                    self.close(number, None, market);
                }
                events.extend(self.events_of(number, trades, market));
            } else {
                self.close(number, None, market);
                events.extend(self.events_of(number, Vec::new(), market));
            }
        }
        events
    }

    fn is_crossed(&self, number: u64, market: &Market) -> bool {
        let order = &self.orders[&number];
        let side = order.wish.direction.takes();
        request::check_state(order.instrument, market).is_ok()
            && market
                .best(order.instrument, side)
                .is_some_and(|best| side.compare(best.ticks, order.wish.ticks).is_le())
    }

    /// How much an order may still trade: one that only reduces not more than there is to reduce.
    fn reducible(&self, order: &Order) -> i64 {
        if !order.wish.reduce_only {
            return i64::MAX;
        }
        let position = self
            .accounts
            .get(&order.account)
            .and_then(|account| account.positions.get(&order.instrument))
            .map_or(0, |position| position.steps);
        let against = if order.wish.direction == Direction::Buy { -position } else { position };
        against.max(0)
    }

    /// Takes what can be taken at once; the rest stays or dies.
    fn execute(&mut self, number: u64, market: &mut Market, sink: &mut impl Sink) -> TradingOutcome {
        let order = &self.orders[&number];
        let (id, wish, remaining) = (order.instrument, order.wish.clone(), order.remaining());
        self.open.insert(number);
        let may_take = match wish.time_in_force {
            TimeInForce::FillOrKill => {
                market.takeable(id, wish.direction, wish.ticks, remaining) >= remaining
            }
            _ => !wish.post_only,
        };
        let taken =
            if may_take { market.take(id, wish.direction, wish.ticks, remaining, sink) } else { Vec::new() };
        let trades = self.fill(number, &taken, market, true);
        let stays =
            wish.time_in_force == TimeInForce::GoodTilCancelled && wish.order_type == OrderType::Limit;
        if self.orders[&number].is_open() && !stays {
            self.close(number, None, market);
        }
        let mut json = Json::object(market.style());
        json.key("trades");
        json.begin_array();
        for trade in &trades {
            json.raw(&String::from_utf8_lossy(&trade.object));
        }
        json.end_array();
        let order = &self.orders[&number];
        let object = order.render(market.universe().instrument(id), market.style());
        json.key("order");
        json.raw(&String::from_utf8_lossy(&object));
        TradingOutcome { result: json.finish(), events: self.events_of(number, trades, market) }
    }

    /// Counts trades as fills of an order.
    fn fill(&mut self, number: u64, trades: &[Trade], market: &Market, is_taker: bool) -> Vec<UserTrade> {
        let Some(order) = self.orders.get_mut(&number) else { return Vec::new() };
        let instrument = market.universe().instrument(order.instrument);
        let index = market.index_price(instrument.index).to_f64();
        let account = self.accounts.entry(order.account).or_default();
        let mut filled = Vec::new();
        for trade in trades {
            let price = instrument.price(trade.ticks).to_f64();
            let fee = fee(instrument, trade.steps, price, index, is_taker);
            let profit = account.trade(instrument, order.wish.direction, trade.steps, price, fee);
            order.note_fill(instrument, trade.steps, price, market.now_us() / 1_000);
            let terms = FillTerms { fee, profit, is_taker };
            let object = render_trade(trade, order, instrument, &terms, market);
            let user_trade = UserTrade { instrument: instrument.id(), seq: trade.seq, object };
            account.remember(user_trade.clone(), self.config.kept);
            filled.push(user_trade);
        }
        if order.state == OrderState::Filled {
            self.retire(number);
        }
        filled
    }

    /// What private channels are told after an order changed.
    pub(super) fn events_of(
        &self,
        number: u64,
        trades: Vec<UserTrade>,
        market: &Market,
    ) -> Vec<PrivateEvent> {
        let Some(order) = self.orders.get(&number) else { return Vec::new() };
        let instrument = market.universe().instrument(order.instrument);
        let (account, at_us) = (order.account, market.now_us());
        let about = || About::new(instrument);
        let event = |subject| PrivateEvent { account, at_us, subject };
        let object = order.render(instrument, market.style());
        let trades: Vec<_> = trades.into_iter().map(|trade| trade.object).collect();
        let mut events = vec![event(Subject::Order { about: about(), object: object.clone() })];
        if !trades.is_empty() {
            events.push(event(Subject::Trades { about: about(), objects: trades.clone() }));
        }
        let position = (instrument.kind() != Kind::Spot).then(|| {
            let position =
                self.accounts.get(&account).and_then(|account| account.positions.get(&instrument.id()));
            position.copied().unwrap_or_default().render(
                instrument,
                market,
                self.config.leverage,
                market.style(),
            )
        });
        events.push(event(Subject::Changes { about: about(), orders: vec![object], trades, position }));
        for currency in self.currencies_of(instrument) {
            if let Some(object) = self.portfolio(account, currency, market) {
                events.push(event(Subject::Portfolio { currency, object }));
            }
        }
        events
    }

    /// An order that may only reduce becomes as small as the position against it.
    fn fit_to_position(&self, caller: Caller, id: InstrumentId, wish: &mut Wish) -> Result<(), TradingError> {
        if !wish.reduce_only {
            return Ok(());
        }
        let order = Order::new(0, caller.account, caller.connection, id, wish.clone(), 0);
        wish.steps = wish.steps.min(self.reducible(&order));
        if wish.steps == 0 { Err(TradingError::ReduceOnly) } else { Ok(()) }
    }

    /// The simple check: what the order and the other open ones tie up must be there.
    fn check_funds(
        &self,
        caller: Caller,
        id: InstrumentId,
        wish: &Wish,
        replaces: Option<u64>,
        market: &Market,
    ) -> Result<(), TradingError> {
        let instrument = market.universe().instrument(id);
        let (currency, needed) = match self.tied_up(instrument, wish, wish.steps, market) {
            Some(tied) => tied,
            None => return Ok(()),
        };
        let mut tied_up = BTreeMap::new();
        for number in self.open.iter().filter(|number| Some(**number) != replaces) {
            let order = &self.orders[number];
            let other = market.universe().instrument(order.instrument);
            if order.account == caller.account
                && let Some((currency, amount)) = self.tied_up(other, &order.wish, order.remaining(), market)
            {
                *tied_up.entry(currency).or_insert(0.0) += amount;
            }
        }
        let available = self.accounts.get(&caller.account).map_or(0.0, |account| {
            let standing = account.standing(currency, market, self.config.leverage);
            standing.equity.min(standing.balance + standing.futures_floating) - standing.initial_margin
        });
        let others = tied_up.get(&currency).copied().unwrap_or(0.0);
        if needed + others > available { Err(TradingError::NotEnoughFunds) } else { Ok(()) }
    }

    /// What an order ties up, and in which currency. Orders that only reduce tie up nothing.
    fn tied_up(
        &self,
        instrument: &Instrument,
        wish: &Wish,
        steps: i64,
        market: &Market,
    ) -> Option<(crate::market::Currency, f64)> {
        if wish.reduce_only {
            return None;
        }
        // A market order pays about the best price, however far it may reach.
        let best = market.best(instrument.id(), wish.direction.takes()).map(|level| level.ticks);
        let ticks =
            if wish.order_type == OrderType::Market { best.unwrap_or(wish.ticks) } else { wish.ticks };
        let price = instrument.price(ticks).to_f64();
        let is_buy = wish.direction == Direction::Buy;
        let currency = instrument.currency;
        Some(match instrument.kind() {
            Kind::Option if is_buy => (currency, instrument.cost(steps, price)),
            Kind::Option => {
                let unit = match instrument.payoff {
                    Payoff::Inverse => 1.0,
                    Payoff::Linear => market.index_price(instrument.index).to_f64(),
                };
                (currency, 0.1 * unit * instrument.coins(steps, price))
            }
            Kind::Spot if is_buy => (currency, instrument.cost(steps, price)),
            Kind::Spot => (crate::market::Currency::parse(&instrument.base)?, instrument.coins(steps, price)),
            _ => {
                let worth = match instrument.payoff {
                    Payoff::Inverse => instrument.coins(steps, price),
                    Payoff::Linear => instrument.cost(steps, price),
                };
                (currency, worth / f64::from(self.config.leverage))
            }
        })
    }

    /// The number of the caller's order that `order_id` names.
    pub(super) fn own_order(
        &self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &Market,
    ) -> Result<u64, TradingError> {
        let text = word(params, "order_id")?.ok_or(ParamError::Required("order_id"))?;
        let order = super::order::order_number(text)
            .and_then(|number| self.orders.get(&number))
            .filter(|order| order.account == caller.account)
            .filter(|order| order_id(order.number, market.universe().instrument(order.instrument)) == text);
        order.map(|order| order.number).ok_or(TradingError::OrderNotFound)
    }
}

/// An order that must not take is refused, or moved to where it does not.
fn fit_post_only(id: InstrumentId, wish: &mut Wish, market: &Market) -> Result<(), TradingError> {
    let side = wish.direction.takes();
    let Some(best) = market.best(id, side).filter(|_| wish.post_only) else { return Ok(()) };
    if side.compare(best.ticks, wish.ticks).is_gt() {
        return Ok(());
    }
    let ticks = side.away(best.ticks, -1);
    if wish.reject_post_only || ticks < 1 {
        return Err(TradingError::PostOnlyReject);
    }
    wish.ticks = ticks;
    Ok(())
}

struct FillTerms {
    fee: f64,
    profit: f64,
    is_taker: bool,
}

fn render_trade(
    trade: &Trade,
    order: &Order,
    instrument: &Instrument,
    terms: &FillTerms,
    market: &Market,
) -> bytes::Bytes {
    use crate::market::Decimal;
    let mut json = Json::object(market.style());
    json.text("label", &order.wish.label);
    json.integer("timestamp", trade.timestamp_ms);
    json.word("state", order.state.word());
    json.price("price", instrument.price(trade.ticks));
    json.integer("user_id", order.account.0);
    json.number("amount", instrument.amount(trade.steps));
    json.word("direction", order.wish.direction.word());
    json.price("index_price", trade.index);
    json.word("instrument_name", &instrument.name);
    json.integer("trade_seq", trade.seq);
    json.flag("api", true);
    json.price("mark_price", trade.mark);
    json.word("order_id", &order_id(order.number, instrument));
    json.null("matching_id");
    json.integer("tick_direction", trade.tick_direction as u64);
    json.number("profit_loss", Decimal::round(terms.profit, 9));
    json.flag("post_only", order.wish.post_only);
    json.flag("reduce_only", order.wish.reduce_only);
    json.flag("self_trade", false);
    json.flag("mmp", false);
    json.number("contracts", instrument.contracts(trade.steps));
    json.word("trade_id", &trade.trade_id);
    json.word("fee_currency", instrument.currency.word());
    json.number("fee", Decimal::round(terms.fee, 8));
    json.word("order_type", order.wish.order_type.word());
    json.flag("risk_reducing", false);
    json.word("liquidity", if terms.is_taker { "T" } else { "M" });
    if let Some(iv) = trade.iv {
        json.number("iv", iv);
    }
    json.into_bytes()
}
