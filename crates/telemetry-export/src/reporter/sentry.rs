//! Incidents for Sentry, and for whatever else takes its envelopes.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use async_trait::async_trait;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use hyper::{
    body::Bytes,
    client::conn::http1,
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use nova_telemetry::Severity;
use rustls::{ClientConfig, pki_types::ServerName};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::{Incident, Report, ReportError};

/// Sends each incident as an envelope with one event in it, on a connection of its own: they are few.
pub struct Sentry {
    host: String,
    port: u16,
    authority: HeaderValue,
    path: String,
    /// Holds the key; marked as sensitive.
    credentials: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    common: Map<String, Value>,
}

/// Why a DSN cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDsn {
    /// It is no URL.
    #[error("the DSN is no URL")]
    Url(#[source] url::ParseError),
    /// It has neither scheme `http` nor `https`.
    #[error("the DSN is neither of http nor of https")]
    Scheme,
    /// It has no host.
    #[error("the DSN has no host")]
    Host,
    /// It has no key.
    #[error("the DSN has no key")]
    Key,
    /// It names no project.
    #[error("the DSN names no project")]
    Project,
    /// It wants TLS, and there is no configuration for that.
    #[error("the DSN wants TLS, for which a configuration must be given")]
    NeedsTls,
}

impl Sentry {
    /// The project of this DSN, `http://key@host/project`, say of a relay on the same host.
    ///
    /// # Errors
    ///
    /// It is not valid, or its scheme is `https`.
    pub fn new(dsn: &str) -> Result<Self, InvalidDsn> {
        Self::of(dsn, None)
    }

    /// The project of this DSN; if its scheme is `https`, over TLS that is configured so.
    ///
    /// # Errors
    ///
    /// It is not valid.
    pub fn with_tls(dsn: &str, config: Arc<ClientConfig>) -> Result<Self, InvalidDsn> {
        Self::of(dsn, Some(config))
    }

    /// Says which release of the application it is.
    #[must_use]
    pub fn with_release(mut self, release: &str) -> Self {
        self.common.insert("release".to_owned(), release.into());
        self
    }

    /// Says where the application runs, such as `production`.
    #[must_use]
    pub fn with_environment(mut self, environment: &str) -> Self {
        self.common.insert("environment".to_owned(), environment.into());
        self
    }

    fn of(dsn: &str, config: Option<Arc<ClientConfig>>) -> Result<Self, InvalidDsn> {
        let url = Url::parse(dsn).map_err(InvalidDsn::Url)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(InvalidDsn::Host)?.to_owned();
        let (port, tls) = match (url.scheme(), config) {
            ("http", _) => (80, None),
            ("https", Some(config)) => {
                let name = host.trim_matches(['[', ']']).to_owned();
                let name = ServerName::try_from(name).map_err(|_| InvalidDsn::Host)?;
                (443, Some((TlsConnector::from(config), name)))
            }
            ("https", None) => return Err(InvalidDsn::NeedsTls),
            _ => return Err(InvalidDsn::Scheme),
        };
        let (folder, project) = url.path().rsplit_once('/').ok_or(InvalidDsn::Project)?;
        if project.is_empty() {
            return Err(InvalidDsn::Project);
        }
        if url.username().is_empty() {
            return Err(InvalidDsn::Key);
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let credentials =
            format!("Sentry sentry_version=7, sentry_client={AGENT}, sentry_key={}", url.username());
        let mut credentials = HeaderValue::try_from(credentials).map_err(|_| InvalidDsn::Key)?;
        credentials.set_sensitive(true);
        Ok(Self {
            port: url.port().unwrap_or(port),
            authority: HeaderValue::try_from(authority).map_err(|_| InvalidDsn::Host)?,
            path: format!("{folder}/api/{project}/envelope/"),
            credentials,
            tls,
            common: Map::new(),
            host: host.trim_matches(['[', ']']).to_owned(),
        })
    }

    /// An envelope: a head, the head of its one item, and that.
    fn envelope(&self, incident: &Incident) -> String {
        let id = format!("{:032x}", fastrand::u128(..));
        let mut event = self.common.clone();
        let at = incident.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let facts: Map<_, _> =
            incident.facts.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
        let fields = [
            ("event_id", json!(id)),
            ("timestamp", json!(at)),
            ("platform", json!("other")),
            ("logger", json!("websockex_nova")),
            ("level", json!(level(incident.severity))),
            ("message", json!({ "formatted": incident.message })),
            ("fingerprint", json!(incident.fingerprint)),
            (
                "tags",
                json!({
                    "client": &*incident.client,
                    "event": incident.event,
                    "category": incident.category.name(),
                }),
            ),
            ("extra", json!({ "facts": facts, "untold": incident.untold })),
        ];
        event.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        let event = Value::Object(event).to_string();
        let head = json!({ "event_id": id });
        let item = json!({ "type": "event", "content_type": "application/json", "length": event.len() });
        format!("{head}\n{item}\n{event}\n")
    }

    async fn post(&self, envelope: String) -> Result<(), ReportError> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(unreachable)?;
        let answer = match &self.tls {
            None => self.exchange(TokioIo::new(stream), envelope).await?,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(unreachable)?;
                self.exchange(TokioIo::new(stream), envelope).await?
            }
        };
        match answer {
            (status, _) if status.is_success() => Ok(()),
            (StatusCode::TOO_MANY_REQUESTS, after) => Err(ReportError::HeldBack(after.unwrap_or(PAUSE))),
            (status, _) => Err(ReportError::Refused(status.as_u16())),
        }
    }

    /// One request and its answer: the status, and after how long to come again.
    async fn exchange(
        &self,
        stream: impl Read + Write + Unpin + Send + 'static,
        envelope: String,
    ) -> Result<(StatusCode, Option<Duration>), ReportError> {
        let request = Request::post(&self.path)
            .header(header::HOST, &self.authority)
            .header(header::USER_AGENT, AGENT)
            .header(header::CONTENT_TYPE, "application/x-sentry-envelope")
            .header(header::CONNECTION, "close")
            .header("X-Sentry-Auth", &self.credentials)
            .body(Full::new(Bytes::from(envelope)))
            .map_err(unreachable)?;
        let (mut sender, connection) = http1::handshake(stream).await.map_err(unreachable)?;
        let asking = sender.send_request(request);
        tokio::pin!(asking, connection);
        let response = tokio::select! {
            biased;
            response = &mut asking => response,
            ended = &mut connection => {
                ended.map_err(unreachable)?;
                asking.await
            }
        };
        let response = response.map_err(unreachable)?;
        let after = response.headers().get(header::RETRY_AFTER).and_then(|after| after.to_str().ok());
        let after = after.and_then(|after| after.trim().parse().ok()).map(Duration::from_secs);
        Ok((response.status(), after))
    }
}

impl fmt::Debug for Sentry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sentry")
            .field("authority", &self.authority)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Report for Sentry {
    async fn report(&self, incident: &Incident) -> Result<(), ReportError> {
        self.post(self.envelope(incident)).await
    }
}

fn unreachable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ReportError {
    ReportError::Unreachable(error.into())
}

/// Sentry has a word of its own for a warning, and none for a trace.
const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Trace => "debug",
        Severity::Warn => "warning",
        other => other.name(),
    }
}

const AGENT: &str = concat!("nova-telemetry-export/", env!("CARGO_PKG_VERSION"));

/// How long to keep quiet if the service says that it is too much, and not for how long.
const PAUSE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::SystemTime};

    use nova_telemetry::Category;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn incident() -> Incident {
        Incident {
            client: Arc::from("orders"),
            event: "gave_up",
            category: Category::Error,
            severity: Severity::Error,
            message: "gave up after \"3\" attempts".to_owned(),
            facts: vec![("attempts", "3".to_owned())],
            fingerprint: vec!["gave_up".into()],
            untold: 2,
            at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_500),
        }
    }

    /// A service that answers one request so, and hands back what it was asked.
    async fn service(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dsn = format!("http://k3y@{}/sub/42", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = String::new();
            while !is_whole(&asked) {
                let mut buffer = [0; 4096];
                let length = stream.read(&mut buffer).await.unwrap();
                assert!(length > 0, "the request ended early");
                asked.push_str(str::from_utf8(&buffer[..length]).unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            asked
        });
        (dsn, serving)
    }

    /// Whether all of a request is there, body included.
    fn is_whole(request: &str) -> bool {
        let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        body.len() >= length.unwrap().parse().unwrap()
    }

    #[tokio::test]
    async fn an_incident_arrives_as_an_envelope_with_one_event() {
        let (dsn, serving) = service("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
        let sentry = Sentry::new(&dsn).unwrap().with_release("1.2.3").with_environment("test");
        sentry.report(&incident()).await.unwrap();
        let asked = serving.await.unwrap();
        let (head, body) = asked.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /sub/api/42/envelope/ HTTP/1.1\r\n"), "{head}");
        assert!(head.to_lowercase().contains("x-sentry-auth: sentry sentry_version=7"), "{head}");
        assert!(head.contains("sentry_key=k3y"), "{head}");
        let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [envelope, item, event] = lines.as_slice() else { panic!("{body}") };
        assert_eq!(envelope["event_id"], event["event_id"]);
        assert_eq!(event["event_id"].as_str().unwrap().len(), 32);
        assert_eq!(item["length"], body.lines().last().unwrap().len());
        assert_eq!((&event["level"], &event["timestamp"]), (&json!("error"), &json!(1.5)));
        assert_eq!((&event["release"], &event["environment"]), (&json!("1.2.3"), &json!("test")));
        assert_eq!(event["message"]["formatted"], "gave up after \"3\" attempts");
        assert_eq!((&event["tags"]["client"], &event["extra"]["untold"]), (&json!("orders"), &json!(2)));
    }

    #[tokio::test]
    async fn refusals_are_told_apart() {
        let answers = [
            ("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", "HeldBack(7s)"),
            ("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", "HeldBack(60s)"),
            ("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "Refused(403)"),
        ];
        for (answer, expected) in answers {
            let (dsn, serving) = service(answer).await;
            let error = Sentry::new(&dsn).unwrap().report(&incident()).await.unwrap_err();
            assert_eq!(format!("{error:?}"), expected);
            serving.await.unwrap();
        }
        let (dsn, _) = service("nonsense").await;
        let error = Sentry::new(&dsn).unwrap().report(&incident()).await.unwrap_err();
        assert!(matches!(error, ReportError::Unreachable(_)), "{error:?}");
    }

    #[test]
    fn a_dsn_is_checked_and_its_key_is_never_shown() {
        let fails = |dsn| Sentry::new(dsn).unwrap_err();
        assert!(matches!(fails("https://k3y@host/1"), InvalidDsn::NeedsTls));
        assert!(matches!(fails("ftp://k3y@host/1"), InvalidDsn::Scheme));
        assert!(matches!(fails("http://host/1"), InvalidDsn::Key));
        assert!(matches!(fails("http://k3y@host/"), InvalidDsn::Project));
        assert!(matches!(fails("k3y"), InvalidDsn::Url(_)));
        let shown = format!("{:?}", Sentry::new("http://k3y@host:81/1").unwrap());
        assert!(shown.contains("host:81") && !shown.contains("k3y"), "{shown}");
        for dsn in ["https://k3y@host/1", "ftp://k3y@host/1", "http://k3y@host/", "http://k3y@ho st/1"] {
            assert!(!format!("{:?}", fails(dsn)).contains("k3y"));
        }
    }
}
