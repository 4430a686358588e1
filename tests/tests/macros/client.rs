//! A typed client: every method that is made exists, says on the wire what it was told to, and has the
//! properties that were stated.

use nova_testkit::{
    net::{PATIENCE, within},
    venue::{Op, Rules, Venue, signature},
};
use nova_tests::Wire;
use serde::{Deserialize, Serialize};
use serde_json::json;
use websockex_nova::{
    behaviour::{
        Call, Channel, Dialect, LoginMoment, MethodCall, Policies, PricedRequest as _, Secret, Topic,
    },
    deribit::{DeribitDialect, Request},
    prelude::{Adapter, client, *},
    ratelimit::{BudgetId, Charge},
    reconnect::Linear,
};

/// The venue, without what is not needed here.
#[derive(Adapter)]
#[adapter(json(method = "op", result = "ok", topic = "topic", item = "data"))]
#[adapter(topics(names = "topics", confirmed = "on", batch = 10), login(with = sign, expires_in = "expires"))]
#[adapter(budget("orders", capacity = 5, refill = 1, per = "1h"))]
struct Desk {
    endpoint: Endpoint,
    credentials: Secret,
}

fn sign(secret: &Secret, moment: LoginMoment) -> MethodCall {
    let (time, nonce) = (moment.unix_millis(), moment.nonce);
    let sign = signature(secret.reveal(), time, nonce);
    MethodCall::new(
        "login",
        &json!({ "key": "alice", "time": time, "nonce": nonce.to_string(), "sign": sign }),
    )
}

const OTHERS: BudgetId = BudgetId::new("others");

#[client(dialect = Desk)]
trait DeskClient {
    /// Tells the time.
    #[call(idempotent)]
    fn time(&self) -> Clock;

    /// Places an order.
    #[call("order", type = PlaceOrder, cost("orders" = 3), deadline = "300ms")]
    fn place(
        &self,
        client_id: String,
        instrument: String,
        side: Side,
        quantity: f64,
        price: Option<f64>,
    ) -> Accepted;

    /// Never answered, and named otherwise on the wire.
    #[call("unheard_of", deadline = "50ms", cost("orders" = 1, OTHERS = 2), priority = 3)]
    fn wait(&self, #[param("so-long")] long: u32) -> ();

    /// Parameters in one value.
    #[call("whole")]
    fn whole(&self, #[param(whole)] all: Vec<u8>) -> Accepted;

    /// The best prices.
    #[channel(
        "prices.{instrument}",
        conflatable,
        required,
        fresh_within = "1h",
        deadline = "5s",
        priority = 2
    )]
    fn prices(&self, instrument: String) -> Price;

    /// The changes of a book.
    #[channel("deltas.{instrument}")]
    fn deltas(&self, instrument: String) -> Delta;

    /// One's own.
    #[channel("fills", type = OwnFills)]
    fn fills(&self) -> Fill;
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Clock {
    time: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    Buy,
}

#[derive(Debug, Deserialize)]
struct Accepted {
    client_id: String,
}

#[derive(Debug, Deserialize)]
struct Price {
    n: u64,
}

#[derive(Debug, Deserialize)]
struct Delta {
    n: u64,
}

#[derive(Debug, Deserialize)]
struct Fill {
    client_id: String,
}

async fn venue() -> Venue {
    Venue::start(Rules::generous()).await.unwrap()
}

async fn connect(venue: &Venue) -> Client<<Desk as Adapter>::Handlers, Policies<Linear>> {
    let desk = Desk { endpoint: venue.endpoint(), credentials: Secret::from(Rules::ALICES_SECRET) };
    let policies = Policies::default().with_reconnect(Linear::every(millis(1)));
    let client = Connect::new(desk, Wire::default()).with_policies(policies).connect();
    within(PATIENCE, "the client", client).await.unwrap()
}

fn last_text(venue: &Venue) -> String {
    venue.look(|core| core.requests(1).last().map(|(_, text)| text.to_owned())).unwrap()
}

#[tokio::test]
async fn a_method_asks_what_it_was_told_to_and_leaves_out_what_was_not_said() {
    let venue = venue().await;
    let client = connect(&venue).await;
    assert!(client.time().await.unwrap().time > 0);
    let accepted = client.place("mine", "BTC", Side::Buy, 2.0, None).await.unwrap();
    assert_eq!(accepted.client_id, "mine");
    let text = last_text(&venue);
    let rest = text.split_once(r#","op":"#).unwrap().1;
    assert_eq!(rest, r#""order","client_id":"mine","instrument":"BTC","side":"buy","quantity":2.0}"#);
}

#[tokio::test]
async fn the_type_of_a_call_can_be_used_without_the_method() {
    let venue = venue().await;
    let client = connect(&venue).await;
    let order = PlaceOrder::new("other", "BTC", Side::Buy, 2.0).with_price(1.5);
    assert_eq!(format!("{order:?}"), "PlaceOrder { .. }");
    client.call(order).await.unwrap();
    assert!(last_text(&venue).ends_with(r#""quantity":2.0,"price":1.5}"#));
}

#[tokio::test]
async fn an_idempotent_call_is_replayed_on_the_next_link() {
    let venue = venue().await;
    let client = connect(&venue).await;
    // The login was the first.
    venue.rule(|rules| rules.cut_at_request = Some(2));
    let clock = client.time().replay_on_reconnect().wait_for_link(secs(5));
    let clock = within(PATIENCE, "the time", clock.into_future()).await;
    assert!(clock.unwrap().time > 0);
    assert_eq!(venue.accepted(), 2);
}

#[tokio::test]
async fn what_a_call_costs_is_charged_and_its_deadline_is_kept() {
    let venue = venue().await;
    let client = connect(&venue).await;
    client.place("first", "BTC", Side::Buy, 1.0, None).await.unwrap();
    // Two of five are left, and three are needed.
    let second = client.place("second", "BTC", Side::Buy, 1.0, None).await;
    assert!(matches!(second, Err(RequestError::TimedOut { sent: false })), "{second:?}");
    assert_eq!(venue.look(|core| core.orders().len()), 1);
}

#[tokio::test]
async fn a_call_has_the_deadline_that_was_stated_unless_the_caller_says_another() {
    let venue = venue().await;
    venue.rule(|rules| rules.unanswered.extend([Op::Order, Op::Time]));
    let client = connect(&venue).await;
    let began = std::time::Instant::now();
    let stated = client.place("mine", "BTC", Side::Buy, 1.0, None).await;
    assert!(matches!(stated, Err(RequestError::TimedOut { sent: true })), "{stated:?}");
    assert!(began.elapsed() >= millis(300), "{:?}", began.elapsed());
    let said = client.time().deadline(millis(30)).await;
    assert!(matches!(said, Err(RequestError::TimedOut { sent: true })), "{said:?}");
    // Both far below the settings' thirty seconds.
    assert!(began.elapsed() < secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_channel_method_subscribes_to_its_topic() {
    let venue = venue().await;
    let client = connect(&venue).await;
    let mut prices = client.prices("BTC").conflated().await.unwrap();
    let mut deltas = client.subscribe(Deltas::new("ETH")).await.unwrap();
    let mut fills = client.fills().await.unwrap();
    venue.tick("prices.BTC", 1);
    venue.tick("deltas.ETH", 1);
    client.place("mine", "BTC", Side::Buy, 1.0, None).await.unwrap();
    let item = within(PATIENCE, "a price", prices.next()).await;
    assert!(matches!(item, Some(Delivery::Item(Price { n: 1 }))), "{item:?}");
    let item = within(PATIENCE, "a delta", deltas.next()).await;
    assert!(matches!(item, Some(Delivery::Item(Delta { n: 1 }))), "{item:?}");
    let item = within(PATIENCE, "a fill", fills.next()).await;
    assert!(matches!(&item, Some(Delivery::Item(fill)) if fill.client_id == "mine"), "{item:?}");
}

#[test]
fn requests_carry_names_parameters_and_costs() {
    let request = Call::<Desk>::into_request(Wait::new(7));
    assert_eq!((request.method(), request.params().unwrap()), ("unheard_of", r#"{"so-long":7}"#));
    let charge = Charge::one(BudgetId::new("orders"), 1).with(OTHERS, 2);
    assert_eq!(request.charge(), Some(&charge));
    let request = Call::<Desk>::into_request(Time::new());
    assert_eq!((request.charge(), request.params().unwrap()), (None, "{}"));
    let request = Call::<Desk>::into_request(Whole::new([1, 2]));
    assert_eq!(request.params().unwrap(), "[1,2]");
    assert_eq!(OwnFills::default().topic(), Topic::from("fills"));
}

#[test]
fn only_what_was_said_to_be_so_may_be_repeated_or_conflated() {
    assert!(holds!(Time: Idempotent) && !holds!(PlaceOrder: Idempotent) && !holds!(Wait: Idempotent));
    assert!(holds!(Price: Conflate) && !holds!(Delta: Conflate) && !holds!(Fill: Conflate));
}

/// Whether a type has a trait: an inherent constant comes before one of a trait.
macro_rules! holds {
    ($of:ty: $what:ident) => {{
        #[allow(dead_code, reason = "one of the two is chosen")]
        trait Otherwise {
            const HOLDS: bool = false;
        }
        impl<T> Otherwise for Probe<T> {}
        struct Probe<T>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "one of the two is chosen")]
        impl<T: websockex_nova::behaviour::$what> Probe<T> {
            const HOLDS: bool = true;
        }
        Probe::<$of>::HOLDS
    }};
}
use holds;

/// Calls that the adapter of a venue has no type for.
#[client(dialect = DeribitDialect, prefix = "private/")]
trait MoreOfDeribit {
    /// Announces block trades.
    #[call]
    fn get_block_trades(&self, currency: String, count: Option<u32>) -> Vec<u64>;
}

#[test]
fn another_adapters_dialect_gets_more_calls() {
    let call = GetBlockTrades::new("BTC").with_count(3u32);
    let request: Request = Call::<DeribitDialect>::into_request(call);
    assert_eq!(request.method(), "private/get_block_trades");
    assert_eq!(request.params().unwrap(), r#"{"currency":"BTC","count":3}"#);
    fn has_method<C: MoreOfDeribit>(client: &C) {
        let _ = client.get_block_trades("BTC", 3);
        let _ = client.get_block_trades("BTC", None);
    }
    let _ = has_method::<Client<<websockex_nova::deribit::Deribit as Adapter>::Handlers>>;
    fn is_dialect<D: Dialect>() {}
    is_dialect::<Desk>();
}
