//! Whether the links in the documents lead somewhere: files that exist, headings that exist.
//!
//! Only what lies in the workspace is looked at. A page on the net may be away for an hour, and a check
//! that fails for that would soon be ignored.

mod markdown;

use std::{
    collections::BTreeMap,
    error::Error,
    fs, io,
    path::{Component, Path, PathBuf},
};

use self::markdown::Page;
use crate::{step::Outcome, workspace::Workspace};

/// Follows every link of every document.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let pages = Pages::of(workspace)?;
    let broken = pages.broken(|path| workspace.path(path).exists());
    if broken.is_empty() {
        println!("{} links in {} documents lead somewhere", pages.links(), pages.0.len());
        return Ok(Outcome::Passed);
    }
    Err(format!("links that lead nowhere:\n  {}", broken.join("\n  ")).into())
}

/// All documents, by their path in the workspace.
struct Pages(BTreeMap<PathBuf, Page>);

impl Pages {
    fn of(workspace: &Workspace) -> io::Result<Self> {
        let mut pages = BTreeMap::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(workspace.path(&folder))? {
                let entry = entry?;
                let (name, kind) = (entry.file_name(), entry.file_type()?);
                let path = folder.join(&name);
                // A symbolic link is neither: its document is read where it lies.
                if kind.is_dir() && !is_passed_over(&name.to_string_lossy()) {
                    folders.push(path);
                } else if kind.is_file() && path.extension().is_some_and(|end| end == "md") {
                    let text = fs::read_to_string(entry.path())?;
                    pages.insert(path, Page::read(&text));
                }
            }
        }
        Ok(Self(pages))
    }

    fn links(&self) -> usize {
        self.0.values().map(|page| page.links.len()).sum()
    }

    fn broken(&self, exists: impl Fn(&Path) -> bool) -> Vec<String> {
        let mut broken = Vec::new();
        for (path, page) in &self.0 {
            for (line, link) in &page.links {
                if let Some(why) = self.mistake(path, link, &exists) {
                    broken.push(format!("{}:{line}: {link}: {why}", path.display()));
                }
            }
        }
        broken
    }

    fn mistake(&self, from: &Path, link: &str, exists: impl Fn(&Path) -> bool) -> Option<&'static str> {
        if link.contains("://") || link.starts_with("mailto:") {
            return None;
        }
        let (path, heading) = link.split_once('#').map_or((link, None), |(path, end)| (path, Some(end)));
        let target = if path.is_empty() {
            from.to_owned()
        } else {
            let folder = from.parent().unwrap_or(Path::new(""));
            match tidied(&folder.join(path)) {
                Some(target) => target,
                None => return Some("lies outside of the workspace"),
            }
        };
        if !exists(&target) {
            return Some("there is no such file");
        }
        let (Some(heading), Some(page)) = (heading, self.0.get(&target)) else { return None };
        (!page.headings.contains(heading)).then_some("there is no such heading")
    }
}

/// Not sources: what is built, what is stored, what tools leave.
fn is_passed_over(folder: &str) -> bool {
    matches!(folder, "target" | "mutants.out" | "node_modules")
        || (folder.starts_with('.') && folder != ".github")
}

/// Without `.` and `..`; `None` if the path leaves the workspace.
fn tidied(path: &Path) -> Option<PathBuf> {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => tidied.pop().then_some(())?,
            Component::Normal(name) => tidied.push(name),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(tidied)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with `link` in `docs/a.md`, beside which `docs/b.md` and `LICENSE` exist.
    fn mistake(link: &str) -> Option<&'static str> {
        let page = |text: &str| Page::read(text);
        let pages = Pages(BTreeMap::from([
            (PathBuf::from("docs/a.md"), page("# Here")),
            (PathBuf::from("docs/b.md"), page("# There we go")),
        ]));
        let there = ["docs/a.md", "docs/b.md", "LICENSE"];
        pages.mistake(Path::new("docs/a.md"), link, |path| there.iter().any(|known| path == Path::new(known)))
    }

    #[test]
    fn links_that_lead_somewhere_are_in_order() {
        for link in
            ["b.md", "./b.md#there-we-go", "#here", "../LICENSE", "../docs/b.md", "https://a.example/#x"]
        {
            assert_eq!(mistake(link), None, "{link}");
        }
    }

    #[test]
    fn missing_files_and_headings_are_told_apart() {
        assert_eq!(mistake("c.md"), Some("there is no such file"));
        assert_eq!(mistake("b.md#here"), Some("there is no such heading"));
        assert_eq!(mistake("#there-we-go"), Some("there is no such heading"));
        assert_eq!(mistake("../../elsewhere"), Some("lies outside of the workspace"));
    }
}
