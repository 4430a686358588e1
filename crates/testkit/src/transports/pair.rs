//! A link, and the scripted peer at its other end.

use nova_transport::{Endpoint, FrameSink, Link, Transport};

use super::{Subject, ear::Ear};
use crate::net::{Answer, Conn, PATIENCE, Peer, within};

/// Both ends.
pub(super) struct Pair<T: Transport> {
    pub(super) ear: Ear<T::Source>,
    pub(super) sink: T::Sink,
    pub(super) conn: Conn,
}

pub(super) async fn open<S: Subject>() -> Pair<S::Transport> {
    open_with(S::plain(), |answer| answer).await
}

pub(super) async fn open_with<T: Transport>(transport: T, change: impl FnOnce(Answer) -> Answer) -> Pair<T> {
    let mut peer = Peer::bind().await.expect("a port is free");
    let endpoint = Endpoint::parse(&peer.url()).expect("a peer has a good URL");
    let accept = async {
        let mut conn = peer.accept().await;
        conn.accept_upgrade_with(change).await;
        conn
    };
    let (link, conn) = tokio::join!(connected(&transport, &endpoint), accept);
    Pair { ear: Ear::new(link.source), sink: link.sink, conn }
}

pub(super) async fn connected<T: Transport>(transport: &T, endpoint: &Endpoint) -> Link<T::Source, T::Sink> {
    let connecting = transport.connect(endpoint, &|_| {});
    within(PATIENCE, "a link", connecting).await.expect("the peer accepts")
}

/// Flushes, and panics if the peer does not take what there is for too long.
pub(super) async fn flush(sink: &mut impl FrameSink) {
    within(PATIENCE, "a flush", sink.flush()).await.expect("the peer is there");
}
