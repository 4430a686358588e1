//! Patterns of topics: text with the names of parameters in braces.

use proc_macro2::Span;
use syn::{
    LitStr, Result,
    parse::{Parse, ParseStream},
};

/// A pattern such as `"ticker.{instrument}.100ms"`. A brace that is meant as such is written twice.
pub(crate) struct Pattern {
    /// As it was written.
    pub(crate) text: String,
    /// For `format!`, with `{}` in the place of names.
    pub(crate) format: LitStr,
    /// The text, where there are no names.
    pub(crate) plain: Option<LitStr>,
    /// What stands in the braces, in order.
    pub(crate) names: Vec<String>,
    span: Span,
}

impl Pattern {
    pub(crate) const fn span(&self) -> Span {
        self.span
    }

    /// Equal for patterns that differ in names only.
    pub(crate) fn shape(&self) -> String {
        self.format.value()
    }
}

impl Parse for Pattern {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let literal: LitStr = input.parse().map_err(|error| {
            syn::Error::new(error.span(), "write the topic as text, such as \"ticker.{instrument}.100ms\"")
        })?;
        let span = literal.span();
        let fail = |text: String| syn::Error::new(span, text);
        let (mut format, mut plain, mut names) = (String::new(), String::new(), Vec::new());
        let text = literal.value();
        if text.is_empty() {
            return Err(fail("a topic has a name".to_owned()));
        }
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            format.push_str(before);
            plain.push_str(before);
            let doubled = if brace.starts_with('{') { "{{" } else { "}}" };
            if let Some(after) = brace.strip_prefix(doubled) {
                format.push_str(doubled);
                plain.push_str(&doubled[1..]);
                rest = after;
                continue;
            }
            let inner = brace.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let (name, after) = inner.ok_or_else(|| {
                fail(format!(
                    "a brace stands alone in \"{text}\": one that is meant as such is written twice"
                ))
            })?;
            let is_name = name.chars().all(|symbol| symbol.is_alphanumeric() || symbol == '_');
            if name.is_empty() || !is_name {
                return Err(fail(format!(
                    "`{{{name}}}` names no parameter: write its name alone, as in `{{instrument}}`"
                )));
            }
            format.push_str("{}");
            names.push(name.to_owned());
            rest = after;
        }
        format.push_str(rest);
        plain.push_str(rest);
        let plain = names.is_empty().then(|| LitStr::new(&plain, span));
        Ok(Self { format: LitStr::new(&format, span), plain, names, span, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Pattern> {
        syn::parse_str(&format!("{text:?}"))
    }

    #[test]
    fn names_are_found_and_doubled_braces_are_text() {
        let pattern = parsed("a.{x}.{{b}}.{y_1}").unwrap();
        assert_eq!(pattern.format.value(), "a.{}.{{b}}.{}");
        assert_eq!(pattern.names, ["x", "y_1"]);
        let plain = parsed("a.{{b}}").unwrap();
        assert_eq!(plain.plain.unwrap().value(), "a.{b}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wrong in ["", "a.{", "a.}", "a.{}", "a.{x:>3}", "a.{x", "{x}}"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
