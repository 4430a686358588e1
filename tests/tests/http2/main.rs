//! The whole stack over HTTP/2 (RFC 8441): through the facade, over real sockets.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod failing_closed;
mod living;
mod node;

use nova_testkit::net::{Certificates, GatewayRules};
use nova_tests::Wire;
use websockex_nova::connect::{Connector, HttpChoice, Roots, TlsOptions};

/// The transport under test, by this HTTP and trusting nobody else.
fn wire(certificates: &Certificates, http: HttpChoice) -> Wire {
    let trust = TlsOptions::new().with_roots(Roots::ExtraOnly);
    let trust = trust.with_extra_roots_pem(certificates.root_pem().as_bytes()).unwrap();
    Wire::new(Connector::new().with_tls(trust).with_http(http))
}

/// A gateway that speaks both over TLS.
fn over_tls(certificates: &Certificates) -> GatewayRules {
    let config = certificates.server().server_config_offering(&["h2", "http/1.1"]);
    GatewayRules::default().with_tls(config)
}
