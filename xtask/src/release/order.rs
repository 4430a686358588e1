//! In which order crates are published: each after what it needs.

use std::error::Error;

use super::manifest::Manifests;

/// Their names, what is needed first; alphabetically where nothing decides.
pub(super) fn of(manifests: &Manifests) -> Result<Vec<&str>, Box<dyn Error>> {
    let mut waiting: Vec<_> = manifests.published().collect();
    waiting.sort_by(|one, other| one.name.cmp(&other.name));
    let mut order: Vec<&str> = Vec::new();
    while !waiting.is_empty() {
        let is_waiting = |name: &str| waiting.iter().any(|other| other.name == name);
        let next = waiting.iter().position(|package| {
            let mut needs = package.dependencies.iter().filter(|need| need.is_published());
            needs.all(|need| need.name == package.name || !is_waiting(&need.name))
        });
        let Some(next) = next else {
            let names: Vec<_> = waiting.iter().map(|package| package.name.as_str()).collect();
            return Err(format!("these need each other: {}", names.join(", ")).into());
        };
        order.push(&waiting.remove(next).name);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::manifest::tests::{manifest, manifests, need};

    #[test]
    fn each_crate_follows_what_it_needs() {
        let all = manifests(&[
            manifest("a", &[need("c", None, "^1.2.0")]),
            manifest("b", &[]),
            manifest("c", &[need("b", Some("build"), "^1.2.0"), need("a", Some("dev"), "*")]),
        ]);
        assert_eq!(of(&all).expect("there is one"), ["b", "c", "a"]);
    }

    #[test]
    fn a_circle_is_named() {
        let one = manifest("a", &[need("b", None, "^1.2.0")]);
        let other = manifest("b", &[need("a", Some("dev"), "^1.2.0")]);
        let all = manifests(&[one, other]);
        assert_eq!(of(&all).expect_err("there is none").to_string(), "these need each other: a, b");
    }
}
