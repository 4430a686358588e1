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
