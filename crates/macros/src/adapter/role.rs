//! The roles of an adapter's handlers, in the order of the parameters of `Handlers`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A role.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Messages,
    Connection,
    Errors,
    Subscriptions,
    Auth,
    ConnectionSettings,
    Limits,
    Logging,
    Metrics,
}

pub(super) const ROLES: &[Role] = &[
    Role::Messages,
    Role::Connection,
    Role::Errors,
    Role::Subscriptions,
    Role::Auth,
    Role::ConnectionSettings,
    Role::Limits,
    Role::Logging,
    Role::Metrics,
];

impl Role {
    pub(super) fn named(name: &str) -> Option<Self> {
        ROLES.iter().find(|role| role.name() == name).copied()
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Connection => "connection",
            Self::Errors => "errors",
            Self::Subscriptions => "subscriptions",
            Self::Auth => "auth",
            Self::ConnectionSettings => "connection_settings",
            Self::Limits => "limits",
            Self::Logging => "logging",
            Self::Metrics => "metrics",
        }
    }

    /// The method of `Handlers` that replaces what fills it.
    pub(super) fn setter(self) -> Ident {
        Ident::new(&format!("with_{}", self.name()), Span::call_site())
    }

    /// What fills it when nothing is said.
    pub(super) fn default(self, behaviour: &TokenStream) -> TokenStream {
        match self {
            // Never asked for: without a message handler there is no adapter.
            Self::Messages => quote!(#behaviour::RawMessages),
            Self::Connection => quote!(#behaviour::Quiet),
            Self::Errors => quote!(#behaviour::RetryTransient),
            Self::Subscriptions => quote!(#behaviour::NoSubscriptions),
            Self::Auth => quote!(#behaviour::NoAuth),
            Self::ConnectionSettings => quote!(#behaviour::NoSettings),
            Self::Limits => quote!(#behaviour::Unpriced),
            Self::Logging => quote!(#behaviour::macro_support::TracingLogger),
            Self::Metrics => quote!(#behaviour::macro_support::Registry),
        }
    }
}
