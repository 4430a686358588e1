//! Opens a stream and upgrades it by hand, so that all peers start from the same.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{Peer, Stream};
use crate::{via::Via, work::Work};

/// Lets a peer do something over such a connection.
pub(crate) async fn with<P: Peer, W: Work>(via: Via, work: W) -> W::Output {
    match via {
        // What is needed while a connection is opened is boxed, so that it is gone while one is idle.
        Via::Tcp(address) => {
            let stream = Box::pin(async { upgraded(tcp(address).await).await }).await;
            work.on(P::over(stream).await).await
        }
        Via::Tls(address, trusted) => {
            let opening = async { upgraded(tls(tcp(address).await, address, &trusted).await).await };
            let stream = Box::pin(opening).await;
            Box::pin(work.on(P::over(stream).await)).await
        }
        Via::Memory(script) => Box::pin(work.on(P::over(script.upgraded()).await)).await,
    }
}

async fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket has that option");
    stream
}

async fn tls(stream: TcpStream, address: SocketAddr, trusted: &str) -> impl Stream + use<> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(trusted.as_bytes()).expect("the server's certificate");
    roots.add(root).expect("the server's certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::IpAddress(address.ip().into());
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("the server is trusted")
}

async fn upgraded<S: Stream>(mut stream: S) -> S {
    let request = b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request).await.expect("the server reads");
    stream.flush().await.expect("the server reads");
    // Byte by byte, so that nothing behind the answer is taken from the library.
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("the server answers"));
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "the server upgrades");
    stream
}
