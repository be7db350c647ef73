//! One CSV file as rows with named columns: finds the columns, checks each row's shape, reports.

use std::io::{self, Read};

use parlour_domain::text::{self, Lines, TextError};

use crate::error::ReadError;
use crate::finding::{At, Findings, Reason, quoted};
use crate::headers::{Layout, match_headers};
use crate::limits::{MAX_COLUMNS, MAX_FIELD_BYTES, MAX_ROWS, max_chars};
use crate::objects::read_objects;
use crate::records::{Record, Records};
use crate::source::Source;

/// What is known of a file's columns.
#[derive(Debug)]
pub(crate) struct Spec {
    pub file: &'static str,
    /// Without these nothing can be done with the file.
    pub key: &'static [&'static str],
    /// Columns that are read; a misspelt one is looked for.
    pub read: &'static [&'static str],
    /// Further columns of the standards: known, so never taken for a misspelt one.
    pub known: &'static [&'static str],
}

/// One row, its cells reached by column name. Text is as it stands in the file.
#[derive(Debug)]
pub(crate) struct Row<'t> {
    pub at: At,
    layout: &'t Layout,
    cells: &'t [String],
}

impl Row<'_> {
    /// The cell exactly as it is; blank when the column or the cell is missing.
    pub(crate) fn raw(&self, column: &str) -> &str {
        let cell = self.layout.index(column).and_then(|index| self.cells.get(index));
        cell.map_or("", String::as_str)
    }

    /// The cell without blanks around it.
    pub(crate) fn text(&self, column: &str) -> &str {
        self.raw(column).trim()
    }

    /// The cell without blanks around it, if there is anything in it.
    pub(crate) fn some(&self, column: &str) -> Option<&str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    /// An id that the row can't do without; its lack is reported.
    pub(crate) fn required(&self, column: &str, findings: &mut Findings) -> Option<String> {
        let found = self.some(column);
        if found.is_none() {
            findings.report(self.at, Reason::MissingValue, format!("{column} is blank; the row is not used"));
        }
        found.map(str::to_owned)
    }
}

/// What is done with each row.
pub(crate) type Each<'e> = dyn FnMut(&Row<'_>, &mut Findings) + 'e;

/// Reads a file, or the collection that stands for it, row by row. Answers false when it is not there.
///
/// # Errors
/// When a bound is passed or a key column is missing: half a file must not pass for a whole one.
pub(crate) fn read_table(source: &mut Source, spec: &Spec, findings: &mut Findings, mut each: impl FnMut(&Row<'_>, &mut Findings)) -> Result<bool, ReadError> {
    if !source.has(spec.file) {
        return Ok(false);
    }
    match source.view(spec.file) {
        Some(view) => read_objects(source, view, spec, findings, &mut each)?,
        None => _ = source.with_file(spec.file, |reader| read_rows(reader, spec, findings, &mut each))?,
    }
    Ok(true)
}

fn read_rows(reader: &mut dyn Read, spec: &Spec, findings: &mut Findings, each: &mut Each<'_>) -> Result<(), ReadError> {
    let mut records = Records::new(reader);
    let header = match records.header().map_err(|source| unreadable(spec, source))? {
        Some(Record { cells: Ok(cells), .. }) => cells,
        Some(_) => return Err(ReadError::NotText(spec.file.to_owned())),
        None => Vec::new(),
    };
    if header.len() > MAX_COLUMNS {
        return Err(too_large(spec, format!("over {MAX_COLUMNS} columns")));
    }
    let layout = match_headers(&header, spec, findings)?;
    records.set_width(layout.width);
    each_row(&mut || records.next_record(), spec, &layout, findings, each)
}

/// Checks the shape of each record and hands over those that can be used.
pub(crate) fn each_row(
    next: &mut dyn FnMut() -> io::Result<Option<Record>>,
    spec: &Spec,
    layout: &Layout,
    findings: &mut Findings,
    each: &mut Each<'_>,
) -> Result<(), ReadError> {
    let mut rows = 0;
    while let Some(record) = next().map_err(|source| unreadable(spec, source))? {
        rows += 1;
        if rows > MAX_ROWS {
            return Err(too_large(spec, format!("over {MAX_ROWS} rows")));
        }
        let at = At { file: spec.file, line: record.line };
        match checked(record, layout, at, findings) {
            Ok(Some(cells)) => each(&Row { at, layout, cells: &cells }, findings),
            Ok(None) => {}
            Err((reason, message)) => findings.report(at, reason, message),
        }
    }
    Ok(())
}

fn unreadable(spec: &Spec, source: io::Error) -> ReadError {
    ReadError::Io { name: spec.file.to_owned(), source }
}

fn too_large(spec: &Spec, limit: String) -> ReadError {
    ReadError::TooLarge { name: spec.file.to_owned(), limit }
}

/// The cells of a usable row; none for a blank line.
fn checked(record: Record, layout: &Layout, at: At, findings: &mut Findings) -> Result<Option<Vec<String>>, (Reason, String)> {
    let cells = record.cells.map_err(|reason| (reason, broken(reason).to_owned()))?;
    let used = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    if used == 0 {
        return Ok(None);
    }
    if used > layout.width {
        let (width, extra) = (layout.width, quoted(&cells[used - 1]));
        let message = format!("the row has {used} cells, the header {width} (the last is {extra}); it is not used");
        return Err((Reason::ExtraCells, message));
    }
    for (name, index) in layout.named() {
        let cell = cells.get(index).map_or("", String::as_str);
        if cell.len() > MAX_FIELD_BYTES {
            return Err((Reason::TooLong, format!("{name} is longer than {MAX_FIELD_BYTES} bytes; the row is not used")));
        }
        let longest = max_chars(name).unwrap_or(MAX_FIELD_BYTES);
        match text::check(cell.trim(), Lines::Many, longest) {
            Ok(()) => {}
            Err(TextError::TooLong) => return Err((Reason::TooLong, format!("{name} is longer than {longest} characters; the row is not used"))),
            Err(TextError::BadCharacter) => return Err((Reason::BadCharacter, format!("{name} holds a control character; the row is not used"))),
        }
    }
    if cells.len() < layout.width {
        let message = format!("the row has {} cells, the header {}; the missing ones count as blank", cells.len(), layout.width);
        findings.report(at, Reason::MissingCells, message);
    }
    Ok(Some(cells))
}

fn broken(reason: Reason) -> &'static str {
    match reason {
        Reason::NotUtf8 => "the row is not UTF-8; it is not used (save the file as UTF-8)",
        Reason::UnclosedQuote => "a quote is opened in this line and never closed; the line is not used",
        _ => "the line is longer than a record may be; it is not used",
    }
}
