//! What a manifest has of its workspace, written out: for a crate that stands alone.
//!
//! The manifests of this workspace keep to one line for each entry, which is all that is read here.

use std::{fmt::Write as _, fs, io, path::PathBuf};

use crate::workspace::Workspace;

/// What the workspace's manifest says for all.
#[derive(Debug)]
pub(super) struct Inherited {
    root: PathBuf,
    manifest: String,
}

/// The workspace says nothing of the kind.
#[derive(Debug, thiserror::Error)]
#[error("the workspace's manifest has no line `{key} = …` in {table}")]
pub(super) struct NotFound {
    table: &'static str,
    key: String,
}

impl Inherited {
    pub(super) fn read(workspace: &Workspace) -> io::Result<Self> {
        Ok(Self { root: workspace.path(""), manifest: fs::read_to_string(workspace.path("Cargo.toml"))? })
    }

    /// The same manifest with nothing inherited. Our own crates keep a path as well as a version, until
    /// they are published.
    pub(super) fn written_out(&self, manifest: &str) -> Result<String, NotFound> {
        let mut out = String::new();
        let mut table = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                table = line;
            }
            let key = line.strip_suffix(".workspace = true");
            let line = match (table, key) {
                ("[package]", Some(key)) => format!("{key} = {}", self.value("[workspace.package]", key)?),
                ("[lints]", _) => continue,
                (_, Some(key)) => {
                    format!("{key} = {}", self.rooted(&self.value("[workspace.dependencies]", key)?))
                }
                (_, None) => self.rooted(&line.replace("path = \"../", "path = \"crates/")),
            };
            let _infallible = writeln!(out, "{line}");
        }
        let _infallible =
            write!(out, "\n# A workspace of its own, wherever it lies.\n[workspace]\n{}", self.lints());
        Ok(out)
    }

    fn value(&self, table: &'static str, key: &str) -> Result<String, NotFound> {
        let prefix = format!("{key} = ");
        let found = self.table(table).find_map(|line| line.strip_prefix(&prefix));
        found.map(str::to_owned).ok_or_else(|| NotFound { table, key: key.to_owned() })
    }

    /// The lines of a table.
    fn table<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a str> {
        self.manifest
            .lines()
            .skip_while(move |line| *line != table)
            .skip(1)
            .take_while(|line| !line.starts_with('['))
    }

    /// Paths within the workspace as paths from anywhere.
    fn rooted(&self, value: &str) -> String {
        value.replace("path = \"crates/", &format!("path = \"{}", self.root.join("crates/").display()))
    }

    fn lints(&self) -> String {
        let heads = self.manifest.lines().filter(|line| line.starts_with("[workspace.lints."));
        heads.fold(String::new(), |mut text, head| {
            let _infallible = writeln!(text, "\n{}", head.replace("workspace.", ""));
            self.table(head).filter(|line| !line.is_empty()).for_each(|line| text.extend([line, "\n"]));
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inherited() -> Inherited {
        let manifest = "\
[workspace.package]
version = \"0.1.0\"

[workspace.dependencies]
nova-behaviour = { path = \"crates/behaviour\", version = \"0.1.0\" }
serde = \"1\"

[workspace.lints.rust]
missing_docs = \"deny\"

[profile.dev]
debug = false
";
        Inherited { root: PathBuf::from("/root"), manifest: manifest.to_owned() }
    }

    #[test]
    fn nothing_is_inherited_any_more() {
        let manifest = "\
[package]
version.workspace = true

[lints]
workspace = true

[dependencies]
nova-behaviour.workspace = true
serde.workspace = true

[dev-dependencies]
nova-testkit = { path = \"../testkit\" }
";
        let expected = "\
[package]
version = \"0.1.0\"

[dependencies]
nova-behaviour = { path = \"/root/crates/behaviour\", version = \"0.1.0\" }
serde = \"1\"

[dev-dependencies]
nova-testkit = { path = \"/root/crates/testkit\" }

# A workspace of its own, wherever it lies.
[workspace]

[lints.rust]
missing_docs = \"deny\"
";
        assert_eq!(inherited().written_out(manifest).unwrap(), expected);
    }

    #[test]
    fn what_the_workspace_does_not_say_is_told() {
        let error = inherited().written_out("[dependencies]\nabsent.workspace = true\n").unwrap_err();
        let expected = "the workspace's manifest has no line `absent = …` in [workspace.dependencies]";
        assert_eq!(error.to_string(), expected);
    }
}
