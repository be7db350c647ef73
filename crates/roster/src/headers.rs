//! Recognition of a file's columns by their names, including misspelt ones.

use crate::error::ReadError;
use crate::finding::{Findings, Location, Reason, quoted};
use crate::table::Spec;

/// The positions of the columns in the file.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    columns: Vec<(&'static str, usize)>,
    /// The number of columns in the header, without blank ones at its end.
    pub width: usize,
}

impl Layout {
    pub(crate) fn index(&self, column: &str) -> Option<usize> {
        self.columns.iter().find(|(name, _)| *name == column).map(|(_, index)| *index)
    }

    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.columns.iter().copied()
    }
}

/// Matches a header against the known columns of the file. Case, blanks and punctuation are
/// ignored; `metadata.x` may also be written `ext_x`. The remaining columns are compared by
/// spelling. `line` is the line of the header. A missing column that is needed is reported as
/// missing data.
pub(crate) fn match_headers(
    header: &[String],
    line: u64,
    spec: &Spec,
    findings: &mut Findings,
) -> Result<Layout, ReadError> {
    let at = Location { file: spec.file, line };
    let width = header.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |last| last + 1);
    let mut layout = Layout { columns: Vec::new(), width };
    let mut strangers = Vec::new();
    for (index, name) in header.iter().take(width).enumerate() {
        let plain = normalized(name);
        match spec.key.iter().chain(spec.read).find(|column| normalized(column) == plain) {
            Some(column) if layout.index(column).is_some() => {
                let message =
                    format!("the column {} stands there twice; the first one counts", quoted(name));
                findings.report(at, Reason::DuplicateColumn, message);
            }
            Some(column) => layout.columns.push((column, index)),
            None if spec.known.iter().any(|column| normalized(column) == plain) => {}
            None => strangers.push((index, name, plain)),
        }
    }
    for (index, name, plain) in strangers {
        let missing =
            spec.key.iter().chain(spec.read).filter(|column| layout.index(column).is_none());
        let close =
            missing.map(|column| (edit_distance(&plain, &normalized(column)), *column)).min();
        if let Some((distance, column)) = close
            && distance <= max_edits(column)
        {
            layout.columns.push((column, index));
            let message = format!("the column {} is taken for {column}", quoted(name));
            findings.report(at, Reason::MisspeltHeader, message);
        }
    }
    for column in spec.key {
        if layout.index(column).is_none() {
            return Err(ReadError::MissingColumn { file: spec.file.to_owned(), column });
        }
    }
    for group in
        spec.needed.iter().filter(|group| group.iter().all(|column| layout.index(column).is_none()))
    {
        findings.report_missing(spec.file, Some(&group.join(" or ")), "is missing");
    }
    Ok(layout)
}

/// A column name in normalised form: lower-case letters and digits, with `ext` read as `metadata`.
fn normalized(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let (prefix, rest) = match lower.strip_prefix("ext_").or_else(|| lower.strip_prefix("ext.")) {
        Some(rest) => ("metadata", rest),
        None => ("", lower.as_str()),
    };
    prefix.chars().chain(rest.chars().filter(|c| c.is_alphanumeric())).collect()
}

/// The maximum number of typing errors in a recognisable column name.
fn max_edits(column: &str) -> usize {
    match normalized(column).trim_start_matches("metadata").len() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// The edit distance, with a swap of neighbours counted once (optimal string alignment).
fn edit_distance(a: &str, b: &str) -> usize {
    const LONGEST: usize = 64;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().max(b.len()) > LONGEST || a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j - 1] + cost).min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::{edit_distance, normalized};

    #[test]
    fn header_distance_and_normalization() {
        for (a, b, expected) in [
            ("role", "role", 0),
            ("sourcedid", "sourecdid", 1),
            ("familyname", "famlyname", 1),
            ("a", "", 1),
        ] {
            assert_eq!(edit_distance(a, b), expected, "{a} {b}");
        }
        assert_eq!(normalized(" Given Name"), normalized("given_name"));
        assert_eq!(normalized("ext_contactAllowed"), normalized("metadata.contactAllowed"));
        assert_ne!(normalized("external"), normalized("metadata.ernal"));
    }
}
