//! A call: the options of one, and the type that stands for its request.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Expr, Ident, LitStr, Result, Type, Visibility, parse::ParseStream};

use super::method::{Method, comma, default};
use crate::options::{self, Cost, Time};

/// What `#[call(…)]` says.
pub(super) struct Call {
    /// Its name on the wire, without the prefix of all.
    pub(super) wire: String,
    pub(super) wire_span: Span,
    is_idempotent: bool,
    cost: Option<Cost>,
    deadline: Option<Time>,
    priority: Option<Expr>,
}

const OPTIONS: &[&str] = &["idempotent", "cost", "deadline", "priority", "type"];

/// Reads the options, and the name of the type if there is one.
pub(super) fn read(input: ParseStream<'_>, method: &Ident) -> Result<(Call, Option<Ident>)> {
    let said: Option<LitStr> = if input.peek(LitStr) { Some(input.parse()?) } else { None };
    if said.is_some() {
        comma(input)?;
    }
    let name = method.to_string();
    let mut call = Call {
        wire: said.as_ref().map_or_else(|| name.trim_start_matches("r#").to_owned(), LitStr::value),
        wire_span: said.as_ref().map_or_else(|| method.span(), LitStr::span),
        is_idempotent: false,
        cost: None,
        deadline: None,
        priority: None,
    };
    let mut type_name = None;
    options::read(input, OPTIONS, &[], |option, input| {
        match option.to_string().as_str() {
            "idempotent" => call.is_idempotent = true,
            "cost" => call.cost = Some(options::list(option, input, |list| list.parse())?),
            "deadline" => call.deadline = Some(options::value(option, input)?),
            "priority" => call.priority = Some(options::value(option, input)?),
            _ => type_name = Some(options::value(option, input)?),
        }
        Ok(())
    })?;
    Ok((call, type_name))
}

impl Call {
    /// What is said to the builder.
    pub(super) fn presets(&self) -> TokenStream {
        let deadline = self.deadline.as_ref().map(|deadline| quote!(.deadline(#deadline)));
        let priority = self.priority.as_ref().map(|priority| quote!(.priority(#priority)));
        quote!(#deadline #priority)
    }

    /// The type of the request.
    pub(super) fn define(
        &self,
        method: &Method,
        prefix: &str,
        vis: &Visibility,
        dialect: &Type,
        behaviour: &TokenStream,
    ) -> TokenStream {
        let Method { type_name, parameters, docs, reply, .. } = method;
        let wire = format!("{prefix}{}", self.wire);
        let what = format!("The call `{wire}`.");
        let docs = docs.iter().filter(|attr| attr.path().is_ident("doc"));
        let (names, types): (Vec<_>, Vec<_>) =
            parameters.iter().map(|parameter| (&parameter.name, &parameter.ty)).unzip();
        let required: Vec<_> = parameters.iter().filter(|parameter| parameter.optional().is_none()).collect();
        let taken = required.iter().map(|parameter| parameter.taken());
        let values = parameters.iter().map(|parameter| match parameter.optional() {
            Some(_) => {
                let name = &parameter.name;
                quote!(#name: ::core::option::Option::None)
            }
            None => parameter.field(),
        });
        let setters = parameters.iter().filter_map(|parameter| {
            let (inner, name) = (parameter.optional()?, &parameter.name);
            let with =
                Ident::new(&format!("with_{}", name.to_string().trim_start_matches("r#")), name.span());
            let what = format!("Sets `{}`.", parameter.wire);
            Some(quote! {
                #[doc = #what]
                #[must_use]
                #[allow(dead_code)]
                #vis fn #with(mut self, #name: impl ::core::convert::Into<#inner>) -> Self {
                    self.#name = ::core::option::Option::Some(::core::convert::Into::into(#name));
                    self
                }
            })
        });
        let default = required.is_empty().then(|| default(type_name));
        let serialize = self.serialize(method, behaviour);
        let idempotent = self.is_idempotent.then(|| {
            quote! {
                #[automatically_derived]
                impl #behaviour::Idempotent for #type_name {}
            }
        });
        let request = quote! {
            <<#dialect as #behaviour::Dialect>::Request as #behaviour::MethodRequest>::of_method(#wire, &self)
        };
        let request = match &self.cost {
            None => request,
            Some(cost) => {
                let charge = cost.charge(behaviour);
                quote!(#behaviour::PricedRequest::with_charge(#request, #charge))
            }
        };
        quote! {
            #[doc = #what]
            #[doc = ""]
            #(#docs)*
            #vis struct #type_name { #(#names: #types),* }

            impl #type_name {
                /// The call, with what it requires.
                #[must_use]
                #[allow(dead_code, clippy::too_many_arguments)]
                #vis fn new(#(#taken),*) -> Self {
                    Self { #(#values),* }
                }

                #(#setters)*
            }

            #default

            #[automatically_derived]
            impl ::core::fmt::Debug for #type_name {
                // Parameters may be secret.
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_struct(::core::stringify!(#type_name)).finish_non_exhaustive()
                }
            }

            #serialize

            #[automatically_derived]
            impl #behaviour::Call<#dialect> for #type_name {
                type Reply = #reply;

                fn into_request(self) -> <#dialect as #behaviour::Dialect>::Request {
                    #request
                }
            }

            #idempotent
        }
    }

    fn serialize(&self, method: &Method, behaviour: &TokenStream) -> TokenStream {
        let Method { type_name, parameters, .. } = method;
        let support = quote!(#behaviour::macro_support);
        let body = match &parameters[..] {
            [whole] if whole.is_whole => {
                let name = &whole.name;
                quote!(#support::Serialize::serialize(&self.#name, serializer))
            }
            parameters => {
                let entries = parameters.iter().map(|parameter| {
                    let (name, wire) = (&parameter.name, &parameter.wire);
                    match parameter.optional() {
                        None => quote! {
                            #support::SerializeMap::serialize_entry(&mut map, #wire, &self.#name)?;
                        },
                        Some(_) => quote! {
                            if let ::core::option::Option::Some(value) = &self.#name {
                                #support::SerializeMap::serialize_entry(&mut map, #wire, value)?;
                            }
                        },
                    }
                });
                let mutable = (!parameters.is_empty()).then(|| quote!(mut));
                quote! {
                    let #mutable map = #support::Serializer::serialize_map(serializer, ::core::option::Option::None)?;
                    #(#entries)*
                    #support::SerializeMap::end(map)
                }
            }
        };
        quote! {
            #[automatically_derived]
            impl #support::Serialize for #type_name {
                fn serialize<S: #support::Serializer>(
                    &self,
                    serializer: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    #body
                }
            }
        }
    }
}
