//! What the expansions of `nova-macros` name, so that a program needs no crate for them but those it
//! uses itself. Nobody else should.

use std::sync::Arc;

use async_trait::async_trait;
use nova_transport::{Cause, Endpoint, EndpointError};

use crate::endpoints::{EndpointSource, Endpoints};

pub use nova_ratelimit::{Budget, BudgetId, Charge};
pub use nova_telemetry::{Registry, TracingLogger};
pub use serde::{Serialize, Serializer, ser::SerializeMap};

/// The endpoints at these URLs. One that is wrong shows as the failure of each attempt.
#[must_use]
pub fn endpoints(urls: &[&str]) -> Endpoints {
    let parsed: Result<Vec<Endpoint>, _> = urls.iter().map(|url| Endpoint::parse(url)).collect();
    match parsed {
        Ok(parsed) => Endpoints::rotating(parsed)
            .unwrap_or_else(|| Endpoints::from_source(Wrong(Arc::new(EndpointError::MissingHost)))),
        Err(error) => Endpoints::from_source(Wrong(Arc::new(error))),
    }
}

/// Parameters of a method that are known beforehand.
#[derive(Default)]
pub struct Params(serde_json::Map<String, serde_json::Value>);

impl Params {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one; what cannot be written is `null`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &impl Serialize) -> Self {
        self.0.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }
}

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

struct Wrong(Arc<EndpointError>);

#[async_trait]
impl EndpointSource for Wrong {
    async fn endpoint(&self, _attempt: u32) -> Result<Endpoint, Cause> {
        Err(Arc::clone(&self.0) as Cause)
    }
}
