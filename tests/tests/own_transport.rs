//! The example of a transport of one's own works, over a real socket.

#[path = "../../crates/facade/examples/own_transport.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "its `main` is not called here")]
mod example;

use nova_testkit::net::EchoServer;
use websockex_nova::prelude::*;

#[tokio::test]
async fn a_transport_of_ones_own_carries_calls_across_a_cut_link() {
    let server = EchoServer::start().await.expect("a port is free");
    let echo = Echo::at(&server.url()).expect("a server has a good URL");
    let policies = Policies::default().with_reconnect(websockex_nova::reconnect::Linear::every(millis(10)));
    let client = Connect::new(echo, example::Plain::default())
        .with_policies(policies)
        .connect()
        .await
        .expect("it connects");
    assert_eq!(client.call("hello").await.expect("it is answered"), "hello");
    server.cut_links(nova_testkit::net::Ending::Reset);
    let again = client.call("again").wait_for_link(secs(5));
    // The cut may reach us before or after the call; either way the handle goes on.
    let again = match again.await {
        Err(RequestError::SentUnknown { .. }) => client.call("again").wait_for_link(secs(5)).await,
        other => other,
    };
    assert_eq!(again.expect("the next link answers"), "again");
    client.shutdown(secs(1)).await.expect("nothing is left");
}

#[test]
fn it_stays_short() {
    let lines = include_str!("../../crates/facade/examples/own_transport.rs").lines();
    let code = lines.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"));
    assert!(code.count() < 80, "an example of a transport is to be read at one glance");
}
