//! What the fuzz targets check.
//!
//! The claims are the very files that the property tests of `nova-frame-codec`, `nova-connect` and
//! `nova-transport-native` run on every build; here libFuzzer looks for the inputs.

#[path = "../../../crates/connect/tests/connect/any_answer.rs"]
mod any_answer;

#[path = "../../../crates/frame-codec/tests/claims/any_bytes.rs"]
mod any_bytes;
#[path = "../../../crates/frame-codec/tests/claims/any_frames.rs"]
mod any_frames;
#[path = "../../../crates/frame-codec/tests/claims/choices.rs"]
mod choices;
#[path = "../../../crates/frame-codec/tests/claims/read.rs"]
mod read;
#[path = "../../../crates/frame-codec/tests/claims/round_trip.rs"]
mod round_trip;

#[path = "../../../crates/transport-native/tests/deflate/any_bytes.rs"]
mod packed_any_bytes;
#[path = "../../../crates/transport-native/tests/deflate/round_trip.rs"]
mod packed_round_trip;

/// Arbitrary bytes never panic, take bounded memory, and mean the same however they are cut.
pub fn decoder(input: &[u8]) {
    any_bytes::check(input);
}

/// Frames are joined as a naive model joins them.
pub fn assembler(input: &[u8]) {
    any_frames::check(input);
}

/// What is encoded is decoded.
pub fn round_trip(input: &[u8]) {
    round_trip::check(input);
}

/// Arbitrary bytes as compressed messages never panic and never become more than was allowed.
pub fn inflate(input: &[u8]) {
    packed_any_bytes::check(input);
}

/// What is packed is unpacked, whatever was agreed on.
pub fn packed_round_trip(input: &[u8]) {
    packed_round_trip::check(input);
}

/// Whatever a server answers to the upgrade, by either HTTP, never panics, and is no yes without the proof
/// of the key.
pub fn handshake(input: &[u8]) {
    use nova_connect::HttpChoice;

    let Some((http, rest)) = input.split_first() else { return };
    any_answer::check(rest, if http & 1 == 0 { HttpChoice::One } else { HttpChoice::Two });
}

/// Whatever a venue says, as Deribit's messages: routed, read as items, followed as a book, parsed as a
/// channel's name. A name that parses is printed as one that parses to the same.
pub fn deribit(input: &[u8]) {
    use nova_adapter_deribit::{
        ChannelName, Deribit, DeribitJson, OrderBook,
        items::{BookUpdate, TickerData, Trade},
    };
    use nova_behaviour::{Adapter, Behaviour, Body, Decode, Inbound, Kept, MessageHandler};

    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(name) = text.parse::<ChannelName>() {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
    let mut handlers = Deribit::testnet().into_handlers();
    let mut book = OrderBook::default();
    for line in text.lines() {
        if let Ok(Inbound::Event { body, .. }) = handlers.messages().route(Body::Text(line)) {
            let body = Kept::from(body);
            if let Ok(update) = <BookUpdate as Decode<DeribitJson>>::decode(&mut body.clone()) {
                let _ = book.apply(&update);
            }
            let _ = <TickerData as Decode<DeribitJson>>::decode(&mut body.clone());
            let _ = <Vec<Trade<f64>> as Decode<DeribitJson>>::decode(&mut body.clone());
        }
    }
}

/// Arbitrary bytes as payloads of every binary codec: a value or an error, never a panic, and never an
/// item for an item that is not there.
pub fn codecs(input: &[u8]) {
    use std::collections::BTreeMap;

    use nova_behaviour::{Kept, Reads};
    use nova_codecs::{Bytes, Cbor, MessagePack, Protobuf};

    fn read<C: Reads<T>, T>(input: &[u8]) -> Option<T> {
        C::read(&mut Kept::Binary(input.to_vec())).ok()
    }
    type Table = BTreeMap<String, Vec<Option<f64>>>;
    for items in [read::<MessagePack, Vec<u8>>(input), read::<Cbor, Vec<u8>>(input)].into_iter().flatten() {
        assert!(items.len() < input.len());
    }
    read::<MessagePack, Table>(input);
    read::<MessagePack, (String, i64, Table)>(input);
    read::<Cbor, Table>(input);
    read::<Cbor, (String, i64, Table)>(input);
    read::<Protobuf, String>(input);
    read::<Protobuf, f64>(input);
    assert_eq!(read::<Bytes, Vec<u8>>(input).as_deref(), Some(input));
}

/// Whatever a service says, in an envelope that is known by names alone: routed, and its lists of topics
/// and lives of logins read.
pub fn envelope(input: &[u8]) {
    use nova_behaviour::{
        AuthHandler, Body, Demand, Dialect, Envelope, EnvelopeMessages, Inbound, Json, LoginBy,
        MessageHandler, MethodCall, MethodTopics, SubscriptionHandler, Topic,
    };

    struct Service;

    impl Dialect for Service {
        type Request = MethodCall;
        type Codec = Json;
    }

    let Ok(text) = std::str::from_utf8(input) else { return };
    let envelope = Envelope::new("id", "method", "result", "error")
        .with_items("params.channel", "params.data")
        .with_sequence("params.data.n")
        .with_demand("method", "ping", Demand::Answer("pong"));
    let mut messages = EnvelopeMessages::<Service>::new(envelope);
    let mut topics = MethodTopics::new("subscribe", "unsubscribe").with_confirmed("on.these");
    let mut login = LoginBy::new((), |(), _| MethodCall::new("login", &())).with_expires_in("token.seconds");
    for line in text.lines() {
        if let Ok(Inbound::Reply { result: Ok(result), .. }) = messages.route(Body::Text(line)) {
            let asked = [Topic::from("a")];
            let _ = SubscriptionHandler::<Service>::answered(&mut topics, &asked, Ok(result));
            let _ = AuthHandler::<Service>::answered(&mut login, Ok(result));
        }
    }
}
