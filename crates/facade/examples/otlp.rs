//! Metrics and spans of a client for a collector of OpenTelemetry, by OTLP over HTTP.
//!
//! `cargo run -p websockex-nova --features otel --example otlp -- ws://127.0.0.1:9001/ http://127.0.0.1:4318`
//! asks an echo server something, and tells the collector how that went.

use std::{env, error::Error};

use opentelemetry::{metrics::MeterProvider, trace::TracerProvider};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    metrics::{SdkMeterProvider, periodic_reader_with_async_runtime::PeriodicReader},
    runtime,
    trace::{SdkTracerProvider, span_processor_with_async_runtime::BatchSpanProcessor},
};
use websockex_nova::{
    prelude::*,
    telemetry_export::{Watchlist, otel},
};

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(url), Some(collector)) = (args.next(), args.next()) else {
        return Err("an echo server and a collector are wanted".into());
    };
    converse(&url, &collector).await
}

/// Asks the echo server something, and tells the collector.
pub async fn converse(url: &str, collector: &str) -> std::result::Result<(), Box<dyn Error>> {
    let (meters, tracers) = providers(collector)?;
    let meter = meters.meter("otlp example");
    let watched = Watchlist::default();
    otel::instruments(&meter, &watched);
    let spans = otel::Spans::new(tracers.tracer("otlp example"), "echo").with_requests();
    let policies = Policies::default().with_observer((otel::Durations::new(&meter, "echo"), spans));

    let client = Client::prepare(Echo::at(url)?).with_policies(policies).connect().await?;
    watched.watch("echo", client.monitor());
    client.call("hello").await?;
    client.shutdown(secs(1)).await?;

    // What is left is sent now. That blocks, which a thread of the runtime must not.
    tokio::task::spawn_blocking(move || meters.shutdown().and(tracers.shutdown())).await??;
    Ok(())
}

/// What gathers metrics and spans and sends them to this collector.
fn providers(
    collector: &str,
) -> std::result::Result<(SdkMeterProvider, SdkTracerProvider), ExporterBuildError> {
    let metrics =
        MetricExporter::builder().with_http().with_endpoint(format!("{collector}/v1/metrics")).build()?;
    let spans =
        SpanExporter::builder().with_http().with_endpoint(format!("{collector}/v1/traces")).build()?;
    let reader = PeriodicReader::builder(metrics, runtime::Tokio).build();
    let batches = BatchSpanProcessor::builder(spans, runtime::Tokio).build();
    Ok((
        SdkMeterProvider::builder().with_reader(reader).build(),
        SdkTracerProvider::builder().with_span_processor(batches).build(),
    ))
}
