//! What the tests share: one attempt, names of their own, and doors that stay shut.

use std::{
    future::pending,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use nova_connect::{ByteStream, Connector, Deadlines, Dial, Resolve, Upgraded};
use nova_transport::{ConnectError, Endpoint, Phase};

/// One attempt.
pub(crate) async fn connect(connector: &Connector, url: &str) -> Result<Upgraded, ConnectError> {
    connector.connect(&endpoint(url), &|_| {}).await
}

pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint::parse(url).expect("the test's URL is good")
}

/// The error of an attempt that must fail.
pub(crate) async fn failure(connector: &Connector, url: &str) -> ConnectError {
    connect(connector, url).await.expect_err("the attempt must fail")
}

/// A deadline that a test can wait for, for one phase only.
pub(crate) fn hurried(phase: Phase) -> Connector {
    Connector::new().with_deadlines(Deadlines::default().with(phase, SOON))
}

pub(crate) const SOON: Duration = Duration::from_millis(50);

/// Whether this is the deadline of a [`hurried`] phase.
pub(crate) fn is_timeout_of(error: &ConnectError, expected: Phase) -> bool {
    matches!(error, ConnectError::TimedOut { phase, limit: SOON } if *phase == expected)
}

/// Resolves these names to this machine, and no other.
#[derive(Debug)]
pub(crate) struct Here(pub(crate) &'static [&'static str]);

#[async_trait]
impl Resolve for Here {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match self.0.contains(&host) {
            true => Ok(vec![Ipv4Addr::LOCALHOST.into()]),
            false => Err(io::Error::new(io::ErrorKind::NotFound, "no such name")),
        }
    }
}

pub(crate) fn with_names(connector: Connector, names: &'static [&'static str]) -> Connector {
    connector.with_resolver(Arc::new(Here(names)))
}

/// A resolver and a network that never answer.
#[derive(Debug)]
pub(crate) struct Silence;

#[async_trait]
impl Resolve for Silence {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        pending().await
    }
}

#[async_trait]
impl Dial for Silence {
    async fn dial(&self, _: SocketAddr) -> io::Result<ByteStream> {
        pending().await
    }
}
