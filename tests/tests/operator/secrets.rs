//! Whatever leaves the process for operators holds no header, no query, no payload and no credential.

use std::sync::{Arc, Mutex};

use nova_testkit::{
    canary::{self, caught},
    net::{PATIENCE, within},
};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tokio::net::UdpSocket;
use websockex_nova::{
    prelude::*,
    telemetry::{Format, Levels, LineLogger, LoggingHandler, Record, Severity},
    telemetry_export::{
        Watchlist,
        otel::Spans,
        reporter::{Incident, Report, ReportError, Reporter},
        statsd::StatsD,
    },
};

use crate::{
    kit::{get, serving},
    venue::{Lines, Stream, Topics, next, quick, ready_on, venue},
};

const SECRET: &str = canary::TOKEN;

/// Keeps what it is handed, as a text.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<String>>);

impl Kept {
    fn add(&self, text: &str) {
        self.0.lock().unwrap().push_str(text);
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[async_trait::async_trait]
impl Report for Kept {
    async fn report(&self, incident: &Incident) -> Result<(), ReportError> {
        self.add(&format!("{incident:?}"));
        Ok(())
    }
}

/// Writes every event as a plain line, and as a JSON object.
struct Twice(LineLogger<Kept>, LineLogger<Kept>);

impl LoggingHandler for Twice {
    fn log(&mut self, record: &Record) {
        self.0.log(record);
        self.1.log(record);
    }
}

#[tokio::test]
async fn c38_nothing_that_is_exported_shows_a_secret() {
    let venue = venue().await;
    let endpoint = Endpoint::parse(&format!("{}path?token={SECRET}", venue.url()))
        .and_then(|endpoint| endpoint.with_header("Authorization", &format!("Bearer {SECRET}")))
        .unwrap();
    let (log, incidents) = (Kept::default(), Kept::default());
    let levels = Levels::all(Severity::Trace);
    let lines = || LineLogger::to(log.clone()).with_levels(levels);
    let handlers = Handlers::new(Lines)
        .with_subscriptions(Topics)
        .with_logging(Twice(lines(), lines().with_format(Format::Json)));
    let exporter = InMemorySpanExporter::default();
    let tracers = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let (reporter, reporting) = Reporter::start("canary", incidents.clone());
    let spans = Spans::new(tracers.tracer("test"), "canary").with_requests();
    let observer = (reporter.with_least(Severity::Trace).with_rate(1_000), spans);
    let client = Client::prepare(speaking(endpoint, handlers))
        .with_policies(quick().with_observer(observer))
        .connect()
        .await
        .unwrap();

    let watched = Watchlist::default();
    watched.watch("canary", client.monitor());
    let serving = serving(&watched).await;
    let daemon = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let pushing = StatsD::to(daemon.local_addr().unwrap()).start(watched).await.unwrap();

    let mut stream = client.subscribe(Stream("news")).await.unwrap();
    client.call(format!("hear * news {SECRET}").as_str()).await.unwrap();
    next(&mut stream).await.unwrap();
    client.call(format!("deny {SECRET}").as_str()).await.unwrap_err();
    client.call(format!("hear {SECRET}").as_str()).await.unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    let mut shown = String::new();
    for path in ["/metrics", "/readyz", "/healthz"] {
        shown.push_str(&get(serving.addr(), path).await.1);
    }
    client.shutdown(secs(1)).await.unwrap();
    shown.push_str(&get(serving.addr(), "/readyz").await.1);
    let logged = async {
        while !log.text().contains("\"event\":\"closed\"") {
            tokio::time::sleep(millis(2)).await;
        }
    };
    within(PATIENCE, "the last event", logged).await;
    pushing.finish().await;
    let mut datagram = [0; 2048];
    while let Ok(length) = daemon.try_recv(&mut datagram) {
        caught("statsd", &datagram[..length]);
        shown.push_str(str::from_utf8(&datagram[..length]).unwrap());
    }
    reporting.finish().await;
    let spans = format!("{:?}", exporter.get_finished_spans().unwrap());

    // Each has something to show.
    let looks = [
        ("pages", shown, "canary.websocket.client.requests.refused:1|c"),
        ("log", log.text(), "undecodable"),
        ("incidents", incidents.text(), "undecodable"),
        ("spans", spans, "websocket request"),
    ];
    for (kind, text, proof) in looks {
        caught(kind, &text);
        assert!(text.contains(proof), "nothing was caught: {text}");
        assert!(!text.contains(SECRET), "{}", text.replace(SECRET, ">>>SECRET<<<"));
    }
}
