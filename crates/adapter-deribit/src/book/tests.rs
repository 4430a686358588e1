//! What a book shows after what happened to it, by hand and against a model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn change(action: &str, price: f64, amount: f64) -> LevelChange<f64> {
    LevelChange { action: action.into(), price, amount }
}

fn update(
    change_id: u64,
    prev: Option<u64>,
    bids: &[(&str, f64, f64)],
    asks: &[(&str, f64, f64)],
) -> BookUpdate<f64> {
    let levels = |side: &[(&str, f64, f64)]| side.iter().map(|&(a, p, n)| change(a, p, n)).collect();
    BookUpdate {
        extent: if prev.is_some() { Extent::Change } else { Extent::Snapshot },
        instrument_name: "BTC-PERPETUAL".into(),
        timestamp: Timestamp::from_millis(change_id),
        change_id,
        prev_change_id: prev,
        bids: levels(bids),
        asks: levels(asks),
    }
}

fn live() -> OrderBook<f64> {
    let mut book = OrderBook::new();
    let snapshot = update(
        10,
        None,
        &[("new", 99.0, 1.0), ("new", 98.0, 2.0)],
        &[("new", 101.0, 3.0), ("new", 102.5, 4.0)],
    );
    assert_eq!(book.apply(&snapshot), Ok(Applied::Snapshot));
    book
}

fn levels(levels: impl Iterator<Item = Level<f64>>) -> Vec<(f64, f64)> {
    levels.map(|level| (level.price, level.amount)).collect()
}

fn assert_empty(book: &OrderBook<f64>, state: BookState) {
    assert_eq!(book.state(), state);
    assert!(book.best_bid().is_none() && book.best_ask().is_none() && !book.is_crossed());
    assert_eq!((book.bids().len(), book.asks().len(), book.change_id()), (0, 0, None));
}

#[test]
fn changes_apply_by_price_wherever_they_stand() {
    let mut book = live();
    let next = update(
        12,
        Some(10),
        &[("delete", 98.0, 0.0), ("new", 97.0, 5.0), ("change", 99.0, 1.5), ("new", 98.5, 0.5)],
        &[("new", 101.5, 7.0), ("delete", 101.0, 0.0), ("delete", 500.0, 0.0)],
    );
    assert_eq!(book.apply(&next), Ok(Applied::Change));
    assert_eq!(levels(book.bids()), [(99.0, 1.5), (98.5, 0.5), (97.0, 5.0)]);
    assert_eq!(levels(book.asks()), [(101.5, 7.0), (102.5, 4.0)]);
    assert_eq!((book.bid_at(98.5), book.bid_at(98.0), book.ask_at(102.5)), (Some(0.5), None, Some(4.0)));
    assert_eq!((book.change_id(), book.timestamp()), (Some(12), Some(Timestamp::from_millis(12))));
}

#[test]
fn a_change_that_does_not_follow_breaks_the_book() {
    for follows in [Some(11), Some(9)] {
        let mut book = live();
        let next = update(12, follows, &[("new", 100.0, 1.0)], &[]);
        assert_eq!(book.apply(&next), Err(BookError::NotContinuous { have: 10, follows }));
        assert_empty(&book, BookState::Broken);
        assert_eq!(book.apply(&update(13, Some(12), &[], &[])), Err(BookError::NoBase));
        assert_eq!(book.apply(&update(5, None, &[("new", 1.0, 1.0)], &[])), Ok(Applied::Snapshot));
        assert!(book.is_live());
        assert_eq!(levels(book.bids()), [(1.0, 1.0)]);
    }
}

#[test]
fn a_change_that_does_not_say_what_it_follows_breaks_the_book() {
    let mut book = live();
    let next = BookUpdate { extent: Extent::Change, ..update(12, None, &[], &[]) };
    assert_eq!(book.apply(&next), Err(BookError::NotContinuous { have: 10, follows: None }));
    assert_empty(&book, BookState::Broken);
}

#[test]
fn a_change_the_book_has_is_told_and_left_out() {
    let mut book = live();
    for old in
        [update(10, Some(9), &[("delete", 99.0, 0.0)], &[]), update(7, Some(6), &[], &[("new", 1.0, 1.0)])]
    {
        assert_eq!(book.apply(&old), Ok(Applied::Stale));
    }
    assert_eq!(levels(book.bids()), [(99.0, 1.0), (98.0, 2.0)]);
    assert_eq!(book.apply(&update(11, Some(10), &[], &[])), Ok(Applied::Change));
}

#[test]
fn a_gap_leaves_nothing_behind() {
    let mut book = live();
    book.gap();
    assert_empty(&book, BookState::Broken);
    book.gap();
    assert_empty(&book, BookState::Broken);
    let mut fresh = OrderBook::<f64>::new();
    fresh.gap();
    assert_empty(&fresh, BookState::Empty);
    assert_eq!(fresh.apply(&update(2, Some(1), &[], &[])), Err(BookError::NoBase));
    assert_empty(&fresh, BookState::Empty);
}

#[test]
fn a_crossed_book_is_told() {
    let mut book = live();
    assert!(!book.is_crossed());
    book.apply(&update(11, Some(10), &[("new", 101.0, 1.0)], &[])).unwrap();
    assert!(book.is_crossed() && book.is_live());
}

#[test]
fn a_level_of_nothing_is_none() {
    let mut book = live();
    book.apply(&update(11, Some(10), &[("change", 99.0, 0.0)], &[("new", 100.0, -0.0)])).unwrap();
    assert_eq!(levels(book.bids()), [(98.0, 2.0)]);
    assert_eq!(book.best_ask().unwrap().price, 101.0);
}

#[test]
fn prices_may_be_negative_and_both_zeros_are_one() {
    let mut book = OrderBook::new();
    let bids = [("new", -1.0, 1.0), ("new", -0.0, 2.0), ("new", 0.0, 3.0), ("new", 1.0, 4.0)];
    book.apply(&update(1, None, &bids, &[])).unwrap();
    assert_eq!(levels(book.bids()), [(1.0, 4.0), (0.0, 3.0), (-1.0, 1.0)]);
    assert_eq!(book.bid_at(-0.0), Some(3.0));
}

#[test]
fn what_is_not_understood_breaks_the_book() {
    let mut book = live();
    let next = update(11, Some(10), &[("new", 99.5, 1.0), ("halve", 99.0, 0.5)], &[]);
    assert_eq!(book.apply(&next), Err(BookError::UnknownWord("halve".into())));
    assert_empty(&book, BookState::Broken);
    let mut book = live();
    let next = BookUpdate { extent: "rumour".into(), ..update(11, Some(10), &[], &[]) };
    assert_eq!(book.apply(&next), Err(BookError::UnknownWord("rumour".into())));
    assert_empty(&book, BookState::Broken);
}

#[test]
fn another_instrument_does_no_harm() {
    let mut book = live();
    let other = BookUpdate { instrument_name: "ETH-PERPETUAL".into(), ..update(11, None, &[], &[]) };
    assert!(matches!(book.apply(&other), Err(BookError::OtherInstrument { .. })));
    assert_eq!(levels(book.bids()), [(99.0, 1.0), (98.0, 2.0)]);
}

#[test]
fn exact_prices_are_one_level_however_they_are_written() {
    let mut book = OrderBook::new();
    let updates: [BookUpdate; 2] = [
        r#"{"type":"snapshot","timestamp":1,"change_id":1,"instrument_name":"A-B","bids":[],
            "asks":[["new",6.4e4,10.0],["new",64000.5,1]]}"#,
        r#"{"type":"change","timestamp":1,"change_id":2,"prev_change_id":1,"instrument_name":"A-B","bids":[],
            "asks":[["change",64000,7],["delete",6.40005e4,0]]}"#,
    ]
    .map(|text| serde_json::from_str(text).unwrap());
    for update in &updates {
        book.apply(update).unwrap();
    }
    assert_eq!(book.asks().map(|level| level.amount).collect::<Vec<_>>(), [Decimal::from(7)]);
}

/// What may happen to a book.
#[derive(Clone, Debug)]
enum Step {
    Snapshot { id: u64, bids: Vec<(i32, u32)>, asks: Vec<(i32, u32)> },
    Change { ahead: u64, bids: Vec<(i32, u32)>, asks: Vec<(i32, u32)> },
    Stale { behind: u64, bids: Vec<(i32, u32)> },
    Skip { ahead: u64, follows: u64, bids: Vec<(i32, u32)> },
    Gap,
}

fn step() -> impl Strategy<Value = Step> {
    let side = || prop::collection::vec((-5..20_i32, 0..4_u32), 0..8);
    prop_oneof![
        2 => (1..1_000_u64, side(), side()).prop_map(|(id, bids, asks)| Step::Snapshot { id, bids, asks }),
        8 => (1..50_u64, side(), side()).prop_map(|(ahead, bids, asks)| Step::Change { ahead, bids, asks }),
        1 => (0..5_u64, side()).prop_map(|(behind, bids)| Step::Stale { behind, bids }),
        1 => (2..50_u64, 1..2_u64, side()).prop_map(|(ahead, follows, bids)| Step::Skip { ahead, follows, bids }),
        1 => Just(Step::Gap),
    ]
}

/// The same without cleverness: two maps, and the state they are of.
#[derive(Default)]
struct Model {
    id: Option<u64>,
    bids: BTreeMap<i32, u32>,
    asks: BTreeMap<i32, u32>,
}

fn set(side: &mut BTreeMap<i32, u32>, levels: &[(i32, u32)]) {
    for &(price, amount) in levels {
        side.insert(price, amount);
        side.retain(|_, amount| *amount > 0);
    }
}

fn wire<N: Number>(
    id: u64,
    prev: Option<u64>,
    sides: [&[(i32, u32)]; 2],
    number: fn(i32) -> N,
) -> BookUpdate<N> {
    let [bids, asks] = sides.map(|side| {
        let change = |&(price, amount): &(i32, u32)| LevelChange {
            action: if amount == 0 { LevelAction::Delete } else { LevelAction::New },
            price: number(price),
            amount: number(amount as i32),
        };
        side.iter().map(change).collect()
    });
    let plain = update(id, prev, &[], &[]);
    let BookUpdate { extent, instrument_name, timestamp, change_id, prev_change_id, .. } = plain;
    BookUpdate { extent, instrument_name, timestamp, change_id, prev_change_id, bids, asks }
}

fn follows_the_model<N: Number>(steps: &[Step], number: fn(i32) -> N) -> Result<(), TestCaseError> {
    let (mut book, mut model) = (OrderBook::<N>::new(), Model::default());
    for step in steps {
        let told = match (step, model.id) {
            (Step::Snapshot { id, bids, asks }, _) => {
                model = Model { id: Some(*id), ..Model::default() };
                set(&mut model.bids, bids);
                set(&mut model.asks, asks);
                prop_assert_eq!(book.apply(&wire(*id, None, [bids, asks], number)), Ok(Applied::Snapshot));
                continue;
            }
            (Step::Gap, _) => {
                model = Model::default();
                book.gap();
                None
            }
            (Step::Change { ahead, bids, asks }, Some(id)) => {
                model.id = Some(id + ahead);
                set(&mut model.bids, bids);
                set(&mut model.asks, asks);
                Some((book.apply(&wire(id + ahead, Some(id), [bids, asks], number)), Ok(Applied::Change)))
            }
            (Step::Stale { behind, bids }, Some(id)) => {
                let old = id.saturating_sub(*behind);
                let update = wire(old, Some(old.saturating_sub(1)), [bids, &[]], number);
                Some((book.apply(&update), Ok(Applied::Stale)))
            }
            (Step::Skip { ahead, follows, bids }, Some(id)) => {
                model = Model::default();
                let follows = Some(id + follows);
                let update = wire(id + ahead, follows, [bids, &[]], number);
                Some((book.apply(&update), Err(BookError::NotContinuous { have: id, follows })))
            }
            (Step::Change { bids, .. } | Step::Stale { bids, .. } | Step::Skip { bids, .. }, None) => {
                Some((book.apply(&wire(5, Some(4), [bids, &[]], number)), Err(BookError::NoBase)))
            }
        };
        if let Some((told, expected)) = told {
            prop_assert_eq!(told, expected);
        }
        let expect = |side: &BTreeMap<i32, u32>| -> Vec<(N, N)> {
            side.iter().map(|(price, amount)| (number(*price), number(*amount as i32))).collect()
        };
        let have = |levels: Vec<Level<N>>| -> Vec<(N, N)> {
            levels.into_iter().map(|level| (level.price, level.amount)).collect()
        };
        prop_assert_eq!(have(book.bids().rev().collect()), expect(&model.bids));
        prop_assert_eq!(have(book.asks().collect()), expect(&model.asks));
        prop_assert_eq!(book.best_bid().map(|l| l.price), model.bids.keys().last().map(|p| number(*p)));
        prop_assert_eq!(book.best_ask().map(|l| l.price), model.asks.keys().next().map(|p| number(*p)));
        prop_assert_eq!(book.change_id(), model.id);
        prop_assert_eq!(book.is_live(), model.id.is_some());
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_book_is_what_the_model_is(steps in prop::collection::vec(step(), 0..60)) {
        follows_the_model::<f64>(&steps, |whole| f64::from(whole) / 4.0)?;
        follows_the_model::<Decimal>(&steps, |whole| format!("{}", f64::from(whole) / 4.0).parse().unwrap())?;
    }
}
