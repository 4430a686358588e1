//! The template: the crate `adapter-tulip`, whose name is exchanged.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::name::Name;
use crate::workspace::Workspace;

/// The files of the template, in the order of their paths.
#[derive(Debug)]
pub(super) struct Template {
    files: Vec<(PathBuf, String)>,
}

/// The template itself uses the name of the type.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{name}` cannot be the name: the adapter's type would be `{camel}`, a word that stands in {file} already"
)]
pub(super) struct Taken {
    name: String,
    camel: String,
    file: String,
}

impl Template {
    pub(super) fn read(workspace: &Workspace) -> io::Result<Self> {
        let (root, mut files) = (workspace.path(FOLDER), Vec::new());
        collect(&root, Path::new(""), &mut files)?;
        files.sort();
        Ok(Self { files })
    }

    /// The same crate by another name.
    pub(super) fn named(&self, name: &Name) -> Result<Vec<(PathBuf, String)>, Taken> {
        let camel = name.camel();
        let sources = self.files.iter().filter(|(path, _)| path.extension().is_some_and(|kind| kind == "rs"));
        if let Some((path, _)) = sources.into_iter().find(|(_, text)| has_word(text, &camel)) {
            return Err(Taken { name: name.to_string(), camel, file: path.display().to_string() });
        }
        let renamed = |text: &str| {
            let kept = text.lines().filter(|line| !line.ends_with(OF_THE_TEMPLATE_ALONE));
            let text: String = kept.map(|line| format!("{line}\n")).collect();
            text.replace("nova_adapter_tulip", &name.krate())
                .replace("Tulip", &camel)
                .replace("tulip", &name.to_string())
        };
        Ok(self.files.iter().map(|(path, text)| (path.clone(), renamed(text))).collect())
    }
}

fn collect(root: &Path, below: &Path, files: &mut Vec<(PathBuf, String)>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.push((path, fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}

/// Whether a text holds this word, and not only as a part of another.
fn has_word(text: &str, word: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(|letter| !is_letter(letter)).any(|found| found == word)
}

pub(super) const FOLDER: &str = "crates/adapter-tulip";

const OF_THE_TEMPLATE_ALONE: &str = "# of the template alone";

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Template {
        Template::read(&Workspace::containing_this_program()).unwrap()
    }

    #[test]
    fn nothing_of_the_template_is_left_but_its_shape() {
        let files = template().named(&Name::parse("acme-futures").unwrap()).unwrap();
        let text = |path: &str| &files.iter().find(|(own, _)| own == Path::new(path)).unwrap().1;
        assert!(text("Cargo.toml").contains("name = \"nova-adapter-acme-futures\"\n"));
        assert!(!text("Cargo.toml").contains("publish"), "the new crate may be published");
        assert!(text("src/adapter.rs").contains("pub struct AcmeFutures {"));
        assert!(text("tests/conformance/main.rs").contains("use nova_adapter_acme_futures::AcmeFutures;"));
        for (path, text) in &files {
            assert!(!text.to_lowercase().contains("tulip"), "{}", path.display());
        }
    }

    #[test]
    fn a_name_that_the_template_uses_itself_is_refused() {
        for (name, camel) in
            [("self", "Self"), ("trade", "Trade"), ("place-order", "PlaceOrder"), ("result", "Result")]
        {
            let taken = template().named(&Name::parse(name).unwrap()).unwrap_err();
            assert_eq!((taken.name.as_str(), taken.camel.as_str()), (name, camel));
        }
        assert!(template().named(&Name::parse("tradehouse").unwrap()).is_ok());
    }
}
