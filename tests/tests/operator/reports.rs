//! Incidents of a real client, at a service that takes envelopes.

use std::sync::Arc;

use nova_testkit::{
    canary::{self, caught},
    net::{Answer, Certificates, PATIENCE, within},
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use websockex_nova::{
    prelude::*,
    telemetry::{Event, Observer, Record},
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
        conn.send_text(&format!("1 no {}", canary::TOKEN)).await;
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
    caught("reports", &asked);
    assert!(asked.starts_with("POST /api/7/envelope/ HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("\"client\":\"orders\"") && !asked.contains(canary::TOKEN), "{asked}");
    let delivered = async {
        while reporting.delivered() == 0 {
            tokio::time::sleep(millis(2)).await;
        }
    };
    within(PATIENCE, "the receipt", delivered).await;
    assert_eq!(reporting.failed(), 0);
    reporting.finish().await;
}

/// What trusts this authority, or nobody.
fn trusting(authority: Option<&Certificates>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if let Some(authority) = authority {
        roots.add(authority.root()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

#[tokio::test]
async fn over_tls_a_report_goes_to_whom_is_trusted_and_to_nobody_else() {
    let certificates = Certificates::generate();
    let identity = certificates.server().server_config();
    let service = serving(move |conn| {
        let identity = Arc::clone(&identity);
        async move {
            // A client that does not trust it ends the handshake.
            let Ok(mut conn) = conn.start_tls(identity).await else { return };
            conn.read_request().await;
            conn.answer(&Answer::with_status(200).with_body("{}")).await;
        }
    })
    .await;
    let dsn = service.tls_url().replace("wss://", "https://k3y@") + "7";
    for (authority, expected) in [(Some(&certificates), (1, 0)), (None, (0, 1))] {
        let sentry = Sentry::with_tls(&dsn, trusting(authority)).unwrap();
        let (mut reporter, reporting) = Reporter::start("orders", sentry);
        let event = Event::HandlerPanicked { handler: "messages" };
        reporter.observe(&Record { at: std::time::Instant::now(), event });
        let told = async {
            while reporting.delivered() + reporting.failed() == 0 {
                tokio::time::sleep(millis(2)).await;
            }
        };
        within(PATIENCE, "the fate of a report", told).await;
        assert_eq!((reporting.delivered(), reporting.failed()), expected);
    }
}
