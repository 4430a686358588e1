//! What must hold of any transport.
#![cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]

use nova_connect::{Connector, Roots, TlsOptions};
use nova_testkit::transports::Subject;
use nova_transport_native::Native;

struct Tried;

impl Subject for Tried {
    type Transport = Native;

    fn plain() -> Native {
        Native::default()
    }

    fn with_max_frame_bytes(bytes: usize) -> Native {
        Native::default().with_max_frame_bytes(bytes)
    }

    fn trusting(root_pem: &str) -> Native {
        let trust = TlsOptions::new().with_roots(Roots::ExtraOnly);
        let trust = trust.with_extra_roots_pem(root_pem.as_bytes()).expect("a certificate");
        Native::new(Connector::new().with_tls(trust))
    }
}

nova_testkit::transport_tests!(Tried);

/// The same over HTTP/2.
#[cfg(feature = "http2")]
mod http2 {
    use nova_connect::HttpChoice;
    use nova_testkit::{net::GatewayRules, transports::Behind};

    use super::*;

    struct Tried;

    impl Subject for Tried {
        type Transport = Behind<Native>;

        fn plain() -> Self::Transport {
            behind(Native::new(Connector::new().with_http(HttpChoice::Two)))
        }

        fn with_max_frame_bytes(bytes: usize) -> Self::Transport {
            let transport = Native::new(Connector::new().with_http(HttpChoice::Two));
            behind(transport.with_max_frame_bytes(bytes))
        }

        fn trusting(root_pem: &str) -> Self::Transport {
            let trust = TlsOptions::new().with_roots(Roots::ExtraOnly);
            let trust = trust.with_extra_roots_pem(root_pem.as_bytes()).expect("a certificate");
            behind(Native::new(Connector::new().with_tls(trust).with_http(HttpChoice::Either)))
        }
    }

    fn behind(transport: Native) -> Behind<Native> {
        Behind::new(transport, GatewayRules::default())
    }

    nova_testkit::transport_tests!(Tried, by http2);
}
