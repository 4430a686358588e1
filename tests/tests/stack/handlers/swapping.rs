//! Handlers are a value: one method is enough for a handler, one field is enough to swap.

use nova_testkit::net::EchoServer;
use nova_tests::{ClientExt, Wire};
use websockex_nova::{
    behaviour::{Behaviour, ConnectionHandler, ErrorHandler, RateLimitHandler},
    echo::{EchoDialect, EchoMessages, Same},
    prelude::*,
    telemetry::{NoLogging, NoMetrics},
};

struct Telling;

impl ConnectionHandler for Telling {
    fn status(&self) -> Option<String> {
        Some("swapped".to_owned())
    }
}

struct Nothing;

impl ConnectionHandler for Nothing {}
impl ErrorHandler for Nothing {}
impl RateLimitHandler<EchoDialect> for Nothing {}

async fn speaks_echo<H: Behaviour<Dialect = EchoDialect>>(url: &str, handlers: H) -> Client<H> {
    let client = Client::connect(speaking(Endpoint::parse(url).unwrap(), handlers)).await.unwrap();
    assert_eq!(client.call("text").await.unwrap(), "text");
    assert_eq!(client.call(Same(7)).await.unwrap(), Same(7));
    client
}

#[tokio::test]
async fn calls_stay_typed_whichever_field_is_swapped() {
    let server = EchoServer::start().await.unwrap();
    let url = server.url();
    let handlers = || Handlers::new(EchoMessages);
    let client = speaks_echo(&url, handlers().with_connection(Telling)).await;
    assert_eq!(client.status().handler.as_deref(), Some("swapped"));
    speaks_echo(&url, handlers().with_connection(Nothing)).await;
    speaks_echo(&url, handlers().with_errors(Nothing)).await;
    speaks_echo(&url, handlers().with_limits(Nothing)).await;
    speaks_echo(&url, handlers().with_logging(NoLogging).with_metrics(NoMetrics)).await;
}

#[tokio::test]
async fn a_field_of_an_adapters_handlers_can_be_swapped() {
    let server = EchoServer::start().await.unwrap();
    let echo = Echo::at(&server.url()).unwrap();
    let (endpoints, settings) = (echo.endpoints(), echo.settings());
    let handlers = echo.into_handlers().with_connection(Telling);
    let adapter = speaking(endpoints, handlers).with_settings(settings);
    let client = Connect::new(adapter, Wire::default()).connect().await.unwrap();
    assert_eq!(client.call("text").await.unwrap(), "text");
    assert_eq!(client.status().handler.as_deref(), Some("swapped"));
}
