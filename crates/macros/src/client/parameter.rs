//! The parameters of a method.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    FnArg, GenericArgument, Ident, LitStr, Pat, PathArguments, Result, TraitItemFn, Type, parse::ParseStream,
};

use crate::options;

/// One parameter of a method.
pub(super) struct Parameter {
    pub(super) name: Ident,
    pub(super) ty: Type,
    /// Its name on the wire.
    pub(super) wire: String,
    /// Whether it is all of the parameters by itself.
    pub(super) is_whole: bool,
}

impl Parameter {
    /// How a method takes it: numbers and the like as they are, the rest from what becomes it.
    pub(super) fn taken(&self) -> TokenStream {
        let Self { name, ty, .. } = self;
        if is_primitive(ty) { quote!(#name: #ty) } else { quote!(#name: impl ::core::convert::Into<#ty>) }
    }

    /// How it becomes a field.
    pub(super) fn field(&self) -> TokenStream {
        let Self { name, ty, .. } = self;
        if is_primitive(ty) { quote!(#name) } else { quote!(#name: ::core::convert::Into::into(#name)) }
    }

    /// What it holds, if it need not be there.
    pub(super) fn optional(&self) -> Option<&Type> {
        let Type::Path(path) = &self.ty else { return None };
        let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        match arguments.args.first()? {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        }
    }
}

/// The parameters of a method, without `self`.
pub(super) fn parameters(method: &TraitItemFn) -> Result<Vec<Parameter>> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for input in &method.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        let Pat::Ident(name) = &*input.pat else {
            return Err(syn::Error::new_spanned(&input.pat, "a parameter is a name"));
        };
        if let Type::Reference(reference) = &*input.ty {
            let text = "a request keeps its parameters: take `String` for `&str`; the method takes whatever becomes it";
            return Err(syn::Error::new_spanned(reference, text));
        }
        let name = name.ident.clone();
        let mut parameter = Parameter { wire: plain(&name), name, ty: (*input.ty).clone(), is_whole: false };
        for attr in &input.attrs {
            if !attr.path().is_ident("param") {
                return Err(syn::Error::new_spanned(
                    attr,
                    "parameters take `#[param(\"name\")]` and `#[param(whole)]`",
                ));
            }
            attr.parse_args_with(|input: ParseStream<'_>| {
                if input.peek(LitStr) {
                    parameter.wire = input.parse::<LitStr>()?.value();
                    return Ok(());
                }
                let word: Ident = input.parse()?;
                if word != "whole" {
                    return Err(options::unknown(&word, &["whole"]));
                }
                parameter.is_whole = true;
                Ok(())
            })?;
        }
        if let Some(same) = parameters.iter().find(|other| other.wire == parameter.wire) {
            let text = format!("`{}` has the name \"{}\" on the wire already", same.name, parameter.wire);
            return Err(syn::Error::new(parameter.name.span(), text));
        }
        parameters.push(parameter);
    }
    match parameters.iter().find(|parameter| parameter.is_whole) {
        Some(whole) if parameters.len() > 1 => {
            let text = "what is whole stands alone: leave out the other parameters, or `whole`";
            Err(syn::Error::new(whole.name.span(), text))
        }
        _ => Ok(parameters),
    }
}

fn is_primitive(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.get_ident().is_some_and(|ident| PRIMITIVES.contains(&ident.to_string().as_str()))
}

/// A name without `r#`.
pub(super) fn plain(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}

const PRIMITIVES: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64",
    "u128", "usize",
];
