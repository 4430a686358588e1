//! `budget(…)`, `cost(…)` and `held_back(…)`: what the service grants, and what requests cost.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Expr, LitInt, Result, Token, parse::ParseStream};

use crate::options::{self, Budget, Cost, Time};

/// All that is said of limits.
#[derive(Default)]
pub(super) struct Limits {
    /// The option that said something first.
    pub(super) first: Option<Ident>,
    usual: Option<Cost>,
    budgets: Vec<(Budget, Grant)>,
    held_back: Vec<(LitInt, Time)>,
}

#[derive(Default)]
struct Grant {
    capacity: Option<Expr>,
    refill: Option<Expr>,
    per: Option<Time>,
    reserve: Option<Expr>,
    /// What every request costs of it that says nothing else.
    cost: Option<Expr>,
    is_per_link: bool,
}

const BUDGET: &[&str] = &["capacity", "refill", "per", "reserve", "cost", "per_link"];
const HELD_BACK: &[&str] = &["code", "pause"];

impl Limits {
    pub(super) fn read(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        match option.to_string().as_str() {
            "cost" => self.usual = Some(options::list(option, input, |list| list.parse())?),
            "budget" => self.budgets.push(options::list(option, input, |list| Grant::read(option, list))?),
            _ => self.held_back.push(options::list(option, input, |list| held_back(option, list))?),
        }
        self.first.get_or_insert_with(|| option.clone());
        Ok(())
    }

    pub(super) fn handler(&self, behaviour: &TokenStream) -> TokenStream {
        let costs = self.budgets.iter().filter_map(|(budget, grant)| {
            let (id, cost) = (budget.id(behaviour), grant.cost.as_ref()?);
            Some(quote!(.with(#id, #cost)))
        });
        let mut costs: Vec<_> =
            costs.chain(self.usual.iter().flat_map(|cost| cost.parts(behaviour))).collect();
        if !costs.is_empty() {
            costs.insert(0, quote!(#behaviour::macro_support::Charge::FREE));
        }
        let usual = (!costs.is_empty()).then(|| quote!(.with_usual(#(#costs)*)));
        let budgets = self.budgets.iter().map(|(budget, grant)| {
            let (id, grant) = (budget.id(behaviour), grant.value(behaviour));
            quote!(.with_budget(#id, #grant))
        });
        let held_back = self.held_back.iter().map(|(code, pause)| quote!(.with_held_back(#code, #pause)));
        quote!(#behaviour::CarriedPrices::new() #usual #(#budgets)* #(#held_back)*)
    }
}

impl Grant {
    fn read(option: &Ident, input: ParseStream<'_>) -> Result<(Budget, Self)> {
        let usage = "budget(\"credits\", capacity = 10, refill = 1, per = \"300ms\")";
        let wrong = || syn::Error::new(option.span(), format!("it is written `{usage}`"));
        let budget = input.parse().map_err(|_| wrong())?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        let mut grant = Self::default();
        options::read(input, BUDGET, &[], |name, input| {
            match name.to_string().as_str() {
                "capacity" => grant.capacity = Some(options::value(name, input)?),
                "refill" => grant.refill = Some(options::value(name, input)?),
                "per" => grant.per = Some(options::value(name, input)?),
                "cost" => grant.cost = Some(options::value(name, input)?),
                "reserve" => grant.reserve = Some(options::value(name, input)?),
                _ => grant.is_per_link = true,
            }
            Ok(())
        })?;
        if grant.capacity.is_none() || grant.refill.is_some() != grant.per.is_some() {
            return Err(wrong());
        }
        Ok((budget, grant))
    }

    fn value(&self, behaviour: &TokenStream) -> TokenStream {
        let Self { capacity, refill, per, reserve, is_per_link, .. } = self;
        let refill = refill.iter().zip(per).map(|(refill, per)| quote!(.with_refill(#refill, #per)));
        let reserve = reserve.iter().map(|reserve| quote!(.with_reserve(#reserve)));
        let per_link = is_per_link.then(|| quote!(.per_link()));
        quote!(#behaviour::macro_support::Budget::new(#capacity) #(#refill)* #(#reserve)* #per_link)
    }
}

fn held_back(option: &Ident, input: ParseStream<'_>) -> Result<(LitInt, Time)> {
    let (mut code, mut pause) = (None, None);
    options::read(input, HELD_BACK, &[], |name, input| {
        if name == "code" {
            code = Some(options::value(name, input)?);
        } else {
            pause = Some(options::value(name, input)?);
        }
        Ok(())
    })?;
    code.zip(pause).ok_or_else(|| {
        syn::Error::new(option.span(), "it is written `held_back(code = 429, pause = \"1s\")`")
    })
}
