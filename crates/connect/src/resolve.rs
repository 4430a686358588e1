//! From a host name to addresses.

use std::{fmt, io, net::IpAddr};

/// Turns host names into addresses. Not asked when the host is an address already.
#[async_trait::async_trait]
pub trait Resolve: fmt::Debug + Send + Sync {
    /// The addresses of `host`, most preferred first; none at all counts as an unknown host.
    ///
    /// # Errors
    ///
    /// The name does not exist, or the resolver cannot be asked.
    ///
    /// # Cancel safety
    ///
    /// Required: the future is dropped when its deadline passes or the attempt is abandoned.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the operating system, and so heeds its hosts file, search domains and address order.
///
/// `getaddrinfo` blocks a thread of tokio's blocking pool and cannot be called back: an abandoned
/// question is ignored when its answer arrives.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait::async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        // The port has no bearing on the answer.
        let addresses = tokio::net::lookup_host((host, 0)).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}
