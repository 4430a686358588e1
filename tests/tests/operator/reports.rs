//! Incidents of a real client, at a service that takes envelopes.

use nova_testkit::net::{PATIENCE, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use websockex_nova::{
    prelude::*,
    telemetry_export::reporter::{Reporter, Sentry},
};

use crate::venue::{Lines, Logins, obey, prepare, quick, serving};

#[tokio::test]
async fn a_refused_login_is_reported_without_what_was_said() {
    let service = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dsn = format!("http://k3y@{}/7", service.local_addr().unwrap());
    let (reporter, reporting) = Reporter::start("orders", Sentry::new(&dsn).unwrap());
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.recv_text().await;
        conn.send_text("1 no hunter2").await;
        obey(&mut conn).await;
    })
    .await;
    let connecting = prepare(&venue.url(), Handlers::new(Lines).with_auth(Logins::default()))
        .with_policies(quick().with_observer(reporter))
        .connect();
    connecting.await.unwrap_err();

    let taking = async {
        let (mut stream, _) = service.accept().await.unwrap();
        let mut asked = String::new();
        while !asked.contains("\"event\":\"login_refused\"") {
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).await.unwrap();
            assert!(length > 0, "the report ended early: {asked}");
            asked.push_str(str::from_utf8(&buffer[..length]).unwrap());
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
        asked
    };
    let asked = within(PATIENCE, "a report", taking).await;
    assert!(asked.starts_with("POST /api/7/envelope/ HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("\"client\":\"orders\"") && !asked.contains("hunter2"), "{asked}");
    let delivered = async {
        while reporting.delivered() == 0 {
            tokio::time::sleep(millis(2)).await;
        }
    };
    within(PATIENCE, "the receipt", delivered).await;
    assert_eq!(reporting.failed(), 0);
    reporting.finish().await;
}
