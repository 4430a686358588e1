//! The forms a secret may take in a text.

use std::borrow::Cow;

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{GeneralPurpose, GeneralPurposeConfig},
};

/// Reads what is escaped or encoded in a text.
type Reader = fn(&str) -> Cow<'_, str>;

/// What is looked for, in all its forms.
pub(super) struct Marks {
    plain: Vec<String>,
    /// Each form that is a text of its own, with its name.
    written: Vec<(&'static str, String)>,
}

impl Marks {
    pub(super) fn of(marks: &[&str]) -> Self {
        let mut written = Vec::new();
        for mark in marks {
            let bytes = mark.as_bytes();
            written.extend(base64(bytes).into_iter().map(|text| ("in base64", text)));
            let decimal: Vec<_> = bytes.iter().map(u8::to_string).collect();
            written.push(("as a list of bytes", decimal.join(", ")));
            written.push(("as a list of bytes", decimal.join(",")));
        }
        Self { plain: marks.iter().map(|mark| (*mark).to_owned()).collect(), written }
    }

    /// The form in which a line shows one of them.
    pub(super) fn find(&self, line: &str) -> Option<&'static str> {
        let shows = |text: &str| self.plain.iter().any(|mark| text.contains(mark.as_str()));
        if shows(line) {
            return Some("plain");
        }
        if let Some((form, _)) = self.written.iter().find(|(_, text)| line.contains(text.as_str())) {
            return Some(form);
        }
        // What may be escaped in part is read as whoever reads it would.
        let forms: [(_, Reader); 3] =
            [("URL-encoded", percent_decoded), ("escaped", unescaped), ("in hexadecimal", hex_decoded)];
        forms.into_iter().find(|(_, read)| shows(&read(line))).map(|(form, _)| form)
    }
}

/// What of the base64 form does not depend on what stands before and behind, for each of the three ways in
/// which it may lie in the encoded bytes.
fn base64(bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    for alphabet in [&STANDARD, &URL_SAFE] {
        let engine = GeneralPurpose::new(alphabet, GeneralPurposeConfig::new().with_encode_padding(false));
        for before in 0..3 {
            let padded = [&[0; 2][..before], bytes].concat();
            let text = engine.encode(&padded);
            // Letters that hold a bit of a neighbour are cut off.
            let (begin, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
            texts.push(text[begin..end].to_owned());
        }
    }
    texts
}

/// A text with each `%4e` read.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    decoded(text, '%', |rest| {
        let byte = u8::from_str_radix(rest.get(..2)?, 16).ok()?;
        Some((char::from(byte), 2))
    })
}

/// A text with the escapes of JSON and of Rust read: `\u004e`, `\u{4e}`, `\x4e`, and `\/` for `/`; and those of
/// XML, `&#78;` and `&#x4e;`.
fn unescaped(text: &str) -> Cow<'_, str> {
    let xml = decoded(text, '&', |rest| {
        let (number, _) = rest.strip_prefix('#')?.split_once(';')?;
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        Some((char::from_u32(code.ok()?)?, number.len() + 2))
    });
    let read = decoded(&xml, '\\', |rest| {
        let (digits, length) = match rest.as_bytes() {
            [b'u', b'{', ..] => {
                let end = rest.find('}')?;
                (&rest[2..end], end + 1)
            }
            [b'u', ..] => (rest.get(1..5)?, 5),
            [b'x', ..] => (rest.get(1..3)?, 3),
            [b'/' | b'"' | b'\'' | b'-', ..] => return Some((char::from(rest.as_bytes()[0]), 1)),
            _ => return None,
        };
        Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, length))
    });
    Cow::Owned(read.into_owned())
}

/// The texts in all runs of hexadecimal digits, from each of their first two digits on.
fn hex_decoded(text: &str) -> Cow<'_, str> {
    let mut read = String::new();
    for run in text.split(|letter: char| !letter.is_ascii_hexdigit()).filter(|run| run.len() > 8) {
        for start in 0..2 {
            let pairs = run.as_bytes()[start..].chunks_exact(2);
            let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
            read.extend(pairs.filter_map(byte).map(char::from));
            read.push(' ');
        }
    }
    Cow::Owned(read)
}

/// A text in which what follows each sign is read, if it can be: a letter, and how much of the text it took.
fn decoded(text: &str, sign: char, read: impl Fn(&str) -> Option<(char, usize)>) -> Cow<'_, str> {
    if !text.contains(sign) {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(sign) {
        whole.push_str(&rest[..at]);
        rest = &rest[at + sign.len_utf8()..];
        match read(rest) {
            Some((letter, length)) => {
                whole.push(letter);
                rest = &rest[length..];
            }
            None => whole.push(sign),
        }
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    use super::*;

    const MARK: &str = "Nova4Canary";

    fn form(line: &str) -> Option<&'static str> {
        Marks::of(&[MARK, "other-secret"]).find(line)
    }

    fn each(write: impl Fn(u8) -> String) -> String {
        MARK.bytes().map(write).collect()
    }

    #[test]
    fn a_plain_secret_is_found_and_nothing_else_is() {
        assert_eq!(form("Authorization: Bearer Nova4CanaryToken"), Some("plain"));
        assert_eq!(form("an other-secret too"), Some("plain"));
        for harmless in
            ["", "Nova4 Canary", "nova", "%4 %zz \\u12 \\u{zz} &#; &#x; \\", "é%é\\u00é", "4e6f7661"]
        {
            assert_eq!(form(harmless), None, "{harmless}");
        }
    }

    #[test]
    fn base64_is_found_wherever_it_lies_in_what_was_encoded() {
        for before in ["", "u", "us", "user:", "user:x"] {
            for after in ["", "T", "To", "Token"] {
                let text = format!("{before}{MARK}{after}");
                let (standard, url) = (BASE64_STANDARD.encode(&text), BASE64_URL_SAFE_NO_PAD.encode(&text));
                assert_eq!(form(&format!("Basic {standard}")), Some("in base64"), "{text}");
                assert_eq!(form(&url), Some("in base64"), "{text}");
            }
        }
    }

    #[test]
    fn hexadecimal_is_found_in_both_cases_and_at_odd_places() {
        let (lower, upper) = (each(|byte| format!("{byte:02x}")), each(|byte| format!("{byte:02X}")));
        for line in [format!("0x{lower}"), upper.clone(), format!("a{lower}b"), format!("[{upper}]")] {
            assert_eq!(form(&line), Some("in hexadecimal"), "{line}");
        }
    }

    #[test]
    fn url_encoding_is_found_where_all_or_a_part_is_encoded() {
        let all = each(|byte| format!("%{byte:02X}"));
        for line in [format!("?token={all}"), "/?t=%4eova4%43anary&x=100%".to_owned()] {
            assert_eq!(form(&line), Some("URL-encoded"), "{line}");
        }
        assert_eq!(form("other%2dsecret"), Some("URL-encoded"));
    }

    #[test]
    fn escapes_of_json_rust_and_xml_are_read() {
        let writers: [fn(u8) -> String; 5] = [
            |byte| format!("\\u{byte:04x}"),
            |byte| format!("\\u{{{byte:x}}}"),
            |byte| format!("\\x{byte:02X}"),
            |byte| format!("&#{byte};"),
            |byte| format!("&#x{byte:x};"),
        ];
        for write in writers {
            let line = format!("{{\"a\":\"{}\"}}", each(write));
            assert_eq!(form(&line), Some("escaped"), "{line}");
        }
        assert_eq!(form(r#""No\u0076a4Canary""#), Some("escaped"));
    }

    #[test]
    fn lists_of_bytes_are_found() {
        assert_eq!(form(&format!("{:?}", b"Nova4CanaryToken")), Some("as a list of bytes"));
        assert_eq!(form(&format!("{:?}", b"x Nova4Canary").replace(' ', "")), Some("as a list of bytes"));
    }
}
