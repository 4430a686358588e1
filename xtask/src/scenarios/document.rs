//! `docs/scenarios.md`: the table for readers.

use std::fmt::Write as _;

use super::table::{ROWS, Row, Runs};

/// Where it lies in the workspace.
pub(super) const PATH: &str = "docs/scenarios.md";

/// The page as it should be.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for row in &ROWS {
        writeln!(page, "| {} | {} | {} | {} |", row.name(), row.family, row.holds, tested(row))
            .expect("writing to a string cannot fail");
    }
    page
}

fn tested(row: &Row) -> String {
    let runs = match row.runs {
        Runs::Anywhere => "virtual time",
        Runs::AlsoOverSockets => "virtual time and sockets",
        Runs::OverSockets => "sockets",
    };
    match row.later {
        None => runs.to_owned(),
        Some(what) => format!("later, with {what}"),
    }
}

const HEAD: &str = "\
# Scenarios

What has gone wrong for users of clients like this one, turned around: what this one must survive. Each \
row is covered by tests whose names begin with its number, such as \
`c35_a_timed_out_call_does_not_shift_later_replies`.

- `cargo xtask scenarios` runs them and prints which test covers which row. A row without a test is a \
failure.
- `cargo xtask scenarios --prove` breaks the code on purpose, once for each row, and expects a test of \
that row to notice.
- `cargo xtask sim` lets a session live through thousands of random lives in virtual time, with \
everything checked that must always hold; `cargo xtask sim --seed <S>` replays one of them.
- `cargo xtask soak` is for nights.

In virtual time a real session meets a simulated peer, without sockets and without waiting. Over sockets \
the whole stack meets a real peer on the loopback interface, through the facade.

This page is written by `cargo xtask scenarios --write`.

| Row | Family | What must hold | Tested in |
|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn page_in_the_docs_is_up_to_date() {
        let written = std::fs::read_to_string(Workspace::containing_this_program().path(PATH));
        let written = written.expect("the page is part of the workspace");
        assert!(written == page(), "`cargo xtask scenarios --write` brings {PATH} up to date");
    }
}
