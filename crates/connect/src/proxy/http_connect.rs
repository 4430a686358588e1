//! HTTP proxies: CONNECT (RFC 9110 §9.3.6), with Basic credentials (RFC 7617).

use std::{io, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header, uri::Authority};
use http_body_util::Empty;
use nova_transport::ProxyError;
use zeroize::Zeroizing;

use super::{Target, authority, login::Login};
use crate::{
    exchange::{Answer, exchange, into_io},
    stream::ByteStream,
};

/// Asks for a tunnel. Any 2xx opens it.
pub(crate) async fn ask(
    stream: ByteStream,
    target: &Target,
    port: u16,
    login: Option<&Login>,
    head_bytes: usize,
) -> Result<Answer, ProxyError> {
    let request = request(target, port, login)?;
    exchange(stream, request, head_bytes).await.map_err(|error| ProxyError::Io(Arc::new(into_io(error))))
}

fn request(target: &Target, port: u16, login: Option<&Login>) -> Result<Request<Empty<Bytes>>, ProxyError> {
    let target = match target {
        Target::Name(name) => authority(name, port),
        Target::Ip(ip) => authority(&ip.to_string(), port),
    };
    let unusable =
        |error: http::Error| ProxyError::Io(Arc::new(io::Error::new(io::ErrorKind::InvalidInput, error)));
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::CONNECT;
    let authority = Authority::try_from(target.as_str()).map_err(|error| unusable(error.into()))?;
    *request.uri_mut() = Uri::from(authority);
    let host = HeaderValue::from_str(&target).map_err(|error| unusable(error.into()))?;
    request.headers_mut().insert(header::HOST, host);
    if let Some(login) = login {
        let pair = Zeroizing::new(format!("{}:{}", login.user(), login.password()));
        let basic = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
        let mut basic = HeaderValue::from_str(&basic).map_err(|error| unusable(error.into()))?;
        basic.set_sensitive(true);
        request.headers_mut().insert(header::PROXY_AUTHORIZATION, basic);
    }
    Ok(request)
}
