//! What watching costs: instructions for one item received, and for one call with its reply, by what
//! watches the client.
//!
//! The transport serves frames from memory, so that what is counted is ours, the runtime's and the
//! watchers'. `cargo build --release -p nova-tests --example watching`, then
//! `valgrind --tool=callgrind watching MODE KIND COUNT` with two counts: their difference is the cost of
//! the messages alone. `MODE` is one of `none`, `tracing`, `metrics`, `default`, `otel`, `requests`;
//! `KIND` is `items` or `calls`.

use std::{
    collections::VecDeque,
    env,
    error::Error,
    future::pending,
    sync::{Arc, Mutex, PoisonError},
};

use opentelemetry::{metrics::MeterProvider, trace::TracerProvider};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider},
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tokio::sync::Notify;
use websockex_nova::{
    behaviour::{Behaviour, Bound, Everything, LocalTopics, Policy, Raw, RawMessages},
    echo::{EchoDialect, EchoMessages},
    frame_codec::{Frame, OpCode, OutFrame},
    prelude::*,
    telemetry::{NoLogging, NoMetrics, Observer, Record},
    telemetry_export::{Watchlist, otel},
    transport::{ConnectError, FrameSink, FrameSource, Handshake, Link, Progress, Transport, TransportError},
};

/// Serves the same item, so many in each wake, or whatever was sent.
#[derive(Clone)]
struct Memory {
    items: bool,
    sent: Arc<Mutex<VecDeque<String>>>,
    woken: Arc<Notify>,
}

struct Source {
    memory: Memory,
    ready: u32,
    frame: String,
    is_open: bool,
}

struct Sink(Memory);

const PER_WAKE: u32 = 64;
const BYTES: usize = 350;

impl Transport for Memory {
    type Source = Source;
    type Sink = Sink;

    async fn connect(
        &self,
        _: &Endpoint,
        _: Progress<'_>,
    ) -> std::result::Result<Link<Source, Sink>, ConnectError> {
        let source = Source { memory: self.clone(), ready: 0, frame: "x".repeat(BYTES), is_open: false };
        Ok(Link { source, sink: Sink(self.clone()), handshake: Handshake::default() })
    }
}

impl FrameSource for Source {
    async fn fill(&mut self) -> std::result::Result<(), TransportError> {
        if !self.memory.items || !self.is_open {
            self.memory.woken.notified().await;
            self.is_open = true;
        } else {
            // A wake of the executor between two batches, as a socket would bring.
            tokio::task::yield_now().await;
        }
        self.ready = PER_WAKE;
        Ok(())
    }

    fn next_frame(&mut self) -> std::result::Result<Option<Frame<'_>>, TransportError> {
        if self.memory.items {
            let Some(rest) = self.ready.checked_sub(1) else { return Ok(None) };
            self.ready = rest;
        } else {
            let next = self.memory.sent.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(next) = next else { return Ok(None) };
            self.frame = next;
        }
        Ok(Some(Frame { fin: true, opcode: OpCode::Text, payload: self.frame.as_bytes() }))
    }
}

impl FrameSink for Sink {
    fn has_room(&self) -> bool {
        true
    }

    fn feed(&mut self, frame: OutFrame<'_>) -> std::result::Result<(), TransportError> {
        if !self.0.items && frame.opcode() == OpCode::Text {
            let text = String::from_utf8_lossy(frame.payload()).into_owned();
            self.0.sent.lock().unwrap_or_else(PoisonError::into_inner).push_back(text);
        }
        Ok(())
    }

    async fn flush(&mut self) -> std::result::Result<(), TransportError> {
        if !self.0.items {
            self.0.woken.notify_one();
        }
        Ok(())
    }

    async fn finish(&mut self) -> std::result::Result<(), TransportError> {
        pending().await
    }
}

/// Takes spans, and does nothing with them.
#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

/// Makes handlers and policies for a mode, around these messages, and runs with them.
macro_rules! watched {
    ($mode:expr, $messages:expr, $run:ident, $memory:expr, $count:expr) => {{
        let usual = || Handlers::new($messages).with_subscriptions(LocalTopics);
        let quiet = || usual().with_logging(NoLogging);
        let bare = Policies::default;
        match $mode {
            "none" => $run($memory, quiet().with_metrics(NoMetrics), bare(), $count).await,
            "tracing" => $run($memory, usual().with_metrics(NoMetrics), bare(), $count).await,
            "metrics" => $run($memory, quiet(), bare(), $count).await,
            "default" => $run($memory, usual(), bare(), $count).await,
            "otel" => $run($memory, usual(), bare().with_observer(observer(false)), $count).await,
            "requests" => $run($memory, usual(), bare().with_observer(observer(true)), $count).await,
            _ => Err("there is no such mode".into()),
        }
    }};
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let mut args = env::args().skip(1);
    let (Some(mode), Some(kind), Some(count)) = (args.next(), args.next(), args.next()) else {
        return Err("a mode, a kind and a count are wanted".into());
    };
    let (mode, count) = (mode.as_str(), count.parse()?);
    let memory = Memory { items: kind == "items", sent: Arc::default(), woken: Arc::new(Notify::new()) };
    match kind.as_str() {
        "items" => watched!(mode, RawMessages, items, memory, count),
        "calls" => watched!(mode, EchoMessages, calls, memory, count),
        _ => Err("there is no such kind".into()),
    }
}

type Outcome = std::result::Result<(), Box<dyn Error>>;

/// Durations and spans by the SDK, which gathers them and sends them nowhere.
fn observer(requests: bool) -> impl Observer {
    let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    let tracers = SdkTracerProvider::builder().with_batch_exporter(Nowhere).build();
    let meter = meters.meter("watching");
    otel::instruments(&meter, &Watchlist::default());
    let spans = otel::Spans::new(tracers.tracer("watching"), "cost");
    let spans = if requests { spans.with_requests() } else { spans };
    let mut both = (otel::Durations::new(&meter, "cost"), spans);
    move |record: &Record| {
        // The providers end when they are dropped, and so they live here.
        let _living = (&meters, &tracers);
        both.observe(record);
    }
}

async fn items<H, P>(memory: Memory, handlers: H, policies: P, count: u64) -> Outcome
where
    H: Behaviour<Dialect = Raw>,
    P: Policy,
{
    let woken = Arc::clone(&memory.woken);
    let client = connected(memory, handlers, policies).await?;
    let bound = Bound { count: 1 << 10, bytes: 1 << 24 };
    let mut items = client.subscribe(Everything).bound(bound).await?;
    woken.notify_one();
    for _ in 0..count {
        assert!(matches!(items.next().await, Some(Delivery::Item(_))), "each message is an item");
    }
    Ok(())
}

async fn calls<H, P>(memory: Memory, handlers: H, policies: P, count: u64) -> Outcome
where
    H: Behaviour<Dialect = EchoDialect>,
    P: Policy,
{
    let text = "x".repeat(BYTES);
    let client = connected(memory, handlers, policies).await?;
    for _ in 0..count {
        assert_eq!(client.call(text.as_str()).await?.len(), BYTES);
    }
    Ok(())
}

async fn connected<H: Behaviour, P: Policy>(
    memory: Memory,
    handlers: H,
    policies: P,
) -> std::result::Result<Client<H, P>, Box<dyn Error>> {
    let adapter = speaking("ws://memory/".parse::<Endpoint>()?, handlers);
    Ok(Connect::new(adapter, memory).with_policies(policies).connect().await?)
}
