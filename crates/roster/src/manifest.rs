//! OneRoster's manifest.csv, and detection of the format of a roster without one.

use std::collections::BTreeMap;

use crate::collections::Collection;
use crate::columns;
use crate::error::ReadError;
use crate::finding::{Findings, Location, Reason, quoted};
use crate::model::{Format, Mode};
use crate::source::Source;
use crate::table::{Row, Spec, read_table};

/// The consequence of a missing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The missing file is reported, and a file without its key columns refuses the roster.
    Essential,
    /// As `Essential`, and a bulk file without rows counts as damaged.
    WithRows,
    /// There is no consequence.
    Optional,
}

/// The format, and the manifest's mode of each file.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub format: Format,
    /// Modes by lower-case file name.
    modes: Option<BTreeMap<String, Mode>>,
}

impl Manifest {
    /// The manifest for completely fetched collections: each contains everything.
    pub(crate) const fn of_collections(format: Format) -> Self {
        Self { format, modes: None }
    }

    /// The manifest for deltas: collections for which [`Collection::has_changes`] holds contain
    /// changes only.
    pub(crate) fn of_changes(format: Format) -> Self {
        let changes = Collection::ALL.into_iter().filter(|collection| collection.has_changes());
        let files = changes
            .map(|collection| format!("{}.csv", collection.name()))
            .chain(["roles.csv".to_owned()]);
        Self { format, modes: Some(files.map(|file| (file, Mode::Delta)).collect()) }
    }

    pub(crate) fn read(source: &mut Source, findings: &mut Findings) -> Result<Self, ReadError> {
        let mut modes = BTreeMap::new();
        let mut version = None;
        let present = read_table(source, &columns::MANIFEST, findings, |row, findings| {
            if row.is_broken() {
                return;
            }
            let (name, value) =
                (row.text("propertyName").to_lowercase(), row.text("value").to_lowercase());
            if name == "oneroster.version" {
                version = Some(value);
            } else if let Some(file) = name.strip_prefix("file.") {
                modes.insert(format!("{file}.csv"), mode(row.at, &value, findings));
            }
        })?;
        let format = match version.as_deref() {
            Some("1.1" | "1.1.0") => Format::OneRoster11,
            Some("1.2" | "1.2.0" | "1.2.1") => Format::OneRoster12,
            Some(other) if !other.is_empty() => {
                return Err(ReadError::UnknownVersion(other.to_owned()));
            }
            _ => guess(source)?,
        };
        if format != Format::SdsV21 && version.is_none() {
            let at = Location { file: columns::MANIFEST.file, line: 0 };
            findings.report(
                at,
                Reason::MissingFile,
                "the manifest or its OneRoster version is missing; the format is guessed from the \
                 files",
            );
        }
        Ok(Self { format, modes: present.is_some().then_some(modes) })
    }

    /// Reads a file row by row unless the manifest calls it absent, and returns its mode.
    ///
    /// # Errors
    /// An exceeded limit; a missing key column in a file that is [`Need::Essential`] or
    /// [`Need::WithRows`].
    pub(crate) fn read_rows(
        &self,
        source: &mut Source,
        spec: &Spec,
        need: Need,
        findings: &mut Findings,
        each: impl FnMut(&Row<'_>, &mut Findings),
    ) -> Result<Mode, ReadError> {
        let mode = self.mode(spec.file, need, source, findings);
        if mode == Mode::Absent {
            return Ok(mode);
        }
        match read_table(source, spec, findings, each) {
            Ok(rows) => {
                // An empty collection is complete: the provider was asked for all of it.
                if mode == Mode::Bulk
                    && rows == Some(0)
                    && need == Need::WithRows
                    && source.view(spec.file).is_none()
                {
                    findings.report_missing(spec.file, None, "has no rows");
                }
                Ok(mode)
            }
            Err(ReadError::MissingColumn { column, .. }) if need == Need::Optional => {
                let message = format!("the file has no column {column}; it is not read");
                findings.report(
                    Location { file: spec.file, line: 1 },
                    Reason::MissingColumn,
                    message,
                );
                Ok(Mode::Absent)
            }
            Err(error) => Err(error),
        }
    }

    fn mode(
        &self,
        file: &'static str,
        need: Need,
        source: &Source,
        findings: &mut Findings,
    ) -> Mode {
        let said = self.modes.as_ref().and_then(|modes| modes.get(&file.to_lowercase()).copied());
        let at = Location { file, line: 0 };
        match (said, source.has(file)) {
            (Some(Mode::Absent), true) => {
                findings.report(
                    at,
                    Reason::FileIgnored,
                    "the manifest calls this file absent; it is not read",
                );
                Mode::Absent
            }
            (Some(Mode::Bulk | Mode::Delta), false) => {
                findings.report(
                    at,
                    Reason::MissingFile,
                    "the manifest names this file, but it is not there; nothing of its kind \
                     changes",
                );
                Mode::Absent
            }
            (None, false) if need != Need::Optional => {
                findings.report(
                    at,
                    Reason::MissingFile,
                    "this file is not there; nothing of its kind changes",
                );
                Mode::Absent
            }
            (_, false) => Mode::Absent,
            (said, true) => said.unwrap_or(Mode::Bulk),
        }
    }
}

fn mode(at: Location, value: &str, findings: &mut Findings) -> Mode {
    match value {
        "absent" => Mode::Absent,
        "delta" => Mode::Delta,
        "bulk" => Mode::Bulk,
        // An unknown mode does not guarantee that the file is complete, so nothing is removed
        // because of it.
        other => {
            let message = format!(
                "{} is none of bulk, delta and absent; the file is read as delta",
                quoted(other)
            );
            findings.report(at, Reason::BadValue, message);
            Mode::Delta
        }
    }
}

/// Detects the format by the files that only one of the formats has.
fn guess(source: &Source) -> Result<Format, ReadError> {
    if !source.has("orgs.csv") || !source.has("users.csv") {
        return Err(ReadError::UnknownFormat);
    }
    let sds = source.has("relationships.csv") || source.has("userflags.csv");
    Ok(match (source.has("roles.csv"), source.has("userprofiles.csv")) {
        (true, false) if sds => Format::SdsV21,
        (true, _) => Format::OneRoster12,
        _ => Format::OneRoster11,
    })
}
