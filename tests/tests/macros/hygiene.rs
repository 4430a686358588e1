//! What is made stands in any crate: without a prelude, among types of the usual names, under strict
//! lints, and with a facade that has another name.

/// A crate that has its own idea of the usual names, and no prelude.
#[deny(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    unused,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used
)]
pub mod strict {
    #![no_implicit_prelude]
    #![allow(dead_code, unused_imports, reason = "the names only have to be there")]

    use ::websockex_nova::{
        behaviour::{LoginMoment, MethodCall, Secret},
        macros,
    };

    pub(crate) struct Result;
    pub(crate) struct Option;
    pub(crate) struct String;
    pub(crate) struct Vec;
    pub(crate) struct Box;
    pub(crate) enum Outcome {
        Ok,
        Err,
        Some,
        None,
    }
    pub(crate) trait Into {}
    pub(crate) trait From {}
    pub(crate) trait Default {}
    pub(crate) trait Clone {}
    pub(crate) trait Debug {}
    pub(crate) trait Serialize {}
    pub(crate) trait Call {}
    pub(crate) trait Behaviour {}
    pub(crate) struct Client;
    pub(crate) struct Duration;
    pub(crate) mod core {}
    pub(crate) mod std {}
    pub(crate) mod websockex_nova {}
    pub(crate) use Outcome::*;

    /// An adapter.
    #[derive(macros::Adapter)]
    #[adapter(
        endpoint = "wss://one.example/", endpoint = "wss://two.example/",
        json(params = "params", topic = "channel", item = "data", sequence = "n", error_code = "number",
             constant("jsonrpc" = "\"2.0\"")),
        answer("method" = "ping", with = "pong"), reconnect("method" = "bye", reason = "as it was told"),
        ignore("method" = "noise"),
        topics(batch = 10, confirmed = "", postponed = 429, resynchronised),
        login(with = login, lead = "30s", lapsed = 401, lapsed = 403),
        setting("set", params("heartbeat" = 30, "name" = "us"), after_login, optional),
        budget("credits", capacity = 10, refill = 1, per = "300ms", reserve = 2, per_link, cost = 1),
        cost("orders" = 1), held_back(code = 429, pause = "1s"),
        settings(call_deadline = "5s", in_flight = 64),
    )]
    pub struct Venue {
        /// Who.
        pub credentials: Secret,
    }

    /// Logs in.
    #[must_use]
    pub fn login(secret: &Secret, moment: LoginMoment) -> MethodCall {
        MethodCall::new("login", &(secret.reveal(), moment.nonce))
    }

    /// A client.
    #[macros::client(dialect = Venue)]
    pub trait VenueClient {
        /// Documented.
        #[call(idempotent, cost("orders" = 3), deadline = "1s", priority = 1)]
        fn documented(&self, one: ::std::string::String, two: ::core::option::Option<u32>) -> u64;

        #[call(type = NotDocumented)]
        fn undocumented(&self, r#type: u32, and: bool) -> ();

        #[channel("a.{{b}}.{of}.{of}", conflatable, required)]
        fn stream(&self, of: ::std::string::String) -> Item;

        #[channel("plain", type = PlainOnes)]
        fn plain(&self) -> Item2;
    }

    #[macros::client(dialect = Venue)]
    pub trait Undocumented {}

    /// An item.
    #[derive(::serde::Deserialize)]
    pub struct Item {
        /// Something.
        pub n: u64,
    }

    /// An item.
    #[derive(::serde::Deserialize)]
    pub struct Item2;

    /// A channel.
    #[derive(macros::Channel)]
    #[channel(topic = "of.{one}.{two}", item = Item2, dialect = Venue)]
    pub struct Of<T: ::core::fmt::Display + ::core::marker::Send + 'static> {
        /// The first.
        pub one: T,
        /// The second.
        pub two: u32,
        /// Not in it.
        #[channel(skip)]
        pub other: (),
    }
}

/// A facade under another name, as a crate may re-export it.
mod renamed {
    mod deep {
        pub(super) use websockex_nova as nova;
    }

    #[derive(deep::nova::macros::Adapter)]
    #[adapter(crate = deep::nova, endpoint = "wss://[::1", json())]
    pub(super) struct Elsewhere {}

    #[deep::nova::macros::client(dialect = Elsewhere, crate = deep::nova)]
    pub(super) trait ElsewhereClient {
        #[call]
        fn hello(&self) -> String;
    }

    #[derive(deep::nova::macros::Channel)]
    #[channel(topic = "{0}", item = String, dialect = Elsewhere, crate = deep::nova)]
    pub(super) struct Any(pub(super) u8);
}

use websockex_nova::{
    behaviour::{Adapter, Call, Channel, Kept, MessageHandler as _, RequestId},
    behaviour::{Behaviour as _, Secret, Topic},
};

#[test]
fn topics_are_filled_in_under_any_name() {
    let of = strict::Of { one: "x", two: 7, other: () };
    assert_eq!(of.topic(), Topic::from("of.x.7"));
    assert_eq!(strict::Stream::new("y").topic(), Topic::from("a.{b}.y.y"));
    assert_eq!(format!("{:?}", strict::Stream::new("y")), r#"Topic("a.{b}.y.y")"#);
    assert_eq!(renamed::Any(3).topic(), Topic::from("3"));
}

#[test]
fn requests_are_written_as_the_adapter_says() {
    let mut handlers = strict::Venue { credentials: Secret::from("x") }.into_handlers();
    let mut out = Kept::default();
    let request = Call::<strict::Venue>::into_request(strict::NotDocumented::new(1, true));
    handlers.messages().encode(RequestId::new(1), request, &mut out).unwrap();
    let expected = r#"{"jsonrpc":"2.0","id":1,"method":"undocumented","params":{"type":1,"and":true}}"#;
    assert_eq!(out, Kept::from(expected));
    let settings = strict::Venue { credentials: Secret::from("x") }.settings();
    assert_eq!((settings.call_deadline.as_secs(), settings.in_flight), (5, 64));
}

#[tokio::test]
async fn endpoints_take_turns_and_a_wrong_one_is_told_at_the_attempt() {
    let endpoints = strict::Venue { credentials: Secret::from("x") }.endpoints();
    assert_eq!(endpoints.resolve(0).await.unwrap().host(), "one.example");
    assert_eq!(endpoints.resolve(1).await.unwrap().host(), "two.example");
    let wrong = renamed::Elsewhere {}.endpoints().resolve(0).await;
    assert!(wrong.is_err());
}
