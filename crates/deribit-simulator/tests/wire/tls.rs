//! TLS, with a certificate the caller gives.

use std::sync::Arc;

use nova_deribit_simulator::{Config, ConfigError, Simulator, StartError, Tls};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::raw_client::RawClient;

#[tokio::test]
async fn it_speaks_tls_with_a_certificate_in_either_form() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = Tls::Pem { certificates: made.cert.pem(), key: made.signing_key.serialize_pem() };
    let der =
        Tls::Der { certificates: vec![made.cert.der().to_vec()], key: made.signing_key.serialize_der() };
    for tls in [pem, der] {
        let simulator = Simulator::start(Config::default().with_tls(tls)).await.unwrap();
        assert!(simulator.url().starts_with("wss://"));
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tcp = TcpStream::connect(simulator.addr()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
        let (status, mut client) = RawClient::over(stream, "/ws/api/v2").await.unwrap();
        assert_eq!(status, 101);
        client.login().await;
        assert!(client.call("public/get_time", json!({})).await["result"].is_u64());
    }
}

#[tokio::test]
async fn a_certificate_that_is_none_is_refused_at_the_start() {
    let tls = Tls::Pem { certificates: "nonsense".to_owned(), key: "nonsense".to_owned() };
    let refused = Simulator::start(Config::default().with_tls(tls)).await.unwrap_err();
    assert!(matches!(refused, StartError::Config(ConfigError::Tls(_))));
}
