//! The example that exports by OTLP, against a collector that reads what it is sent.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use nova_testkit::{
    canary::{self, caught},
    net::{EchoServer, PATIENCE, within},
};
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value as value},
    metrics::v1::{Metric, metric::Data},
    trace::v1::Span,
};
use prost::Message;
use tokio::net::TcpListener;

#[path = "../../../crates/facade/examples/otlp.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "its `main` is not called here")]
mod example;

/// What a collector was sent.
#[derive(Default)]
struct Sent {
    metrics: Vec<Metric>,
    spans: Vec<Span>,
}

/// A collector that takes OTLP over HTTP in protobuf, and refuses anything else.
async fn collector() -> (String, Arc<Mutex<Sent>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(Mutex::new(Sent::default()));
    let kept = Arc::clone(&sent);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let sent = Arc::clone(&kept);
            let service = service_fn(move |request| take(Arc::clone(&sent), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (url, sent)
}

async fn take(
    sent: Arc<Mutex<Sent>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let is_protobuf = head.headers.get("content-type").is_some_and(|kind| kind == "application/x-protobuf");
    let body = body.collect().await.unwrap().to_bytes();
    caught("otlp", &body);
    let is_taken = is_protobuf && head.method == "POST" && {
        let mut sent = sent.lock().unwrap();
        match head.uri.path() {
            "/v1/metrics" => ExportMetricsServiceRequest::decode(body).is_ok_and(|request| {
                let scopes = request.resource_metrics.into_iter().flat_map(|all| all.scope_metrics);
                sent.metrics.extend(scopes.flat_map(|scope| scope.metrics));
                true
            }),
            "/v1/traces" => ExportTraceServiceRequest::decode(body).is_ok_and(|request| {
                let scopes = request.resource_spans.into_iter().flat_map(|all| all.scope_spans);
                sent.spans.extend(scopes.flat_map(|scope| scope.spans));
                true
            }),
            _ => false,
        }
    };
    let answer = Response::builder().status(if is_taken { 200 } else { 400 });
    // An empty message is an empty body in protobuf.
    Ok(answer.header("Content-Type", "application/x-protobuf").body(Full::default()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_receives_metrics_and_spans_of_a_conversation() {
    let server = EchoServer::start().await.unwrap();
    let (url, sent) = collector().await;
    let echo = format!("{}?token={}", server.url(), canary::TOKEN);
    within(PATIENCE, "the conversation", example::converse(&echo, &url)).await.expect("all of it is sent");

    let sent = sent.lock().unwrap();
    let metric = |name: &str| sent.metrics.iter().rev().find(|metric| metric.name == name);
    let attempts = metric("websocket.client.connection.attempts").expect("counts are sent");
    assert_eq!(attempts.unit, "{attempt}");
    let Some(Data::Sum(sum)) = &attempts.data else { panic!("{attempts:?}") };
    assert!(sum.is_monotonic);
    assert_eq!(sum.data_points[0].attributes[0].key, "websocket.client.name");
    let handshake = metric("websocket.client.handshake.duration").expect("durations are sent");
    assert_eq!(handshake.unit, "s");
    let Some(Data::Histogram(histogram)) = &handshake.data else { panic!("{handshake:?}") };
    assert_eq!(histogram.data_points[0].count, 1);

    let sizes = metric("websocket.client.message.size").expect("sizes are sent");
    assert_eq!(sizes.unit, "By");
    let Some(Data::Histogram(histogram)) = &sizes.data else { panic!("{sizes:?}") };
    let size_of = |direction: &str| {
        let is_it = |attribute: &KeyValue| {
            attribute.key == "websocket.direction"
                && attribute.value.as_ref().and_then(|value| value.value.as_ref())
                    == Some(&value::Value::StringValue(direction.to_owned()))
        };
        let point = histogram.data_points.iter().find(|point| point.attributes.iter().any(is_it)).unwrap();
        (point.count, point.sum)
    };
    // One call of five bytes, and its echo.
    assert_eq!((size_of("sent"), size_of("received")), ((1, Some(5.0)), (1, Some(5.0))));

    let span = |name: &str| sent.spans.iter().find(|span| span.name == name);
    let connect = span("websocket connect").expect("the attempt is sent");
    let child = span("tcp").expect("its phases are sent");
    assert_eq!(
        (child.trace_id.clone(), child.parent_span_id.clone()),
        (connect.trace_id.clone(), connect.span_id.clone())
    );
    let session = span("websocket session").expect("the session is sent when it is over");
    assert_eq!(session.links[0].span_id, connect.span_id);
    let request = span("websocket request").expect("the call is sent");
    assert_eq!(request.links[0].span_id, session.span_id);
    let number = request.attributes.iter().find(|attribute| attribute.key == "websocket.connection.number");
    let number = number.and_then(|attribute| attribute.value.as_ref()?.value.clone());
    assert_eq!(number, Some(value::Value::IntValue(1)));
    assert!(request.start_time_unix_nano >= session.start_time_unix_nano);
}
