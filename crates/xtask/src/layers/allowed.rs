//! The allow-list of uses that still break a layer or close a cycle, each with its reason.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, bail};

/// The kind of an allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A use that closes a cycle between two modules of a folder.
    Circle,
    /// A use between two files that a layer rule forbids.
    Layer,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allowance {
    /// The kind of the allowance.
    pub kind: Kind,
    /// The crate.
    pub krate: String,
    /// The module that contains the use.
    pub from: String,
    /// The used module.
    pub to: String,
}

impl std::fmt::Display for Allowance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            Kind::Circle => "circle",
            Kind::Layer => "layer",
        };
        write!(f, "{kind} {}: {} -> {}", self.krate, self.from, self.to)
    }
}

/// Reads the allow-list at `path`.
///
/// # Errors
/// If it can't be read, or a line is not `circle|layer crate: from -> to  # reason`.
pub fn read(path: &Path) -> Result<BTreeSet<Allowance>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| parse(line).with_context(|| format!("{}: {line}", path.display()))).collect()
}

fn parse(line: &str) -> Result<Allowance> {
    let (line, reason) = line.split_once('#').unwrap_or((line, ""));
    if reason.trim().is_empty() {
        bail!("an allowance needs a reason after #");
    }
    let form = "it is `circle|layer crate: from -> to  # reason`";
    let (head, uses) = line.split_once(": ").context(form)?;
    let (kind, krate) = head.split_once(' ').context(form)?;
    let (from, to) = uses.split_once(" -> ").context(form)?;
    let kind = match kind {
        "circle" => Kind::Circle,
        "layer" => Kind::Layer,
        _ => bail!(form),
    };
    let word = |word: &str| word.trim().to_owned();
    Ok(Allowance { kind, krate: word(krate), from: word(from), to: word(to) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_written_alike() {
        let line = "layer api: store::a -> mail::b";
        assert_eq!(parse(&format!("{line}  # why")).unwrap().to_string(), line);
    }

    #[test]
    fn a_line_without_reason_or_form_is_refused() {
        for line in ["layer api: a -> b", "layer api: a -> b # ", "x api: a -> b # c", "a -> b # c"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
