//! What happens, scene by scene.

use websockex_nova::{
    behaviour::Call,
    deribit::{
        Decimal, DeribitDialect,
        calls::{
            Buy, CancelByLabel, GetCurrencies, GetIndexPrice, GetOpenOrders, GetTicker, GetTime, PlacedOrder,
        },
    },
    prelude::{millis, secs},
};

use super::{BOOK, BOUND, Failure, INSTRUMENT, Play};
use crate::demo::ledger::{Asked, Replay};

impl Play<'_> {
    /// Items on a link that works.
    pub(super) async fn flows(&mut self) -> Result<(), Failure> {
        self.story.scene("The market lives for 13 seconds. Of tickers, only the newest is taken.");
        for _ in 0..13 {
            self.venue.live(secs(1));
            self.catches_up().await?;
        }
        self.compares_books();
        let order = self.buys("one").await?;
        self.story.tell(format!("the venue takes {order}"));
        self.hears_of_an_order().await;
        Ok(())
    }

    /// Each caller learns what became of its request.
    pub(super) async fn asks(&mut self) -> Result<(), Failure> {
        self.story.scene("Thirty requests at once; one nonsense; one answer is lost; one caller goes away.");
        let asked: Vec<_> = (0..30).map(|_| self.asks_for(GetTicker::new(INSTRUMENT))).collect();
        let mut answered = 0;
        for asked in asked {
            answered += u32::from(asked.end().await.is_ok());
        }
        self.story.tell(format!("{answered} of 30 are answered"));
        let nonsense = self.asks_for(GetTicker::new("BTC-NONSENSE")).end().await;
        self.story.tell(format!("the nonsense ends: {}", fate(nonsense)));

        let before = self.venue.requests(CURRENCIES);
        self.venue.lose_reply(CURRENCIES);
        let gone = self.asks_for(GetCurrencies::new());
        self.venue.has_got(CURRENCIES, before + 1).await?;
        gone.give_up().await;
        self.story.tell("the caller that goes away: cancelled");

        self.venue.lose_reply(INDEX);
        let index = GetIndexPrice::new("btc_usd");
        // Longer than a second, which is how long a login must have been held before it is doubted.
        let late = self.client.call(index.clone()).deadline(millis(1_200));
        let late = self.ledger.ask(&index, Replay::Never, late).end().await;
        self.story.tell(format!("the lost answer ends: {}", fate(late)));
        Ok(())
    }

    /// A token that ends without a word, and one that ends soon.
    pub(super) async fn outlives_its_token(&mut self) -> Result<(), Failure> {
        self.story.scene("The token expires, and the venue says nothing. New tokens live for 6 s only.");
        let before = self.story.progress();
        let short = self.venue.shorten_tokens(6);
        self.venue.expire_token();
        let refused = self.asks_for(GetOpenOrders::new()).end().await;
        self.story.tell(format!("a private request ends: {}", fate(refused)));
        self.story.reaches(|now| now.lapsed > before.lapsed && now.logins > before.logins).await;
        self.story.tell("the client has logged in again by itself, and subscribes anew what needs a login");
        self.venue.end(short);
        self.story.reaches(|now| now.logins > before.logins + 1).await;
        self.story.tell("before the short token ends, the client has renewed it by itself");
        let order = self.buys("two").await?;
        self.story.tell(format!("the venue takes {order}"));
        self.hears_of_an_order().await;
        self.lives(secs(1)).await?;
        self.tells_of_takings();
        Ok(())
    }

    /// A hole in the book that only its numbers show.
    pub(super) async fn misses_a_part_of_the_book(&mut self) -> Result<(), Failure> {
        self.story.scene("The venue leaves out three messages of the book, without a word.");
        let snapshots = self.kept.snapshots;
        self.venue.skip(BOOK, 3);
        self.venue.live(secs(1));
        while self.kept.snapshots == snapshots {
            self.catches_up().await?;
        }
        self.story.tell("the client has asked for the book anew, and has it");
        self.lives(secs(1)).await?;
        self.compares_books();
        Ok(())
    }

    /// A link that is reset with items and an order on their way.
    pub(super) async fn loses_a_link(&mut self) -> Result<(), Failure> {
        self.story
            .scene("The network is congested, with an order and a second of market on their way: a reset.");
        let before = self.story.progress();
        let (buys, indices) = (self.venue.requests(BUY), self.venue.requests(INDEX));
        self.venue.lose_reply(BUY);
        self.venue.lose_reply(INDEX);
        let order = self.places("three");
        let index = GetIndexPrice::new("btc_usd");
        let patience = secs(30) + self.lookout.hold();
        let again = self.client.call(index.clone()).replay_on_reconnect();
        let again = again.deadline(patience).wait_for_link(patience);
        let again = self.ledger.ask(&index, Replay::Wished, again);
        self.venue.has_got(BUY, buys + 1).await?;
        self.venue.has_got(INDEX, indices + 1).await?;
        self.hears_of_an_order().await;
        self.venue.congest();
        self.venue.live(secs(1));
        let door = self.venue.shut_the_door();
        self.venue.reset();
        self.is_away(before).await;
        self.story.tell(format!("the order ends: {}", fate(order.end().await)));
        let none = self.asks_for(GetTime::new()).end().await;
        self.story.tell(format!("a request without a link ends: {}", fate(none)));
        let patient = self.client.call(GetTime::new()).deadline(patience).wait_for_link(patience);
        let patient = self.ledger.ask(&GetTime::new(), Replay::Never, patient);
        self.story.reaches(|now| now.failed > before.failed).await;
        self.lookout.holds(self.story, "there is no link").await;
        self.venue.live(secs(1));
        self.venue.end(door);
        self.is_back(before).await;
        self.story.tell(format!("the request that may wait ends: {}", fate(patient.end().await)));
        self.story.tell(format!("the question that may be asked twice ends: {}", fate(again.end().await)));
        let open = self.asks_for(GetOpenOrders::new()).end().await?;
        let is_there =
            open.iter().any(|order| order.label.as_ref().is_some_and(|label| label.as_str() == "three"));
        self.story.tell(match is_there {
            true => "the order of unknown fate: the venue has it, by its label. It was never sent twice",
            false => "the order of unknown fate: the venue does not have it",
        });
        let cancelled = self.asks_for(CancelByLabel::new("three")).end().await;
        self.orders_wanted -= 1;
        self.story.tell(format!("a request to cancel it ends: {}", fate(cancelled)));
        self.hears_of_an_order().await;
        self.lives(secs(1)).await?;
        self.compares_books();
        Ok(())
    }

    /// A link that is open and carries nothing.
    pub(super) async fn notices_silence(&mut self) -> Result<(), Failure> {
        self.story.scene("The venue falls silent, the connection stays open. Only a probe can tell.");
        let before = self.story.progress();
        let door = self.venue.shut_the_door();
        self.venue.fall_silent();
        self.venue.live(secs(1));
        let doomed = self.asks_for(GetTime::new());
        self.is_away(before).await;
        self.story.tell(format!("a request made meanwhile ends: {}", fate(doomed.end().await)));
        self.lookout.holds(self.story, "there is no link").await;
        self.venue.end(door);
        self.is_back(before).await;
        self.lives(secs(1)).await?;
        self.compares_books();
        Ok(())
    }

    /// More items than may wait.
    pub(super) async fn is_slow(&mut self) -> Result<(), Failure> {
        let most = BOUND.count;
        self.story.scene(&format!("A subscriber is slow: 250 announcements come, and {most} may wait."));
        self.venue.announce(250);
        self.catches_up().await?;
        self.tells_of_takings();
        Ok(())
    }

    fn asks_for<C>(&self, request: C) -> Asked<C::Reply>
    where
        C: Call<DeribitDialect> + Clone + 'static,
    {
        self.ledger.ask(&request, Replay::Never, self.client.call(request.clone()))
    }

    /// Places an order that rests in the book, one percent below the market.
    fn places(&mut self, label: &str) -> Asked<PlacedOrder> {
        let best = self.kept.book.best_bid().map_or(0.0, |level| level.price.to_f64());
        let order = Buy::limit(INSTRUMENT, 10, Decimal::from((best * 0.99) as i64)).with_label(label);
        self.orders_wanted += 1;
        self.asks_for(order)
    }

    async fn buys(&mut self, label: &str) -> Result<String, Failure> {
        let placed = self.places(label).end().await?;
        let price = placed.order.price.map_or_else(String::new, |price| price.to_string());
        Ok(format!("the order \"{label}\" to buy at {price}"))
    }

    /// Takes the item by which the private channel tells of an order.
    async fn hears_of_an_order(&mut self) {
        if let Some(orders) = self.orders.take_one(self.story).await {
            let told = orders.iter().map(|order| {
                let label = order.label.as_ref().map_or("", |label| label.as_str());
                format!("the private channel tells: \"{label}\" is {}", order.order_state)
            });
            told.for_each(|line| self.story.tell(line));
        }
    }
}

/// How a request ended.
fn fate<R>(end: Result<R, String>) -> String {
    end.map_or_else(|why| why, |_| "answered".to_owned())
}

const BUY: &str = "private/buy";
const INDEX: &str = "public/get_index_price";
const CURRENCIES: &str = "public/get_currencies";
