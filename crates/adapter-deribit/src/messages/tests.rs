//! What is written, and where what arrives belongs.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn handler() -> DeribitMessages {
    DeribitMessages::new(Shared::default(), true, false)
}

fn encoded(messages: &mut DeribitMessages, request: Request) -> Result<String, MessageError> {
    let mut out = Kept::from("left over");
    let correlation = messages.encode(RequestId::new(7), request, &mut out)?;
    assert_eq!(correlation, Correlation::ById);
    Ok(out.as_body().as_text().unwrap().to_owned())
}

fn routed(text: &str) -> Inbound<'_> {
    handler().route(Body::Text(text)).unwrap()
}

#[test]
fn a_request_is_written_as_json_rpc() {
    let request = Request::new("public/ticker", &BTreeMap::from([("instrument_name", "BTC-PERPETUAL")]));
    assert_eq!(
        encoded(&mut handler(), request).unwrap(),
        r#"{"jsonrpc":"2.0","id":1000000000000007,"method":"public/ticker","params":{"instrument_name":"BTC-PERPETUAL"}}"#
    );
    let bare = encoded(&mut handler(), Request::new("public/test", &())).unwrap();
    assert!(bare.ends_with(r#""method":"public/test","params":{}}"#), "{bare}");
}

#[test]
fn requests_that_the_venue_would_not_take_are_refused_here() {
    let refused = |request| encoded(&mut handler(), request).unwrap_err();
    assert!(matches!(refused(Request::new("public/test", &[1])), MessageError::Unnamed));
    let params = BTreeMap::from([(vec![1], 1)]);
    assert!(matches!(refused(Request::new("public/test", &params)), MessageError::Params(_)));
    let long = Request::new("public/test", &BTreeMap::from([("text", "x".repeat(LONGEST_MESSAGE))]));
    assert!(matches!(refused(long), MessageError::TooLong { bytes } if bytes > LONGEST_MESSAGE));
}

#[test]
fn a_private_method_without_credentials_says_what_to_do() {
    let mut nobody = DeribitMessages::new(Shared::default(), false, false);
    let error = encoded(&mut nobody, Request::bare("private/buy")).unwrap_err();
    assert!(error.to_string().contains("with_credentials"), "{error}");
    assert!(encoded(&mut nobody, Request::bare("public/test")).is_ok());
}

#[test]
fn the_token_is_repeated_in_private_requests_only_where_that_is_asked_for() {
    let shared = Shared::default();
    shared.set_token(Some("to\"ken".into()));
    let mut messages = DeribitMessages::new(shared.clone(), true, true);
    let params = |text: String| text.split_once(r#""params":"#).unwrap().1.to_owned();
    let mut written = |request| params(encoded(&mut messages, request).unwrap());
    assert_eq!(written(Request::bare("private/logout")), r#"{"access_token":"to\"ken"}}"#);
    let named = Request::new("private/get_positions", &BTreeMap::from([("currency", "BTC")]));
    assert_eq!(written(named.clone()), r#"{"access_token":"to\"ken","currency":"BTC"}}"#);
    let own = Request::new("private/logout", &BTreeMap::from([("access_token", "own")]));
    assert_eq!(written(own), r#"{"access_token":"own"}}"#);
    assert_eq!(written(Request::bare("public/test")), "{}}");
    let mut silent = DeribitMessages::new(shared, true, false);
    assert_eq!(params(encoded(&mut silent, named).unwrap()), r#"{"currency":"BTC"}}"#);
}

#[test]
fn a_reply_goes_to_the_request_whose_id_it_has() {
    let reply = r#"{"usIn":1,"result":[1,{"id":5}],"id":1000000000000007,"jsonrpc":"2.0"}"#;
    assert_eq!(
        routed(reply),
        Inbound::Reply { to: Some(RequestId::new(7)), result: Ok(Body::Text(r#"[1,{"id":5}]"#)) }
    );
    let null = r#"{"id":1000000000000000,"result":null}"#;
    assert_eq!(routed(null), Inbound::Reply { to: Some(RequestId::new(0)), result: Ok(Body::Text("null")) });
}

#[test]
fn an_error_keeps_code_text_and_data() {
    let refused = |text| match routed(text) {
        Inbound::Reply { to: Some(_), result: Err(refusal) } => refusal,
        other => panic!("{other:?}"),
    };
    let refusal = refused(
        r#"{"id":1000000000000001,"error":{"data":{"reason":"invalid format"},"message":"Invalid params","code":-32602}}"#,
    );
    assert_eq!((refusal.code, refusal.message.as_str()), (Some(-32602), "Invalid params"));
    assert_eq!(refusal.data, Some(Kept::from(r#"{"reason":"invalid format"}"#)));
    assert_eq!(refused(r#"{"id":1000000000000001,"error":{"code":10009}}"#).code, Some(10009));
    let odd = refused(r#"{"id":1000000000000001,"error":"no"}"#);
    assert_eq!((odd.code, odd.data), (None, Some(Kept::from("\"no\""))));
}

#[test]
fn replies_without_a_known_id_reach_nobody() {
    for id in ["12", "\"text\"", "-1", "1.5", "\"nova-heartbeat-1\""] {
        let text = format!(r#"{{"id":{id},"result":"ok"}}"#);
        assert_eq!(handler().route(Body::Text(&text)).unwrap(), Inbound::Ignore, "{id}");
    }
    assert_eq!(routed(r#"{"result":"ok"}"#), Inbound::Reply { to: None, result: Ok(Body::Text("\"ok\"")) });
}

#[test]
fn own_messages_of_the_application_are_answered_by_their_own_ids() {
    let mut messages = handler();
    for (own, id) in [("7", 100), ("\"seven\"", 101)] {
        let message = format!(r#"{{"method":"public/test","id":{own}}}"#);
        assert_eq!(messages.adopt(RequestId::new(id), Body::Text(&message)), Correlation::ById);
        let reply = format!(r#"{{"id":{own},"result":{id}}}"#);
        let Inbound::Reply { to, .. } = messages.route(Body::Text(&reply)).unwrap() else {
            panic!("{reply}")
        };
        assert_eq!(to, Some(RequestId::new(id)));
        assert_eq!(messages.route(Body::Text(&reply)).unwrap(), Inbound::Ignore, "a second time");
    }
    for without in [r#"{"method":"public/test"}"#, r#"{"id":1000000000000001}"#, "[]", "?", r#"{"id":[1]}"#] {
        assert_eq!(messages.adopt(RequestId::new(9), Body::Text(without)), Correlation::Unanswered);
    }
    assert_eq!(messages.adopt(RequestId::new(9), Body::Binary(b"{\"id\":1}")), Correlation::Unanswered);
}

#[test]
fn errors_that_name_no_request_are_an_item_of_their_own_topic() {
    let text = r#"{"jsonrpc":"2.0","error":{"message":"bad_request","code":11050,"data":"invalid json"}}"#;
    let Inbound::Event { topic, body, .. } = routed(text) else { panic!() };
    assert_eq!((topic.as_ref(), body.as_text().unwrap().contains("11050")), (ERRORS, true));
}

#[test]
fn maintenance_closes_the_link_unless_it_answers_a_request() {
    let mut messages = handler();
    let told = r#"{"jsonrpc":"2.0","error":{"message":"system_maintenance","code":11051}}"#;
    assert!(matches!(messages.route(Body::Text(told)), Ok(Inbound::Close(_))));
    assert_eq!(messages.shared.notice(), Some(Notice::Maintenance));
    let answer = r#"{"id":1000000000000001,"error":{"message":"system_maintenance","code":11051}}"#;
    assert!(matches!(messages.route(Body::Text(answer)), Ok(Inbound::Reply { result: Err(_), .. })));
}

#[test]
fn what_the_venue_says_of_itself_is_kept_until_it_answers_again() {
    let mut messages = handler();
    let refused = r#"{"id":1000000000000001,"error":{"message":"too_many_requests","code":10028}}"#;
    messages.route(Body::Text(refused)).unwrap();
    assert_eq!(messages.shared.notice(), Some(Notice::TooManyRequests));
    messages.route(Body::Text(r#"{"id":1000000000000002,"result":0}"#)).unwrap();
    assert_eq!(messages.shared.notice(), None);
    messages.route(Body::Text(r#"{"error":{"message":"connection_too_slow","code":1}}"#)).unwrap();
    assert_eq!(messages.shared.notice(), Some(Notice::TooSlow));
}

#[test]
fn an_item_goes_to_its_topic() {
    let text = r#"{"method":"subscription","params":{"channel":"user.orders.any.any.raw","data":{"a":1},"label":"l"}}"#;
    assert_eq!(
        routed(text),
        Inbound::Event {
            topic: Cow::Borrowed("user.orders.any.any.raw"),
            position: None,
            body: Body::Text(r#"{"a":1}"#)
        }
    );
    let book = r#"{"params":{"data":{"change_id":7,"type":"change","prev_change_id":5},"channel":"book.BTC-PERPETUAL.100ms"},"method":"subscription"}"#;
    let Inbound::Event { position: Some(position), .. } = routed(book) else { panic!() };
    assert_eq!((position.number, position.follows), (7, Some(5)));
}

#[test]
fn currencies_come_in_the_case_their_topics_have() {
    let topic = |channel: &str| canonical(Cow::Borrowed(channel)).into_owned();
    for (channel, expected) in [
        ("user.portfolio.BTC", "user.portfolio.btc"),
        ("rfq.ETH", "rfq.eth"),
        ("block_rfq.maker.quotes.BTC", "block_rfq.maker.quotes.btc"),
        ("block_rfq.trades.btc", "block_rfq.trades.BTC"),
        ("block_rfq.trades.any", "block_rfq.trades.any"),
        ("block_trade_confirmations.btc", "block_trade_confirmations.BTC"),
        ("block_trade_confirmations", "block_trade_confirmations"),
        ("trades.option.BTC.raw", "trades.option.BTC.raw"),
        ("user.trades.BTC-PERPETUAL.raw", "user.trades.BTC-PERPETUAL.raw"),
    ] {
        assert_eq!(topic(channel), expected);
        // Whatever the venue prints is a topic that could have been asked for.
        assert_eq!(expected.parse::<crate::ChannelName>().unwrap().to_string(), expected);
    }
}

#[test]
fn a_test_request_is_answered_each_time_with_a_fresh_id() {
    let mut messages = handler();
    let test = r#"{"params":{"type":"test_request"},"method":"heartbeat","jsonrpc":"2.0"}"#;
    let mut answer = || match messages.route(Body::Text(test)).unwrap() {
        Inbound::Answer(Kept::Text(text)) => text,
        other => panic!("{other:?}"),
    };
    let (first, second) = (answer(), answer());
    assert_eq!(first, r#"{"jsonrpc":"2.0","id":"nova-heartbeat-1","method":"public/test","params":{}}"#);
    assert_ne!(first, second);
    let reply = r#"{"id":"nova-heartbeat-1","result":{"version":"1"}}"#;
    assert_eq!(messages.route(Body::Text(reply)).unwrap(), Inbound::Ignore);
    let beat = r#"{"params":{"type":"heartbeat"},"method":"heartbeat"}"#;
    assert_eq!(messages.route(Body::Text(beat)).unwrap(), Inbound::Ignore);
}

#[test]
fn notifications_of_unknown_methods_have_topics() {
    let text = r#"{"method":"news","params":[1]}"#;
    let Inbound::Event { topic, body, .. } = routed(text) else { panic!() };
    assert_eq!((topic.as_ref(), body), ("method:news", Body::Text("[1]")));
    let Inbound::Event { body, .. } = routed(r#"{"method":"news"}"#) else { panic!() };
    assert_eq!(body, Body::Text("null"));
}

#[test]
fn what_means_nothing_is_a_typed_error() {
    let error = |text| handler().route(Body::Text(text)).unwrap_err();
    assert!(matches!(error(r#"[{"id":1}]"#), MessageError::Batch));
    for text in ["", "{", "7", "null", "{\"id\":1,}"] {
        assert!(matches!(error(text), MessageError::Envelope(_)), "{text}");
    }
    for text in ["{}", r#"{"id":1}"#, r#"{"method":7}"#, r#"{"error":null}"#] {
        assert!(matches!(error(text), MessageError::Meaningless), "{text}");
    }
    let incomplete = r#"{"method":"subscription","params":{"channel":"a"}}"#;
    assert!(matches!(error(incomplete), MessageError::NoItem));
    assert!(matches!(handler().route(Body::Binary(b"{}")), Err(MessageError::Binary)));
}

#[test]
fn an_item_is_the_same_whatever_stands_around_it() {
    use nova_behaviour::Decode;
    let items = [r#"{"a":[1,"}}"]}"#, "[7]", "null", "\"x\"", "7"];
    for data in items {
        for text in [
            format!(
                r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"c","data":{data}}}}}"#
            ),
            format!(
                r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"c","data":{data},"label":"x"}}}}"#
            ),
            format!(
                r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"c","data":{data}}},"testnet":true}}"#
            ),
            format!(
                r#"{{"params":{{"data":{data},"channel":"c"}},"method":"subscription","jsonrpc":"2.0"}}"#
            ),
            format!(
                r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"\u0063","data":{data}}}}}"#
            ),
        ] {
            let Inbound::Event { topic, body, .. } = routed(&text) else { panic!("{text}") };
            let read: serde_json::Value =
                Decode::<crate::DeribitJson>::decode(&mut Kept::from(body)).unwrap();
            assert_eq!((topic.as_ref(), read.to_string()), ("c", data.to_owned()), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_routed_or_refused(text in ".*") {
        let _ = handler().route(Body::Text(&text));
        let _ = handler().adopt(RequestId::new(1), Body::Text(&text));
    }

    #[test]
    fn every_request_is_answered_by_its_own_id(number in 0..1_u64 << 52) {
        let mut messages = handler();
        let mut out = Kept::default();
        messages.encode(RequestId::new(number), Request::bare("public/test"), &mut out).unwrap();
        let text = out.as_body().as_text().unwrap().to_owned();
        let Some(Id::Number(id)) = Envelope::read(&text).unwrap().id else { panic!("{text}") };
        let reply = format!(r#"{{"id":{id},"result":0}}"#);
        let expected = Inbound::Reply { to: Some(RequestId::new(number)), result: Ok(Body::Text("0")) };
        prop_assert_eq!(messages.route(Body::Text(&reply)).unwrap(), expected);
    }
}
