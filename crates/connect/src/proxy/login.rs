//! A user name and password for a proxy.

use std::fmt;

use nova_transport::ProxyError;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Shown nowhere, and wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Login {
    user: String,
    password: String,
}

impl Login {
    pub(super) const fn new(user: String, password: String) -> Self {
        Self { user, password }
    }

    /// Reads both as a URL writes them.
    pub(super) fn decode(user: &str, password: &str) -> Result<Self, ProxyError> {
        Ok(Self { user: decode(user)?, password: decode(password)? })
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(redacted)")
    }
}

/// Undoes percent-encoding (RFC 3986 §2.1).
fn decode(text: &str) -> Result<String, ProxyError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let digit = |digit: &u8| char::from(*digit).to_digit(16);
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if digit(high).is_some() && digit(low).is_some() => {
                let value = digit(high).zip(digit(low)).map_or(0, |(high, low)| high * 16 + low);
                bytes.push(value as u8);
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).map_err(|_| ProxyError::Address("the user name or password is not UTF-8".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone_once() {
        let table =
            [("a%40b", "a@b"), ("%2525", "%25"), ("100%", "100%"), ("%zz%4", "%zz%4"), ("%C3%A4", "ä")];
        for (encoded, decoded) in table {
            assert_eq!(decode(encoded).unwrap(), decoded);
        }
        assert!(decode("%FF").is_err());
    }
}
