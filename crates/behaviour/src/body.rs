//! Payloads: borrowed where they lie, and kept for whoever takes them.

use std::fmt;

use nova_frame_codec::OutFrame;

/// A payload in the transport's buffer. Text has been proven UTF-8.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Body<'a> {
    /// From a text message.
    Text(&'a str),
    /// From a binary message.
    Binary(&'a [u8]),
}

impl<'a> Body<'a> {
    /// The bytes, of either kind.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The text, if this is text.
    #[must_use]
    pub const fn as_text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// How many bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Body<'_> {
    /// Shows kind and length only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.as_text().is_some() { "Text" } else { "Binary" };
        write!(f, "{kind}({} bytes)", self.len())
    }
}

/// An owned payload whose buffer is recycled. It keeps the proof that text is UTF-8.
#[derive(Clone, Eq, PartialEq)]
pub enum Kept {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Kept {
    /// A borrowed view.
    #[must_use]
    pub fn as_body(&self) -> Body<'_> {
        match self {
            Self::Text(text) => Body::Text(text),
            Self::Binary(bytes) => Body::Binary(bytes),
        }
    }

    /// A whole message with this payload.
    #[must_use]
    pub fn as_frame(&self) -> OutFrame<'_> {
        match self {
            Self::Text(text) => OutFrame::text(text),
            Self::Binary(bytes) => OutFrame::binary(bytes),
        }
    }

    /// Replaces the content by a copy of `body`, reusing the buffer.
    pub fn copy_from(&mut self, body: Body<'_>) {
        match body {
            Body::Text(text) => self.text_mut().push_str(text),
            Body::Binary(bytes) => self.binary_mut().extend_from_slice(bytes),
        }
    }

    /// Makes this an empty text, keeping the buffer, to write into.
    pub fn text_mut(&mut self) -> &mut String {
        if let Self::Binary(bytes) = self {
            bytes.clear();
            *self = Self::Text(String::from_utf8(std::mem::take(bytes)).unwrap_or_default());
        }
        let Self::Text(text) = self else { unreachable!("it was made text above") };
        text.clear();
        text
    }

    /// Makes this an empty binary, keeping the buffer, to write into.
    pub fn binary_mut(&mut self) -> &mut Vec<u8> {
        if let Self::Text(text) = self {
            *self = Self::Binary(std::mem::take(text).into_bytes());
        }
        let Self::Binary(bytes) = self else { unreachable!("it was made binary above") };
        bytes.clear();
        bytes
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_body().len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes the buffer holds room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match self {
            Self::Text(text) => text.capacity(),
            Self::Binary(bytes) => bytes.capacity(),
        }
    }
}

impl Default for Kept {
    /// An empty text, which allocates nothing.
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<Body<'_>> for Kept {
    fn from(body: Body<'_>) -> Self {
        match body {
            Body::Text(text) => Self::Text(text.to_owned()),
            Body::Binary(bytes) => Self::Binary(bytes.to_vec()),
        }
    }
}

impl From<String> for Kept {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Kept {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Kept {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

impl fmt::Debug for Kept {
    /// Shows kind and length only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_body().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_survives_changes_of_kind() {
        let mut kept = Kept::Text(String::with_capacity(64));
        kept.copy_from(Body::Binary(&[0xFF; 10]));
        kept.copy_from(Body::Text("text"));
        assert_eq!(kept.as_body(), Body::Text("text"));
        assert_eq!(kept.capacity(), 64);
    }

    #[test]
    fn debug_shows_no_payload() {
        assert_eq!(format!("{:?}", Kept::from("hunter2")), "Text(7 bytes)");
    }
}
