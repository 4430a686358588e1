//! Every feature of every crate alone, and none: features add, so each must build without the others.

use std::error::Error;

use crate::{
    metadata::{Metadata, Package},
    step::Outcome,
    workspace::Workspace,
};

/// Checks each crate that has features once without any and once with each.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let metadata = Metadata::of(workspace)?;
    for package in metadata.members() {
        for features in selections(package) {
            // clippy rather than check: what is unused without a feature shows only there.
            let words =
                ["clippy", "--quiet", "--locked", "--package", &package.name, "--no-default-features"];
            let chosen = features.iter().flat_map(|feature| ["--features", feature]);
            workspace.cargo(words.into_iter().chain(chosen).chain(["--", "-D", "warnings"])).run()?;
        }
    }
    Ok(Outcome::Passed)
}

/// The sets of features to check a package with: none, and each alone; nothing for one without any.
fn selections(package: &Package) -> Vec<Option<&str>> {
    let own = package.features.keys().map(String::as_str).filter(|feature| *feature != "default");
    let mut selections: Vec<_> = own.map(Some).collect();
    if !selections.is_empty() {
        selections.insert(0, None);
    }
    selections
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn selected(features: Value) -> Vec<Option<String>> {
        let package: Package = serde_json::from_value(json!({
            "id": "p", "name": "p", "manifest_path": "/p/Cargo.toml", "dependencies": [], "targets": [],
            "features": features,
        }))
        .expect("made up in the right shape");
        selections(&package).into_iter().map(|feature| feature.map(str::to_owned)).collect()
    }

    #[test]
    fn each_feature_is_checked_alone_and_none_first() {
        let features = json!({ "default": ["json"], "json": [], "backoff": ["dep:backoff"] });
        let expected = [None, Some("backoff".to_owned()), Some("json".to_owned())];
        assert_eq!(selected(features), expected);
    }

    #[test]
    fn crate_without_features_is_not_checked_again() {
        assert_eq!(selected(json!({})), []);
    }
}
