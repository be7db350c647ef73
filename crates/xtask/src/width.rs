//! Check of the line width in Rust files, including strings, macros and comments, which rustfmt
//! leaves unchanged.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{paths::Paths, shell};

/// The maximum width in characters, as in rustfmt.toml.
const MAX: usize = 100;

/// Finds lines that are too long.
///
/// # Errors
/// If there are any; the error lists all of them.
pub fn check(paths: &Paths) -> Result<()> {
    let files = shell::output(paths.command("git").args(["ls-files", "*.rs"]))?;
    let mut wrong = Vec::new();
    for file in files.lines() {
        let path = paths.root.join(file);
        // The file was deleted, but the deletion is not staged yet.
        if !path.exists() {
            continue;
        }
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {file}"))?;
        let too_long = text.lines().enumerate().filter(|(_, line)| is_too_long(line));
        wrong.extend(
            too_long.map(|(at, line)| {
                format!("{file}:{}: {} characters", at + 1, line.chars().count())
            }),
        );
    }
    if !wrong.is_empty() {
        bail!("break these lines, of at most {MAX} characters:\n{}", wrong.join("\n"));
    }
    Ok(())
}

/// Returns whether the line is too long and can be broken. A comment that is only a URL can't be
/// broken.
fn is_too_long(line: &str) -> bool {
    let is_address = |word: &str| word.contains("https://") || word.contains("http://");
    let only_address = line
        .trim_start()
        .strip_prefix("//")
        .map(|comment| comment.trim_start_matches(['/', '!']).trim())
        .is_some_and(|comment| !comment.contains(' ') && is_address(comment));
    line.chars().count() > MAX && !only_address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_over_100_characters_are_refused_except_urls() {
        let check = |line: &str, expected: bool| assert_eq!(is_too_long(line), expected, "{line}");
        check(&"ä".repeat(100), false);
        check(&"ä".repeat(101), true);
        check(&format!("    /// <https://example.org/{}>", "a".repeat(90)), false);
        check(&format!("    /// See <https://example.org/{}>", "a".repeat(90)), true);
        check(&format!("let url = \"https://example.org/{}\";", "a".repeat(90)), true);
    }
}
