//! Where links go: asked anew for each attempt.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use nova_transport::{Cause, ConnectError, Endpoint};

/// The endpoints of a service, or where to learn them.
#[derive(Clone)]
pub struct Endpoints(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(Arc<[Endpoint]>),
    Source(Arc<dyn EndpointSource>),
}

/// Tells the endpoint of each attempt, for URLs, headers or tokens that change.
///
/// A cold choice made at run time, hence `async-trait`.
#[async_trait]
pub trait EndpointSource: Send + Sync + 'static {
    /// The endpoint for this attempt; 0 is the first connect.
    ///
    /// # Errors
    ///
    /// Counts as a failed attempt, to be made again by plan.
    async fn endpoint(&self, attempt: u32) -> Result<Endpoint, Cause>;
}

impl Endpoints {
    /// Several endpoints of equal rank: attempt after attempt takes the next.
    ///
    /// `None` for an empty list.
    #[must_use]
    pub fn rotating(endpoints: impl Into<Arc<[Endpoint]>>) -> Option<Self> {
        let endpoints = endpoints.into();
        (!endpoints.is_empty()).then(|| Self(Kind::Fixed(endpoints)))
    }

    /// Endpoints learnt from a source.
    #[must_use]
    pub fn from_source(source: impl EndpointSource) -> Self {
        Self(Kind::Source(Arc::new(source)))
    }

    /// The endpoint for this attempt.
    ///
    /// # Errors
    ///
    /// The source failed.
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as the source; fixed endpoints are there at once.
    pub async fn resolve(&self, attempt: u32) -> Result<Endpoint, ConnectError> {
        match &self.0 {
            Kind::Fixed(endpoints) => Ok(endpoints[attempt as usize % endpoints.len()].clone()),
            Kind::Source(source) => source.endpoint(attempt).await.map_err(ConnectError::Endpoint),
        }
    }
}

impl From<Endpoint> for Endpoints {
    fn from(endpoint: Endpoint) -> Self {
        Self(Kind::Fixed([endpoint].into()))
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Fixed(endpoints) => f.debug_tuple("Endpoints").field(endpoints).finish(),
            Kind::Source(_) => f.write_str("Endpoints(from a source)"),
        }
    }
}
