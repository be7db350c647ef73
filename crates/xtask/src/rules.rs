//! Check of rule numbers (I13, E2): every number that code and tests cite must be in docs/rules.md.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result, bail};

use crate::{paths::Paths, shell};

/// Checks each rule number in comments.
///
/// # Errors
/// If a number is not in docs/rules.md, or a rule is cited by a bare number.
pub fn check_citations(paths: &Paths) -> Result<()> {
    let rules = fs::read_to_string(paths.root.join("docs/rules.md"))
        .context("cannot read docs/rules.md")?;
    let known: BTreeSet<&str> = rules
        .lines()
        .filter_map(|line| line.split_once("**")?.1.split_once(".**"))
        .map(|(number, _)| number)
        .collect();
    let comments = shell::output(paths.command("git").args([
        "grep",
        "--line-number",
        "--extended-regexp",
        "//.*([IE][0-9]|[Rr]ules? [0-9])",
        "--",
        "*.rs",
    ]))?;
    let wrong: Vec<&str> = comments
        .lines()
        .filter(|line| {
            line.split_once("//").is_some_and(|(_, comment)| !is_valid_citation(comment, &known))
        })
        .collect();
    if !wrong.is_empty() {
        bail!("these cite no rule of docs/rules.md:\n{}", wrong.join("\n"));
    }
    Ok(())
}

/// Returns whether all cited rules in a comment are known, by letter and number.
fn is_valid_citation(comment: &str, known: &BTreeSet<&str>) -> bool {
    let words: Vec<&str> =
        comment.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_bare = words
        .windows(2)
        .any(|pair| matches!(pair[0], "rule" | "rules" | "Rule" | "Rules") && is_number(pair[1]));
    let mut cited = words.iter().filter(|word| {
        word.strip_prefix(['I', 'E'])
            .is_some_and(|rest| matches!(rest.len(), 1 | 2) && is_number(rest))
    });
    !is_bare && cited.all(|word| known.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_citations_must_be_known() {
        let known = BTreeSet::from(["I13", "E2"]);
        let check = |comment: &str, expected: bool| {
            assert_eq!(is_valid_citation(comment, &known), expected, "{comment}")
        };
        check(" Access is lost (I13).", true);
        check(" Times are aligned (E2), see also I13.", true);
        check(" Access is lost (I14).", false);
        check(" Access is lost (rule 13).", false);
        check(" The error E0433 of rustc.", true);
        check(" The rules say so.", true);
    }
}
