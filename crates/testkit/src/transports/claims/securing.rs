//! Claims about TLS.

use nova_frame_codec::OutFrame;
use nova_transport::{ConnectError, Endpoint, FrameSink, Transport};

use super::{
    super::{
        Subject,
        ear::{Ear, Said},
        pair::{connected, flush},
    },
    moving::echoed_lengths,
};
use crate::net::{Certificates, EchoServer, Peer};

/// As over plain TCP.
pub async fn frames_of_every_length_travel_over_tls<S: Subject>() {
    let certificates = Certificates::generate();
    let server = EchoServer::start_tls(&certificates).await.expect("a port is free");
    echoed_lengths(S::trusting(&certificates.root_pem()), &server.url()).await;
}

/// A TLS machine holds bytes of its own; a flush empties that too, and the end is told.
pub async fn a_flush_reaches_the_peer_through_tls<S: Subject>() {
    let certificates = Certificates::generate();
    let mut peer = Peer::bind().await.expect("a port is free");
    let endpoint = Endpoint::parse(&peer.tls_url()).expect("a peer has a good URL");
    let accept = async {
        let conn = peer.accept().await.start_tls(certificates.server().server_config()).await;
        let mut conn = conn.expect("the client trusts us");
        conn.accept_upgrade().await;
        conn
    };
    let transport = S::trusting(&certificates.root_pem());
    let (link, mut conn) = tokio::join!(connected(&transport, &endpoint), accept);
    let (mut ear, mut sink) = (Ear::new(link.source), link.sink);
    // Larger than a TLS record, so that some of it waits inside.
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

/// A certificate by somebody else opens no link.
pub async fn nobody_is_trusted_without_a_reason<S: Subject>() {
    let (ours, theirs) = (Certificates::generate(), Certificates::generate());
    let server = EchoServer::start_tls(&theirs).await.expect("a port is free");
    let endpoint = Endpoint::parse(&server.url()).expect("a server has a good URL");
    let link = S::trusting(&ours.root_pem()).connect(&endpoint, &|_| {}).await;
    assert!(matches!(link, Err(ConnectError::Tls(_))));
    assert_eq!(server.handshakes(), 0);
}
