//! The parameters of permessage-deflate in a `Sec-WebSocket-Extensions` header (RFC 7692 §7.1).

use super::compression::WindowBits;

/// The name of the extension.
pub(super) const NAME: &str = "permessage-deflate";

/// One offer or answer, as it is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Parameters {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<WindowBits>,
    /// Absent, there without a value, or there with one.
    pub(super) client_max_window_bits: Option<Option<WindowBits>>,
}

/// What is wrong with an offer or an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Malformed;

impl Parameters {
    /// Every permessage-deflate in the lines of a header, in their order; other extensions are passed
    /// over.
    pub(super) fn all<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<Result<Self, Malformed>> {
        let mut all = Vec::new();
        for line in lines {
            // A header that is not ASCII holds no extension that we know.
            let Ok(line) = std::str::from_utf8(line) else {
                all.push(Err(Malformed));
                continue;
            };
            for extension in split(line, ',') {
                let mut parts = split(extension, ';');
                if parts.next().is_some_and(|name| name.trim().eq_ignore_ascii_case(NAME)) {
                    all.push(Self::read(parts));
                }
            }
        }
        all
    }

    fn read<'a>(parts: impl Iterator<Item = &'a str>) -> Result<Self, Malformed> {
        let mut this = Self::default();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name, Some(unquoted(value.trim()))),
                None => (part, None),
            };
            // Each may stand there once.
            let fresh = match (name.trim().to_ascii_lowercase().as_str(), value) {
                ("server_no_context_takeover", None) => {
                    !std::mem::replace(&mut this.server_no_context_takeover, true)
                }
                ("client_no_context_takeover", None) => {
                    !std::mem::replace(&mut this.client_no_context_takeover, true)
                }
                ("server_max_window_bits", Some(value)) => {
                    this.server_max_window_bits.replace(bits(value)?).is_none()
                }
                ("client_max_window_bits", value) => {
                    this.client_max_window_bits.replace(value.map(bits).transpose()?).is_none()
                }
                _ => return Err(Malformed),
            };
            if !fresh {
                return Err(Malformed);
            }
        }
        Ok(this)
    }

    /// As it stands in a header.
    pub(super) fn write(&self) -> String {
        let mut text = NAME.to_owned();
        if self.server_no_context_takeover {
            text.push_str("; server_no_context_takeover");
        }
        if self.client_no_context_takeover {
            text.push_str("; client_no_context_takeover");
        }
        if let Some(bits) = self.server_max_window_bits {
            text.push_str(&format!("; server_max_window_bits={}", bits.get()));
        }
        match self.client_max_window_bits {
            Some(Some(bits)) => text.push_str(&format!("; client_max_window_bits={}", bits.get())),
            Some(None) => text.push_str("; client_max_window_bits"),
            None => {}
        }
        text
    }
}

/// 8 to 15, without leading zeros (§7.1.2.1).
fn bits(value: &str) -> Result<WindowBits, Malformed> {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    let number = value.parse::<u8>().ok().filter(|_| is_plain).ok_or(Malformed)?;
    WindowBits::try_from(number).map_err(|_| Malformed)
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// The parts between separators that do not stand in quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character: char| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<Result<Parameters, Malformed>> {
        Parameters::all([line.as_bytes()].into_iter())
    }

    fn window(bits: u8) -> WindowBits {
        WindowBits::try_from(bits).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        for flags in 0..4 {
            for server in [None, Some(window(8)), Some(window(15))] {
                for client in [None, Some(None), Some(Some(window(9))), Some(Some(window(10)))] {
                    let parameters = Parameters {
                        server_no_context_takeover: flags & 1 != 0,
                        client_no_context_takeover: flags & 2 != 0,
                        server_max_window_bits: server,
                        client_max_window_bits: client,
                    };
                    assert_eq!(read(&parameters.write()), [Ok(parameters)]);
                }
            }
        }
    }

    #[test]
    fn other_extensions_spaces_case_and_quotes_do_not_matter() {
        let line = "x; a=\"1,permessage-deflate;b\", Permessage-Deflate ;\tserver_max_window_bits = \"10\" ;\
                    Client_Max_Window_Bits,permessage-deflate";
        let first = Parameters {
            server_max_window_bits: Some(window(10)),
            client_max_window_bits: Some(None),
            ..Parameters::default()
        };
        assert_eq!(read(line), [Ok(first), Ok(Parameters::default())]);
        assert_eq!(read("permessage-deflate2, x-permessage-deflate, "), []);
    }

    #[test]
    fn unknown_repeated_and_odd_parameters_are_refused() {
        for parameter in [
            "foo",
            "foo=1",
            "",
            "server_no_context_takeover=1",
            "client_no_context_takeover=true",
            "server_max_window_bits",
            "server_max_window_bits=",
            "server_max_window_bits=7",
            "server_max_window_bits=16",
            "server_max_window_bits=08",
            "server_max_window_bits=+9",
            "server_max_window_bits=999999999999",
            "client_max_window_bits=0",
            "client_max_window_bits=9.0",
            "client_max_window_bits=\"9",
            "client_max_window_bits; client_max_window_bits=9",
            "server_no_context_takeover; server_no_context_takeover",
            "server_max_window_bits=9; server_max_window_bits=9",
        ] {
            assert_eq!(read(&format!("permessage-deflate; {parameter}")), [Err(Malformed)], "{parameter}");
        }
    }
}
