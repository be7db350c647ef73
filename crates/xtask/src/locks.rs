//! Check that row locks are taken only in `api/src/store/locks`, where their order is asserted.

use anyhow::{Result, bail};

use crate::{paths::Paths, shell};

/// The spellings of a lock in SQL and diesel.
const SPELLINGS: &str = "for (no key )?update|for (key )?share|advisory_(xact_)?lock|\
                         \\.for_(no_key_)?update\\(|\\.for_(key_)?share\\(|lock table";

/// Finds locks outside of the module that knows their order.
///
/// # Errors
/// If there is one.
pub fn in_one_module(paths: &Paths) -> Result<()> {
    let found = shell::output(paths.command("git").args([
        "grep",
        "--line-number",
        "--ignore-case",
        "--extended-regexp",
        SPELLINGS,
        "--",
        "api/src",
    ]))?;
    let wrong: Vec<&str> = found.lines().filter(|line| is_elsewhere(line)).collect();
    if !wrong.is_empty() {
        bail!("take these locks by api/src/store/locks.rs:\n{}", wrong.join("\n"));
    }
    Ok(())
}

/// Returns whether a line that `git grep` found is code of another module.
fn is_elsewhere(line: &str) -> bool {
    let mut parts = line.splitn(3, ':');
    let (file, code) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
    let is_comment = code.trim_start().starts_with("//");
    !file.starts_with("api/src/store/locks") && !is_comment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_other_modules_is_refused() {
        let check = |line: &str, expected: bool| assert_eq!(is_elsewhere(line), expected, "{line}");
        check("api/src/store/people.rs:7:    rows.for_update().load(conn)?;", true);
        check("api/src/store/changes.rs:7:    \"select 1 from changes for update\"", true);
        check("api/src/store/people.rs:7:    // Waits for update locks.", false);
        check("api/src/store/locks.rs:7:    rows.for_update().load(conn)?;", false);
        check("api/src/store/locks/order.rs:7:    rows.for_update()", false);
    }
}
