//! `login(…)`: how the session logs in.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{LitInt, LitStr, Path, Result, parse::ParseStream};

use crate::options::{self, Time};

/// A function that makes the login, and what its answer means.
pub(super) struct Login {
    with: Path,
    expires_in: Option<LitStr>,
    lead: Option<Time>,
    lapsed: Vec<LitInt>,
}

const OPTIONS: &[&str] = &["with", "expires_in", "lead", "lapsed"];

impl Login {
    pub(super) fn read(option: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let (mut with, mut expires_in, mut lead, mut lapsed) = (None, None, None, Vec::new());
        options::read(input, OPTIONS, &["lapsed"], |name, input| {
            match name.to_string().as_str() {
                "with" => with = Some(options::value(name, input)?),
                "expires_in" => expires_in = Some(options::value(name, input)?),
                "lead" => lead = Some(options::value(name, input)?),
                _ => lapsed.push(options::value(name, input)?),
            }
            Ok(())
        })?;
        let with = with.ok_or_else(|| {
            let text = "say what makes the login: `login(with = function)`, where `fn function(&Credentials, LoginMoment) -> Request`";
            syn::Error::new(option.span(), text)
        })?;
        Ok(Self { with, expires_in, lead, lapsed })
    }

    pub(super) fn handler(&self, credentials: &Ident, behaviour: &TokenStream) -> TokenStream {
        let Self { with, expires_in, lead, lapsed } = self;
        let expires_in = expires_in.iter().map(|path| quote!(.with_expires_in(#path)));
        let lead = lead.iter().map(|lead| quote!(.with_lead(#lead)));
        quote!(#behaviour::LoginBy::new(#credentials, #with) #(#expires_in)* #(#lead)* #(.with_lapsed(#lapsed))*)
    }
}
