//! Options of attributes: names, of which each attribute knows some, with values or lists.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Expr, Ident, LitStr, Result, Token,
    ext::IdentExt as _,
    parenthesized,
    parse::{Parse, ParseStream},
};

/// Reads options separated by commas, and hands each to `take`, which reads its value. Those in
/// `repeatable` may come again.
pub(crate) fn read(
    input: ParseStream<'_>,
    known: &[&str],
    repeatable: &[&str],
    mut take: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    let mut seen: Vec<String> = Vec::new();
    while !input.is_empty() {
        if input.peek(LitStr) {
            return Err(input.error(format!("a text has no place here: options are {}", listed(known))));
        }
        let option = input.call(Ident::parse_any)?;
        let name = option.to_string();
        if !known.contains(&name.as_str()) {
            return Err(unknown(&option, known));
        }
        if seen.contains(&name) && !repeatable.contains(&name.as_str()) {
            return Err(syn::Error::new(option.span(), format!("`{name}` is said twice")));
        }
        seen.push(name);
        take(&option, input)?;
        if !input.is_empty() {
            if !input.peek(Token![,]) {
                return Err(input.error(format!("`{option}` takes nothing more: go on with a comma")));
            }
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

/// There is no such option.
pub(crate) fn unknown(option: &Ident, known: &[&str]) -> syn::Error {
    let text = match nearest(&option.to_string(), known) {
        Some(near) => {
            format!("there is no option `{option}`; did you mean `{near}`? options are {}", listed(known))
        }
        None => format!("there is no option `{option}`; options are {}", listed(known)),
    };
    syn::Error::new(option.span(), text)
}

/// The value behind `name =`.
pub(crate) fn value<T: Parse>(option: &Ident, input: ParseStream<'_>) -> Result<T> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(option.span(), format!("`{option}` wants a value: `{option} = …`")));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

/// The list behind `name(`.
pub(crate) fn list<T>(
    option: &Ident,
    input: ParseStream<'_>,
    read: impl FnOnce(ParseStream<'_>) -> Result<T>,
) -> Result<T> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(option.span(), format!("`{option}` wants a list: `{option}(…)`")));
    }
    let content;
    parenthesized!(content in input);
    read(&content)
}

/// A stretch of time, written as `"250ms"`, `"10s"`, `"2m"` or `"1h"`.
pub(crate) struct Time(Duration);

impl Parse for Time {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let usage = "write a time such as \"250ms\", \"10s\", \"2m\" or \"1h\"";
        let literal: LitStr = input.parse().map_err(|error| syn::Error::new(error.span(), usage))?;
        let text = literal.value();
        let digits = text.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let milliseconds: Option<u64> = match unit {
            "ms" => Some(1),
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            _ => None,
        };
        let time =
            number.parse::<u64>().ok().zip(milliseconds).and_then(|(number, unit)| number.checked_mul(unit));
        time.map(|time| Self(Duration::from_millis(time)))
            .ok_or_else(|| syn::Error::new(literal.span(), usage))
    }
}

impl quote::ToTokens for Time {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let milliseconds = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        tokens.extend(quote!(::core::time::Duration::from_millis(#milliseconds)));
    }
}

/// The name of a budget: a text, or the path of a `BudgetId`.
pub(crate) enum Budget {
    Text(LitStr),
    Path(syn::Path),
}

impl Parse for Budget {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) { input.parse().map(Self::Text) } else { input.parse().map(Self::Path) }
    }
}

impl Budget {
    pub(crate) fn id(&self, behaviour: &TokenStream) -> TokenStream {
        match self {
            Self::Text(text) => quote!(#behaviour::macro_support::BudgetId::new(#text)),
            Self::Path(path) => quote!(#path),
        }
    }
}

/// What something costs: `"credits" = 1, ORDERS = 2`.
pub(crate) struct Cost(Vec<(Budget, Expr)>);

impl Parse for Cost {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.is_empty() {
            return Err(input.error("say the budget and the tokens: `cost(\"credits\" = 1)`"));
        }
        let part = |input: ParseStream<'_>| {
            let budget = input.parse()?;
            input.parse::<Token![=]>()?;
            Ok((budget, input.parse()?))
        };
        let parts = input.parse_terminated(part, Token![,])?;
        Ok(Self(parts.into_iter().collect()))
    }
}

impl Cost {
    pub(crate) fn charge(&self, behaviour: &TokenStream) -> TokenStream {
        let parts = self.parts(behaviour);
        quote!(#behaviour::macro_support::Charge::FREE #(#parts)*)
    }

    /// Each as a call on a `Charge`.
    pub(crate) fn parts(&self, behaviour: &TokenStream) -> Vec<TokenStream> {
        let part = |(budget, tokens): &(Budget, Expr)| {
            let id = budget.id(behaviour);
            quote!(.with(#id, #tokens))
        };
        self.0.iter().map(part).collect()
    }
}

/// Collects errors, so that all of them are told at once.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            none => *none = Some(error),
        }
    }

    pub(crate) fn say(&mut self, span: Span, text: impl std::fmt::Display) {
        self.add(syn::Error::new(span, text));
    }

    pub(crate) fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    pub(crate) const fn any(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The known name that most likely was meant.
fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|name| (distance(wrong, name), *name)).min()?;
    (near.0 <= 2 && near.0 < wrong.len()).then_some(near.1)
}

/// How many letters have to be put in, left out or exchanged.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.chars().enumerate() {
            let exchanged = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_guessed_only_when_it_is_near() {
        let known = ["deadline", "idempotent", "cost"];
        assert_eq!(nearest("idempotant", &known), Some("idempotent"));
        assert_eq!(nearest("dedline", &known), Some("deadline"));
        assert_eq!(nearest("retry", &known), None);
        assert_eq!(nearest("x", &["ab"]), None);
    }

    #[test]
    fn times_have_units() {
        let time = |text: &str| syn::parse_str::<Time>(text).map(|time| time.0);
        assert_eq!(time("\"250ms\"").unwrap(), Duration::from_millis(250));
        assert_eq!(time("\"2m\"").unwrap(), Duration::from_secs(120));
        for wrong in [
            "\"5\"",
            "\"s\"",
            "\"5 s\"",
            "\"-5s\"",
            "5",
            "\"99999999999999999999s\"",
            "\"9999999999999999h\"",
        ] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
