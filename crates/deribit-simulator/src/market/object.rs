//! Writes JSON text: members in the order in which they are given, numbers in the chosen style.

use bytes::Bytes;

use super::{
    decimal::Decimal,
    number::{NumberStyle, write_integer},
};

/// A JSON text in the making.
#[derive(Debug)]
pub(crate) struct Json {
    out: String,
    style: NumberStyle,
}

impl Json {
    pub(crate) fn new(style: NumberStyle) -> Self {
        Self { out: String::with_capacity(256), style }
    }

    pub(crate) fn object(style: NumberStyle) -> Self {
        let mut json = Self::new(style);
        json.begin();
        json
    }

    /// Opens an object as an element.
    pub(crate) fn begin(&mut self) {
        self.separate();
        self.out.push('{');
    }

    /// Closes an object.
    pub(crate) fn end(&mut self) {
        self.out.push('}');
    }

    /// Opens an array as an element.
    pub(crate) fn begin_array(&mut self) {
        self.separate();
        self.out.push('[');
    }

    /// Closes an array.
    pub(crate) fn end_array(&mut self) {
        self.out.push(']');
    }

    /// Names the member that is written next.
    pub(crate) fn key(&mut self, name: &str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    /// A word that needs no escapes: it comes from the simulator itself.
    pub(crate) fn word(&mut self, name: &str, word: &str) {
        self.key(name);
        self.word_element(word);
    }

    pub(crate) fn word_element(&mut self, word: &str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(word);
        self.out.push('"');
    }

    /// Text that a client chose.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.key(name);
        self.out.push_str(&serde_json::Value::from(text).to_string());
    }

    /// An identifier or a timestamp.
    pub(crate) fn integer(&mut self, name: &str, value: u64) {
        self.key(name);
        write_integer(&mut self.out, value);
    }

    pub(crate) fn price(&mut self, name: &str, price: Decimal) {
        self.key(name);
        self.style.write_price(&mut self.out, price);
    }

    pub(crate) fn number(&mut self, name: &str, number: Decimal) {
        self.key(name);
        self.style.write_decimal(&mut self.out, number);
    }

    pub(crate) fn price_element(&mut self, price: Decimal) {
        self.separate();
        self.style.write_price(&mut self.out, price);
    }

    pub(crate) fn number_element(&mut self, number: Decimal) {
        self.separate();
        self.style.write_decimal(&mut self.out, number);
    }

    pub(crate) fn float(&mut self, name: &str, value: f64) {
        self.key(name);
        self.style.write_float(&mut self.out, value);
    }

    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        self.key(name);
        self.out.push_str(if value { "true" } else { "false" });
    }

    pub(crate) fn null(&mut self, name: &str) {
        self.key(name);
        self.out.push_str("null");
    }

    /// A member, or an element, that is JSON text already.
    pub(crate) fn raw(&mut self, text: &str) {
        self.separate();
        self.out.push_str(text);
    }

    pub(crate) fn finish(mut self) -> String {
        self.end();
        self.out
    }

    pub(crate) fn finish_array(mut self) -> String {
        self.end_array();
        self.out
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from(self.finish())
    }

    /// A comma, unless this is the first of its kind or follows its name.
    fn separate(&mut self) {
        if !matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(',');
        }
    }
}

/// An array of texts that are JSON already.
pub(crate) fn array<'a>(elements: impl IntoIterator<Item = &'a str>) -> Bytes {
    let mut out = String::from("[");
    for (place, element) in elements.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(element);
    }
    out.push(']');
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_separated_and_strangers_escaped() {
        let mut json = Json::object(NumberStyle::Plain);
        json.text("label", "a\"b\n:");
        json.key("levels");
        json.begin_array();
        json.number_element(Decimal::new(15, 1));
        json.word_element("new");
        json.end_array();
        json.null("nothing");
        let text = json.finish();
        assert_eq!(text, r#"{"label":"a\"b\n:","levels":[1.5,"new"],"nothing":null}"#);
    }
}
