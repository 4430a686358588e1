//! The main job, over a real socket through every layer.

use nova_testkit::net::EchoServer;
use nova_tests::ClientExt;
use websockex_nova::{echo::Same, prelude::*};

#[tokio::test]
async fn text_bytes_and_values_come_back_the_same() {
    let server = EchoServer::start().await.unwrap();
    let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
    assert_eq!(client.call("hello").await.unwrap(), "hello");
    assert_eq!(client.call(vec![0u8, 255]).await.unwrap(), [0, 255]);
    assert_eq!(client.call(Same(vec![1, 2, 3])).await.unwrap(), Same(vec![1, 2, 3]));
    client.shutdown(secs(1)).await.unwrap();
    assert!(client.shutdown_report().is_clean);
}
