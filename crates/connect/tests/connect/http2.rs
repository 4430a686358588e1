//! WebSocket over HTTP/2 (RFC 8441), against a gateway in front of the scripted peer.

mod choosing;
mod ending;
mod moving;
mod opening;

use nova_connect::{Connector, HttpChoice, Upgraded};
use nova_testkit::net::{Answer, Certificates, Conn, Gateway, GatewayRules, Peer};
use nova_transport::{ConnectError, Endpoint};

use crate::tls::trusting;

/// A peer, and the gateway in front of it.
struct Behind {
    peer: Peer,
    gateway: Gateway,
}

impl Behind {
    async fn new(rules: GatewayRules) -> Self {
        let peer = Peer::bind().await.expect("a port is free");
        let gateway = Gateway::start(peer.addr(), rules).await.expect("a port is free");
        Self { peer, gateway }
    }

    /// Both ends of a stream.
    async fn open(&mut self, connector: &Connector) -> (Upgraded, Conn) {
        let endpoint = crate::support::endpoint(&self.gateway.url());
        let (upgraded, conn) = self.attempt(connector, &endpoint, |answer| answer).await;
        (upgraded.expect("the peer accepts"), conn)
    }

    /// One attempt that reaches the peer, which gives this answer.
    async fn attempt(
        &mut self,
        connector: &Connector,
        endpoint: &Endpoint,
        change: impl FnOnce(Answer) -> Answer,
    ) -> (Result<Upgraded, ConnectError>, Conn) {
        let accept = async {
            let mut conn = self.peer.accept().await;
            conn.accept_upgrade_with(change).await;
            conn
        };
        tokio::join!(connector.connect(endpoint, &|_| {}), accept)
    }
}

fn by(http: HttpChoice) -> Connector {
    Connector::new().with_http(http)
}

/// How a gateway serves TLS, offering these protocols.
fn over_tls(certificates: &Certificates, protocols: &[&str]) -> GatewayRules {
    GatewayRules::default().with_tls(certificates.server().server_config_offering(protocols))
}

fn trusting_by(certificates: &Certificates, http: HttpChoice) -> Connector {
    trusting(certificates).with_http(http)
}

const BOTH: [&str; 2] = ["h2", "http/1.1"];

/// Codes of RFC 9113 §7.
const NO_ERROR: u32 = 0x0;
const CANCEL: u32 = 0x8;
const ENHANCE_YOUR_CALM: u32 = 0xb;
const HTTP_1_1_REQUIRED: u32 = 0xd;
