//! Many clients under one supervisor, over real sockets.

mod alone;
mod budget;
mod ending;

use std::sync::Arc;

use nova_testkit::net::{Conn, PATIENCE, Peer, Served, within};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::{Behaviour, Policy},
    client::{Child, ChildStatus, SupervisorEvent, SupervisorEvents},
    prelude::*,
};

/// Makes clients of an echo service.
pub(crate) fn echoing(url: &str) -> impl FnMut() -> Connect<Echo, Wire> + Send + 'static {
    let echo = Echo::at(url).expect("the URL of a test server is right");
    move || Connect::new(echo.clone(), Wire::default())
}

/// Waits until a client is ready for use.
pub(crate) async fn ready<H: Behaviour, P: Policy>(client: &Client<H, P>) {
    within(PATIENCE, "a ready client", client.ready()).await.expect("it connects");
}

pub(crate) async fn next(events: &mut SupervisorEvents) -> SupervisorEvent {
    within(PATIENCE, "an event", events.next()).await.expect("the supervisor is there")
}

pub(crate) async fn restarted<H: Behaviour, P: Policy>(child: &mut Child<H, P>) -> Client<H, P> {
    within(PATIENCE, "a restart", child.restarted()).await.expect("the child is kept")
}

pub(crate) fn status(supervisor: &Supervisor, name: &str) -> ChildStatus {
    supervisor.list().into_iter().find(|child| child.name == name).expect("the child is listed")
}

/// A service that ends its first connections as told, after one message each, and echoes on others.
pub(crate) async fn ending<F>(first: usize, end: impl Fn(Conn) -> F + Send + Sync + 'static) -> Served
where
    F: Future<Output = ()> + Send + 'static,
{
    let end = Arc::new(end);
    Peer::serve(move |mut conn| {
        let end = Arc::clone(&end);
        async move {
            conn.accept_upgrade().await;
            if conn.number() <= first {
                conn.recv_text().await;
                end(conn).await;
            } else {
                conn.echo().await;
            }
        }
    })
    .await
    .expect("a port is free")
}

/// Refuses to serve on, which no reconnecting can help.
pub(crate) async fn forbid(mut conn: Conn) {
    conn.close_with(1008, "policy").await;
    conn.next().await;
}
