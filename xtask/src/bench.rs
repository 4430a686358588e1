//! The benches in `bench`, a workspace of its own: our client beside its peers, and what one message of
//! ours takes, held against a file.

mod cost;
pub(crate) mod counts;

use std::{error::Error, fs};

use crate::{step::Outcome, workspace::Workspace};

/// Measures everybody side by side, prints the tables and writes them into the docs.
pub(crate) fn run(workspace: &Workspace, long: bool) -> Result<Outcome, Box<dyn Error>> {
    let mut words = vec!["run", "--release", "--locked", "--", "report"];
    words.extend(long.then_some("--long"));
    println!("it tells on the way what has been measured; the tables come at the end");
    let tables = workspace.cargo(words).within(workspace.path("bench")).read_stdout()?;
    println!("{tables}");
    let page = fs::read_to_string(workspace.path(PAGE))?;
    fs::write(workspace.path(PAGE), with_tables(&page, &tables)?)?;
    println!("{PAGE} is written");
    Ok(Outcome::Passed)
}

/// The page with these tables instead of those it has.
fn with_tables(page: &str, tables: &str) -> Result<String, Box<dyn Error>> {
    let (head, rest) = page.split_once(BEGIN).ok_or("the page does not say where its tables begin")?;
    let (_, foot) = rest.split_once(END).ok_or("the page does not say where its tables end")?;
    Ok(format!("{head}{BEGIN}\n\n{}\n\n{END}{foot}", tables.trim()))
}

const PAGE: &str = "docs/performance.md";
const BEGIN: &str = "<!-- measured by `cargo xtask bench`: from here -->";
const END: &str = "<!-- measured by `cargo xtask bench`: to here -->";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tables_of_the_page_are_replaced() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let written = with_tables(&page, "\nnew\n").unwrap();
        assert_eq!(written, format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"));
        assert_eq!(with_tables(&written, "new").unwrap(), written);
        assert!(with_tables("no marks", "new").is_err());
    }
}
