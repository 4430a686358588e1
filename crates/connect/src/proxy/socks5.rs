//! SOCKS5 proxies (RFC 1928), with a user name and password (RFC 1929).
//!
//! Nothing is read beyond the proxy's own words, so no byte of the server behind it can be lost.

use std::{io, net::IpAddr, sync::Arc};

use nova_transport::ProxyError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use super::{Target, login::Login};

/// Opens a tunnel to `target` over `stream`.
pub(crate) async fn open(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    target: &Target,
    port: u16,
    login: Option<&Login>,
) -> Result<(), ProxyError> {
    let request = request(target, port)?;
    greet(stream, login).await?;
    stream.write_all(&request).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    answer(stream).await
}

/// Agrees on how to log in, and does.
async fn greet(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    login: Option<&Login>,
) -> Result<(), ProxyError> {
    let greeting: &[u8] = match login {
        None => &[VERSION, 1, NO_LOGIN],
        Some(_) => &[VERSION, 2, NO_LOGIN, PASSWORD],
    };
    stream.write_all(greeting).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    let [version, method] = read(stream).await?;
    match (version, method, login) {
        (VERSION, NO_LOGIN, _) => Ok(()),
        (VERSION, PASSWORD, Some(login)) => log_in(stream, login).await,
        (VERSION, NOTHING_ACCEPTABLE, _) => Err(ProxyError::Authentication),
        _ => Err(garbled()),
    }
}

async fn log_in(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), login: &Login) -> Result<(), ProxyError> {
    let too_long = |_| ProxyError::Address("the user name or password is longer than 255 bytes".into());
    let (user, password) = (login.user().as_bytes(), login.password().as_bytes());
    let mut words = Zeroizing::new(Vec::with_capacity(3 + user.len() + password.len()));
    words.push(PASSWORD_VERSION);
    for word in [user, password] {
        words.push(u8::try_from(word.len()).map_err(too_long)?);
        words.extend_from_slice(word);
    }
    stream.write_all(&words).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    let [_version, status] = read(stream).await?;
    if status == 0 { Ok(()) } else { Err(ProxyError::Authentication) }
}

fn request(target: &Target, port: u16) -> Result<Vec<u8>, ProxyError> {
    let mut words = vec![VERSION, CONNECT, 0];
    match target {
        Target::Ip(IpAddr::V4(ip)) => {
            words.push(IS_V4);
            words.extend(ip.octets());
        }
        Target::Ip(IpAddr::V6(ip)) => {
            words.push(IS_V6);
            words.extend(ip.octets());
        }
        Target::Name(name) => {
            let too_long = |_| ProxyError::Address("the host's name is longer than 255 bytes".into());
            words.extend([IS_NAME, u8::try_from(name.len()).map_err(too_long)?]);
            words.extend_from_slice(name.as_bytes());
        }
    }
    words.extend(port.to_be_bytes());
    Ok(words)
}

/// Reads whether the tunnel is open, and past the address it is bound to.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Result<(), ProxyError> {
    let [version, reply, _reserved, kind] = read(stream).await?;
    if version != VERSION {
        return Err(garbled());
    }
    if reply != 0 {
        return Err(ProxyError::Socks(meaning(reply)));
    }
    let address_bytes = match kind {
        IS_V4 => 4,
        IS_V6 => 16,
        IS_NAME => {
            let [length] = read(stream).await?;
            usize::from(length)
        }
        _ => return Err(garbled()),
    };
    let mut bound = [0; 255 + 2];
    stream.read_exact(&mut bound[..address_bytes + 2]).await.map_err(failed)?;
    Ok(())
}

async fn read<const N: usize>(stream: &mut (impl AsyncRead + Unpin)) -> Result<[u8; N], ProxyError> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.map_err(failed)?;
    Ok(bytes)
}

/// The reply codes of RFC 1928 §6.
fn meaning(reply: u8) -> String {
    let text = match reply {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "kind of address not supported",
        other => return format!("unknown reply {other}"),
    };
    text.to_owned()
}

fn failed(error: io::Error) -> ProxyError {
    ProxyError::Io(Arc::new(error))
}

fn garbled() -> ProxyError {
    failed(io::Error::new(io::ErrorKind::InvalidData, "the proxy does not speak SOCKS5"))
}

const VERSION: u8 = 5;
const PASSWORD_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const NOTHING_ACCEPTABLE: u8 = 0xFF;
const IS_V4: u8 = 1;
const IS_NAME: u8 = 3;
const IS_V6: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets a proxy say `words`, then hang up; gives the outcome and what it was told.
    async fn told(words: &[u8], target: Target, login: Option<Login>) -> (Result<(), ProxyError>, Vec<u8>) {
        let mut heard = Vec::new();
        let mut stream = tokio::io::join(words, &mut heard);
        let outcome = open(&mut stream, &target, 443, login.as_ref()).await;
        (outcome, heard)
    }

    fn name() -> Target {
        Target::Name("venue.example".into())
    }

    #[tokio::test]
    async fn a_name_or_an_address_is_asked_for_as_the_rfc_writes_it() {
        let yes = [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        let (outcome, heard) = told(&yes, name(), None).await;
        outcome.unwrap();
        assert_eq!(heard, b"\x05\x01\x00\x05\x01\x00\x03\x0dvenue.example\x01\xbb");
        let (_, heard) = told(&yes, Target::Ip([10, 0, 0, 1].into()), None).await;
        assert_eq!(heard[3..], [5, 1, 0, 1, 10, 0, 0, 1, 1, 187]);
        let (_, heard) = told(&yes, Target::Ip(std::net::Ipv6Addr::LOCALHOST.into()), None).await;
        assert_eq!(heard[6..], [4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 187]);
    }

    #[tokio::test]
    async fn a_login_is_given_only_when_asked_for() {
        let login = || Some(Login::new("me".into(), "pw".into()));
        let (outcome, heard) = told(b"\x05\x02\x01\x00\x05\0\0\x03\x01a\0\0", name(), login()).await;
        outcome.unwrap();
        assert!(heard.starts_with(b"\x05\x02\x00\x02\x01\x02me\x02pw\x05\x01"), "{heard:?}");
        let (outcome, heard) = told(&[5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0], name(), login()).await;
        outcome.unwrap();
        assert!(!heard.windows(2).any(|pair| pair == b"pw"));
    }

    #[tokio::test]
    async fn each_refusal_has_its_own_error() {
        let login = || Some(Login::new("me".into(), "pw".into()));
        let (outcome, _) = told(&[5, 0xFF], name(), None).await;
        assert!(matches!(outcome, Err(ProxyError::Authentication)));
        let (outcome, _) = told(&[5, 2, 1, 1], name(), login()).await;
        assert!(matches!(outcome, Err(ProxyError::Authentication)));
        let (outcome, _) = told(&[5, 0, 5, 5, 0, 1], name(), None).await;
        assert!(matches!(outcome, Err(ProxyError::Socks(why)) if why == "connection refused"));
        // A method nobody offered, another protocol, and a proxy that hangs up.
        for words in [&[5, 2][..], b"HTTP/1.1 400", &[5, 0, 4, 0, 0, 1], &[5, 0, 5, 0, 0, 9], &[5]] {
            let (outcome, _) = told(words, name(), None).await;
            assert!(matches!(outcome, Err(ProxyError::Io(_))), "{words:?}");
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_refused_before_it_is_sent() {
        let (outcome, heard) = told(&[], Target::Name("a".repeat(256)), None).await;
        assert!(matches!(outcome, Err(ProxyError::Address(_))));
        assert!(heard.is_empty());
        let login = Login::new("a".repeat(256), String::new());
        let (outcome, _) = told(&[5, 2], name(), Some(login)).await;
        assert!(matches!(outcome, Err(ProxyError::Address(_))));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_proxy_says_is_a_tunnel_or_an_error(
            words in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            polite in proptest::prelude::any::<bool>(),
        ) {
            // Half of the time the first words are right, so that the later ones are reached.
            let words = if polite { [&[5, 0, 5, 0, 0][..], &words].concat() } else { words };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (outcome, _) = runtime.block_on(told(&words, name(), None));
            if outcome.is_ok() {
                proptest::prop_assert!(words.starts_with(&[5, 0, 5, 0]));
            }
        }
    }
}
