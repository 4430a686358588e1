//! What must hold of any transport.
#![cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]

use nova_connect::{Connector, Roots, TlsOptions};
use nova_frame_codec::ProtocolError;
use nova_testkit::transports::{Subject, Violation, Weakness};
use nova_transport_fastwebsockets::FastWebSockets;

struct Tried;

impl Subject for Tried {
    type Transport = FastWebSockets;

    fn plain() -> FastWebSockets {
        FastWebSockets::default()
    }

    fn with_max_frame_bytes(bytes: usize) -> FastWebSockets {
        FastWebSockets::default().with_max_frame_bytes(bytes)
    }

    fn trusting(root_pem: &str) -> FastWebSockets {
        let trust = TlsOptions::new().with_roots(Roots::ExtraOnly);
        let trust = trust.with_extra_roots_pem(root_pem.as_bytes()).expect("a certificate");
        FastWebSockets::new(Connector::new().with_tls(trust))
    }

    fn weakness(violation: &Violation) -> Option<Weakness> {
        weakness(violation)
    }
}

fn weakness(violation: &Violation) -> Option<Weakness> {
    match (violation.name, violation.error) {
        // The crate does not tell how a length was written, nor which opcode came.
        (_, ProtocolError::NonMinimalLength) => Some(Weakness::Unnoticed),
        (_, ProtocolError::ReservedOpCode(_)) => {
            Some(Weakness::Mistaken(ProtocolError::ReservedOpCode(u8::MAX)))
        }
        (_, ProtocolError::LengthOverflow) => {
            Some(Weakness::Mistaken(ProtocolError::TooBig { limit: 16 << 20 }))
        }
        // It looks at text before it is unmasked.
        ("masked text", _) => Some(Weakness::Mistaken(ProtocolError::InvalidUtf8)),
        _ => None,
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
        type Transport = Behind<FastWebSockets>;

        fn plain() -> Self::Transport {
            behind(FastWebSockets::new(Connector::new().with_http(HttpChoice::Two)))
        }

        fn with_max_frame_bytes(bytes: usize) -> Self::Transport {
            let transport = FastWebSockets::new(Connector::new().with_http(HttpChoice::Two));
            behind(transport.with_max_frame_bytes(bytes))
        }

        fn trusting(root_pem: &str) -> Self::Transport {
            let trust = TlsOptions::new().with_roots(Roots::ExtraOnly);
            let trust = trust.with_extra_roots_pem(root_pem.as_bytes()).expect("a certificate");
            behind(FastWebSockets::new(Connector::new().with_tls(trust).with_http(HttpChoice::Either)))
        }

        fn weakness(violation: &Violation) -> Option<Weakness> {
            super::weakness(violation)
        }
    }

    fn behind(transport: FastWebSockets) -> Behind<FastWebSockets> {
        Behind::new(transport, GatewayRules::default())
    }

    nova_testkit::transport_tests!(Tried, by http2);
}
