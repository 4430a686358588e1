//! The client, what it holds, and the small steps scenes are made of.

mod scenes;

use std::{error::Error, time::Duration};

use websockex_nova::{
    behaviour::{Bound, Channel, KeepAlive},
    client::{Client, Connect, SubscribeBuilder},
    connect::{Connector, Deadlines, ProxyChoice},
    deribit::{
        Announcements, Applied, Book, BookError, Credentials, Decimal, Deribit, DeribitDialect,
        DeribitHandlers, OrderBook, Ticker, Trades, UserOrders,
        calls::{GetOpenOrders, GetTime},
        items::{Announcement, BookUpdate, Level, OrderUpdates, TickerData, Trade},
    },
    prelude::{Delivery, Endpoint, Policies, Subscription, millis, secs},
    ratelimit::Stated,
    reconnect::Jittered,
    session::{ShutdownReport, State},
    telemetry::Snapshot,
    transport::Generation,
    transport_native::Native,
};

use super::{
    ledger::{Entry, Ledger, Replay},
    lookout::Lookout,
    record::{self, Record},
    story::{Narrator, Progress, Story},
    taker::{Rule, Stream, Taker},
    venue::{CLIENT_ID, DemoVenue, Holding, SECRET},
};

pub(super) type DemoPolicies = Policies<Jittered, Stated, Narrator>;
type DemoClient = Client<DeribitHandlers, DemoPolicies>;
type Failure = Box<dyn Error>;

/// What is known at the end, from all sides.
pub(super) struct Played {
    /// What the callers learnt.
    pub(super) requests: Vec<Entry>,
    /// What the subscribers saw.
    pub(super) streams: Vec<Stream>,
    /// Each link on which the client was ready, and what the venue held of it then.
    pub(super) links: Vec<(Generation, Holding)>,
    /// What the client's events told.
    pub(super) progress: Progress,
    /// What the client's metrics say.
    pub(super) metrics: Option<Snapshot>,
    pub(super) books: Books,
    pub(super) orders: Orders,
    /// The venue's journal.
    pub(super) record: Record,
    pub(super) shutdown: ShutdownReport,
}

/// The book as the client has it at the end, and as it is, level by level.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    pub(super) resynchronised: u64,
    pub(super) ours: Vec<Priced>,
    pub(super) real: Vec<Priced>,
}

/// A price, and how much there is at it.
pub(super) type Priced = (Decimal, Decimal);

/// Orders that are open at the end, by what the client was told and in truth; and how many it wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    pub(super) wanted: u64,
    pub(super) told: Vec<String>,
    pub(super) real: Vec<String>,
}

/// One run.
struct Play<'a> {
    story: &'a Story,
    lookout: Lookout,
    venue: DemoVenue,
    client: DemoClient,
    ledger: Ledger,
    ticker: Taker<TickerData>,
    book: Taker<BookUpdate>,
    trades: Taker<Vec<Trade>>,
    orders: Taker<OrderUpdates>,
    news: Taker<Announcement>,
    kept: Kept,
    links: Vec<(Generation, Holding)>,
    orders_wanted: u64,
    takings: Takings,
}

/// How many items were taken since that was told last.
#[derive(Default)]
struct Takings {
    book: u64,
    tickers: u64,
    trades: u64,
    news: u64,
}

/// The book that is kept from the items.
#[derive(Default)]
struct Kept {
    book: OrderBook,
    snapshots: u64,
    failed: Option<BookError>,
}

/// Plays all scenes.
pub(super) async fn play(story: &Story, lookout: Lookout) -> Result<Played, Failure> {
    let mut play = Play::begin(story, lookout).await?;
    play.flows().await?;
    play.asks().await?;
    play.outlives_its_token().await?;
    play.misses_a_part_of_the_book().await?;
    play.loses_a_link().await?;
    play.notices_silence().await?;
    play.is_slow().await?;
    play.closes().await
}

impl<'a> Play<'a> {
    async fn begin(story: &'a Story, lookout: Lookout) -> Result<Self, Failure> {
        story.scene(
            "The Deribit simulator. A client logs in, asks for heartbeats, and subscribes five times.",
        );
        let venue = DemoVenue::begin().await?;
        let adapter = Deribit::at(Endpoint::parse(&venue.url())?)
            .with_credentials(Credentials::new(CLIENT_ID, SECRET))
            .with_heartbeat(secs(10))?;
        let policies = Policies::default()
            .with_reconnect(Jittered::new(millis(50), millis(400)))
            .with_observer(Narrator(story.clone()));
        // The environment's proxy would lead away from this machine.
        let network =
            Connector::new().with_proxy(ProxyChoice::Direct).with_deadlines(Deadlines::all(secs(5)));
        let client = Connect::new(adapter, Native::new(network))
            .with_policies(policies)
            .with_settings(|settings| settings.keep_alive = KEEP_ALIVE)
            .connect()
            .await?;
        lookout.watch(&client);
        story.reaches(|now| now.ready > 0).await;
        // Ready shall mean that all of them are acknowledged, also on later links.
        let ticker = wanted(client.subscribe(Ticker::every_100ms(INSTRUMENT)).conflated()).await?;
        let book = wanted(client.subscribe(Book::every_100ms(INSTRUMENT))).await?;
        let trades = wanted(client.subscribe(Trades::every_100ms(INSTRUMENT))).await?;
        let orders = wanted(client.subscribe(UserOrders::every_event(INSTRUMENT))).await?;
        let news = wanted(client.subscribe(Announcements::new()).dropping_oldest().bound(BOUND)).await?;
        let mut play = Self {
            story,
            lookout,
            venue,
            client,
            ledger: Ledger::default(),
            ticker: Taker::new(TICKER, Rule::Conflate, ticker, record::of_ticker),
            book: Taker::new(BOOK, Rule::Block, book, record::of_book),
            trades: Taker::new(TRADES, Rule::Block, trades, |trades| record::of_trades(trades)),
            orders: Taker::new(ORDERS, Rule::Block, orders, record::of_orders),
            news: Taker::new(NEWS, Rule::DropOldest, news, record::of_news),
            kept: Kept::default(),
            links: Vec::new(),
            orders_wanted: 0,
            takings: Takings::default(),
        };
        play.looks_at_the_venue();
        Ok(play)
    }

    /// Takes what has come. The venue says everything in order: with its answer to a question, all that
    /// it said before has arrived.
    async fn catches_up(&mut self) -> Result<(), Failure> {
        let call = self.client.call(GetTime::new()).deadline(secs(5));
        self.ledger.ask(&GetTime::new(), Replay::Never, call).end().await?;
        self.takes().await;
        Ok(())
    }

    async fn takes(&mut self) {
        let story = self.story;
        let (kept, takings) = (&mut self.kept, &mut self.takings);
        takings.book += self.book.take_all(story, |next| kept.take(next)).await;
        takings.tickers += self.ticker.take_all(story, |_| {}).await;
        takings.trades += self.trades.take_all(story, |_| {}).await;
        takings.news += self.news.take_all(story, |_| {}).await;
    }

    fn tells_of_takings(&mut self) {
        let Takings { book, tickers, trades, news } = std::mem::take(&mut self.takings);
        let named = [(book, "book"), (tickers, "ticker"), (trades, "trades"), (news, "announcements")];
        let some = named.iter().filter(|(count, _)| *count > 0);
        let told: Vec<_> = some.map(|(count, name)| format!("{count} of {name}")).collect();
        self.story.tell(format!("it takes {}", told.join(", ")));
    }

    /// Lets the market live, and takes what comes of it.
    async fn lives(&mut self, span: Duration) -> Result<(), Failure> {
        self.venue.live(span);
        self.catches_up().await
    }

    /// The link is lost, and there is no other yet: nothing more can come of it.
    async fn is_away(&mut self, before: Progress) {
        self.story.reaches(|now| now.lost > before.lost).await;
        self.ticker.link_ended();
        self.book.link_ended();
        self.trades.link_ended();
        self.orders.link_ended();
        self.news.link_ended();
    }

    async fn is_back(&mut self, before: Progress) {
        self.story.reaches(|now| now.ready > before.ready).await;
        self.looks_at_the_venue();
    }

    fn looks_at_the_venue(&mut self) {
        let holding = self.venue.holding();
        self.story.tell(holding.to_string());
        if let State::Ready { link } = self.client.state() {
            self.links.push((link, holding));
        }
    }

    /// Tells what was taken, and whether the client's book is the real one.
    fn compares_books(&mut self) {
        self.tells_of_takings();
        let is_same = self.kept.levels() == self.real_book();
        let verdict = if is_same { "the same" } else { "NOT the same" };
        let best = |level: Option<Level>| level.map_or("-".to_owned(), |level| level.price.to_string());
        let book = &self.kept.book;
        self.story.tell(format!(
            "the client's book and the venue's: {verdict}, {} levels, bid {}, ask {}",
            book.bids().len() + book.asks().len(),
            best(book.best_bid()),
            best(book.best_ask())
        ));
    }

    fn real_book(&self) -> Vec<Priced> {
        let Some(book) = self.venue.book(INSTRUMENT) else { return Vec::new() };
        let levels = book.bids.iter().chain(&book.asks);
        // By way of their texts: the two sides share no numbers.
        levels.filter_map(|(price, amount)| Some((read(price)?, read(amount)?))).collect()
    }

    /// The end, in good order.
    async fn closes(mut self) -> Result<Played, Failure> {
        self.story.scene("The end: the client is asked what it holds, and closes.");
        self.lives(secs(1)).await?;
        self.compares_books();
        let call = self.client.call(GetOpenOrders::new());
        let open = self.ledger.ask(&GetOpenOrders::new(), Replay::Never, call).end().await?;
        let mut told: Vec<_> = open.iter().map(|order| order.order_id.as_str().to_owned()).collect();
        told.sort_unstable();
        let orders = Orders { wanted: self.orders_wanted, told, real: self.venue.open_orders() };
        let (ours, real) = (self.kept.levels(), self.real_book());
        let books = Books { resynchronised: self.kept.snapshots.saturating_sub(1), ours, real };
        // Before the subscriptions end: what comes after that is nobody's.
        let record = self.venue.journal(Record::of);
        self.lookout.holds(self.story, "all is well").await;
        self.lookout.close().await;
        let streams =
            vec![self.ticker.end(), self.book.end(), self.trades.end(), self.orders.end(), self.news.end()];
        if let Err(error) = self.client.shutdown(secs(2)).await {
            self.story.tell(error.to_string());
        }
        // Only then have the metrics seen everything.
        self.story.reaches(|now| now.is_over).await;
        if let Some(error) = self.kept.failed {
            return Err(error.into());
        }
        Ok(Played {
            requests: self.ledger.entries(),
            streams,
            links: self.links,
            progress: self.story.progress(),
            metrics: self.client.metrics(),
            books,
            orders,
            record,
            shutdown: self.client.shutdown_report(),
        })
    }
}

impl Kept {
    fn take(&mut self, next: &Delivery<BookUpdate>) {
        match next {
            Delivery::Gap(_) => self.book.gap(),
            Delivery::Item(update) => match self.book.apply(update) {
                Ok(Applied::Snapshot) => self.snapshots += 1,
                Ok(_) => {}
                // After a gap was told, and before the snapshot: nobody takes it for a book.
                Err(BookError::NoBase) if !self.book.is_live() => {}
                Err(error) => self.failed = Some(error),
            },
        }
    }

    fn levels(&self) -> Vec<Priced> {
        self.book.bids().chain(self.book.asks()).map(|level| (level.price, level.amount)).collect()
    }
}

fn read(number: &impl ToString) -> Option<Decimal> {
    number.to_string().parse().ok()
}

async fn wanted<C>(
    builder: SubscribeBuilder<DeribitHandlers, DemoPolicies, C>,
) -> Result<Subscription<C::Item>, Failure>
where
    C: Channel<Dialect = DeribitDialect>,
{
    Ok(builder.required().await?)
}

const INSTRUMENT: &str = "BTC-PERPETUAL";
pub(super) const TICKER: &str = "ticker.BTC-PERPETUAL.100ms";
pub(super) const BOOK: &str = "book.BTC-PERPETUAL.100ms";
pub(super) const TRADES: &str = "trades.BTC-PERPETUAL.100ms";
pub(super) const ORDERS: &str = "user.orders.BTC-PERPETUAL.raw";
pub(super) const NEWS: &str = "announcements";

/// How many announcements may wait for the subscriber.
const BOUND: Bound = Bound { count: 100, bytes: 1 << 20 };

/// Notices a half-open link within four seconds, and forgives a busy machine much.
const KEEP_ALIVE: KeepAlive =
    KeepAlive { every: Duration::from_millis(1000), deadline: Duration::from_millis(3000), misses: 1 };
