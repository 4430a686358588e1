//! What is asked, what is confirmed, and which items follow each other.

use serde_json::{Value, json};

use super::*;
use crate::messages::LONGEST_MESSAGE;

fn public() -> DeribitTopics {
    DeribitTopics::new(false, None)
}

fn private() -> DeribitTopics {
    DeribitTopics::new(true, None)
}

fn topics(names: &[&str]) -> Vec<Topic> {
    names.iter().map(|name| Topic::from(*name)).collect()
}

fn sent(request: TopicRequest<Request>) -> (String, Value) {
    let TopicRequest::Send(request) = request else { panic!("nothing was asked") };
    (request.method().to_owned(), serde_json::from_str(request.params().unwrap()).unwrap())
}

#[test]
fn a_call_is_private_as_soon_as_there_are_credentials() {
    let asked = topics(&["ticker.BTC-PERPETUAL.100ms", "quote.BTC_USDC"]);
    let channels = json!({"channels": ["ticker.BTC-PERPETUAL.100ms", "quote.BTC_USDC"]});
    assert_eq!(sent(public().subscribe(&asked)), ("public/subscribe".into(), channels.clone()));
    assert_eq!(sent(private().subscribe(&asked)), ("private/subscribe".into(), channels.clone()));
    assert_eq!(sent(private().unsubscribe(&asked)), ("private/unsubscribe".into(), channels));
}

#[test]
fn the_label_goes_with_private_subscriptions_only() {
    let labelled = |has_credentials| DeribitTopics::new(has_credentials, Some("mine".into()));
    let asked = topics(&["quote.BTC_USDC"]);
    assert_eq!(sent(labelled(true).subscribe(&asked)).1["label"], "mine");
    assert!(sent(labelled(false).subscribe(&asked)).1.get("label").is_none());
    assert!(sent(labelled(true).unsubscribe(&asked)).1.get("label").is_none());
}

#[test]
fn currencies_are_asked_for_in_upper_case() {
    let asked =
        topics(&["user.portfolio.btc", "user.portfolio.any", "block_rfq.maker.quotes.eth", "rfq.btc"]);
    let expected =
        json!(["user.portfolio.BTC", "user.portfolio.any", "block_rfq.maker.quotes.ETH", "rfq.BTC"]);
    assert_eq!(sent(private().subscribe(&asked)).1["channels"], expected);
}

#[test]
fn notifications_by_method_are_asked_of_nobody() {
    let asked = topics(&["method:news", "quote.BTC_USDC"]);
    assert!(matches!(public().subscribe(&asked[..1]), TopicRequest::Local));
    assert_eq!(sent(public().subscribe(&asked)).1["channels"], json!(["quote.BTC_USDC"]));
    let told = public().answered(&asked, Ok(Body::Text("[]")));
    assert_eq!((told.confirmed, told.refused.len()), (topics(&["method:news"]), 1));
}

#[test]
fn a_full_batch_of_the_longest_names_fits_into_a_message() {
    let longest = format!("user.combo_trades.option_combo.{}.100ms", "C".repeat(48));
    assert_eq!(longest.parse::<ChannelName>().unwrap().to_string(), longest);
    assert!(longest.len() <= LONGEST_NAME);
    let mut topics = DeribitTopics::new(true, Some("sixteen letters.".into())).taking_unlisted(true);
    let asked: Vec<Topic> = (0..topics.batch()).map(|_| Topic::from("x".repeat(LONGEST_NAME))).collect();
    let TopicRequest::Send(request) = topics.subscribe(&asked) else { panic!() };
    let (token, envelope) = (1_500, 100);
    assert!(request.params().unwrap().len() + token + envelope < LONGEST_MESSAGE);
    assert!(topics.batch() <= 500);
}

#[test]
fn names_that_are_none_are_refused_with_what_was_meant() {
    let refusal = public().check(&"ticker.btc-perpetual.100ms".into()).unwrap_err();
    assert!(refusal.message.contains("did you mean \"ticker.BTC-PERPETUAL.100ms\""), "{refusal}");
    assert!(public().check(&"ticker.BTC-PERPETUAL.100ms".into()).is_ok());
    assert!(public().check(&"method:error".into()).is_ok());
}

#[test]
fn channels_that_need_a_login_are_refused_without_credentials() {
    for (name, code) in [("user.portfolio.btc", 13009), ("ticker.BTC-PERPETUAL.raw", 13778)] {
        let topic = Topic::from(name);
        let refusal = public().check(&topic).unwrap_err();
        assert!(refusal.message.starts_with("login needed"), "{refusal}");
        assert_eq!((refusal.code, refusal.group()), (Some(code), Group::Authenticate));
        assert!(private().check(&topic).is_ok() && private().needs_login(&topic));
    }
    assert!(!private().needs_login(&"ticker.BTC-PERPETUAL.100ms".into()));
}

#[test]
fn raw_channels_can_be_for_everyone_and_private_ones_never() {
    let open = public().with_raw_for_all(true);
    let raw = Topic::from("ticker.BTC-PERPETUAL.raw");
    assert!(open.check(&raw).is_ok() && !open.needs_login(&raw));
    assert!(open.check(&"user.trades.any.any.raw".into()).is_err());
}

#[test]
fn unlisted_names_are_sent_only_by_choice() {
    let trusting = public().taking_unlisted(true);
    let new = Topic::from("starbase.book@1.BTC-PERPETUAL");
    assert!(public().check(&new).is_err() && trusting.check(&new).is_ok());
    assert!(trusting.check(&"user.isolated.orders.any".into()).is_err(), "private, by its first word");
    assert!(trusting.check(&"starbase.book.BTC-PERPETUAL.raw".into()).is_err(), "raw, by its last word");
    for odd in ["", "a b", "a\"b", &"x".repeat(LONGEST_NAME + 1)] {
        assert!(trusting.check(&odd.into()).is_err(), "{odd}");
    }
}

#[test]
fn only_what_the_answer_names_is_confirmed_in_any_order_and_case() {
    let asked = topics(&["ticker.A-B.100ms", "user.portfolio.btc", "quote.NO-ONE"]);
    let told = private().answered(&asked, Ok(Body::Text(r#"["user.portfolio.BTC","ticker.A-B.100ms","x"]"#)));
    assert_eq!(told.confirmed, topics(&["ticker.A-B.100ms", "user.portfolio.btc"]));
    assert_eq!(told.refused[0].0, asked[2]);
    assert!(told.refused[0].1.message.contains("quote.NO-ONE"));
    let none = public().answered(&asked, Ok(Body::Text("[]")));
    assert_eq!((none.confirmed.len(), none.refused.len()), (0, 3));
    let odd = public().answered(&asked, Ok(Body::Text("\"ok\"")));
    assert_eq!(odd.refused.len(), 3);
}

#[test]
fn a_failed_call_refuses_its_topics_only_where_they_are_to_blame() {
    let asked = topics(&["ticker.A-B.raw"]);
    let told = |handler: &mut DeribitTopics, code| {
        let told = handler.answered(&asked, Err(&Refusal::new("no").with_code(code)));
        (told.confirmed.len(), told.refused.len(), told.postponed.len())
    };
    for code in [10028, 10040, 10041, 10047, 10066, 11051, 11052, 13028, 13503] {
        assert_eq!(told(&mut public(), code), (0, 0, 1), "{code}");
    }
    for code in [-32602, 11050, 13021, 99_999] {
        assert_eq!(told(&mut private(), code), (0, 1, 0), "{code}");
    }
    for code in [13778, 13009] {
        assert_eq!(told(&mut public(), code), (0, 1, 0), "{code}");
        assert_eq!(told(&mut private(), code), (0, 0, 1), "the login is made anew after {code}");
    }
    let refusal = Refusal::new("raw_subscriptions_not_available_for_unauthorized").with_code(13778);
    let told = public().answered(&asked, Err(&refusal));
    assert!(told.refused[0].1.message.starts_with("login needed"));
}

#[test]
fn a_book_breaks_where_a_change_does_not_follow() {
    let mut topics = public();
    let mut judged = |last, next| topics.continuity("book.BTC-PERPETUAL.100ms", last, next);
    let change = |number, follows| Position::new(number).following(follows);
    let broken = Continuity::Broken { missing: None, resynchronise: true };
    for last in [None, Some(3), Some(9)] {
        assert_eq!(judged(last, Position::new(5)), Continuity::Unbroken, "a snapshot is a base");
    }
    assert_eq!(judged(Some(5), change(8, 5)), Continuity::Unbroken);
    assert_eq!(judged(Some(5), change(8, 6)), broken);
    assert_eq!(judged(Some(5), change(5, 3)), Continuity::Covered);
    assert_eq!(judged(Some(5), change(4, 3)), Continuity::Covered);
    assert_eq!(judged(None, change(8, 5)), broken, "there is no base");
    assert_eq!(judged(Some(5), change(8, 8)), broken, "it names nothing before it");
}

#[test]
fn grouped_books_cannot_break() {
    let next = Position::new(9).following(7);
    let grouped = "book.BTC-PERPETUAL.none.20.100ms";
    assert_eq!(public().continuity(grouped, Some(5), next), Continuity::Unbroken);
}
