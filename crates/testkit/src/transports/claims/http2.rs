//! Claims about TLS with HTTP/2 over it (RFC 8441): the subject speaks HTTP/2 where it is offered.

use nova_frame_codec::OutFrame;
use nova_transport::{Endpoint, FrameSink};

use super::{
    super::{
        Subject,
        ear::{Ear, Said},
        pair::{connected, flush},
    },
    moving::echoed_lengths,
};
use crate::net::{Certificates, EchoServer, Gateway, GatewayRules, Peer};

fn over_tls(certificates: &Certificates) -> GatewayRules {
    let config = certificates.server().server_config_offering(&["h2", "http/1.1"]);
    GatewayRules::default().with_tls(config)
}

/// As over TLS alone.
pub async fn frames_of_every_length_travel_over_tls_and_http_2<S: Subject>() {
    let certificates = Certificates::generate();
    let server = EchoServer::start().await.expect("a port is free");
    let gateway = Gateway::start(server.addr(), over_tls(&certificates)).await.expect("a port is free");
    echoed_lengths(S::trusting(&certificates.root_pem()), &gateway.url()).await;
    assert_eq!((gateway.requests().len(), gateway.passed_through()), (1, 0));
}

/// Two machines hold bytes of their own; a flush empties both, and the end is told.
pub async fn a_flush_reaches_the_peer_through_tls_and_http_2<S: Subject>() {
    let certificates = Certificates::generate();
    let mut peer = Peer::bind().await.expect("a port is free");
    let gateway = Gateway::start(peer.addr(), over_tls(&certificates)).await.expect("a port is free");
    let endpoint = Endpoint::parse(&gateway.url()).expect("a gateway has a good URL");
    let accept = async {
        let mut conn = peer.accept().await;
        conn.accept_upgrade().await;
        conn
    };
    let transport = S::trusting(&certificates.root_pem());
    let (link, mut conn) = tokio::join!(connected(&transport, &endpoint), accept);
    let (mut ear, mut sink) = (Ear::new(link.source), link.sink);
    let big = vec![1; 1 << 20];
    let send = async {
        sink.feed(OutFrame::binary(&big)).expect("the link is open");
        sink.feed(OutFrame::text("end")).expect("the link is open");
        flush(&mut sink).await;
    };
    let receive = async {
        assert!(conn.recv().await.payload == big);
        assert_eq!(conn.recv_text().await, "end");
    };
    tokio::join!(send, receive);
    conn.send_text("back").await;
    assert_eq!(ear.next().await.expect("it was sent"), Said::Text("back".into()));
    let (finished, ()) = tokio::join!(sink.finish(), conn.expect_eof());
    finished.expect("the peer is there");
}
