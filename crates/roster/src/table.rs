//! Reader of a CSV file as rows with named columns: it finds the columns and checks each row's
//! shape.

use std::io::{self, Read};

use parlour_domain::text::{self, Lines, TextError};

use crate::error::ReadError;
use crate::finding::{Findings, Location, Reason, quoted};
use crate::headers::{Layout, match_headers};
use crate::limits::{MAX_COLUMNS, MAX_FIELD_BYTES, MAX_ROWS, max_chars};
use crate::objects::read_objects;
use crate::records::{Record, Records};
use crate::source::Source;
use crate::values;

/// The known columns of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec {
    pub file: &'static str,
    /// Required columns: without them the file is unusable.
    pub key: &'static [&'static str],
    /// Columns that the standard requires and on which links, names or logins depend: without one
    /// the file may be damaged. One of each group is enough.
    pub needed: &'static [&'static [&'static str]],
    /// Groups of columns of which at least one must be filled in some row.
    pub filled: &'static [&'static [&'static str]],
    /// Columns that are read, including needed ones; a misspelt one is recognised.
    pub read: &'static [&'static str],
    /// Other columns of the standards, so that they are never taken for a misspelt column.
    pub known: &'static [&'static str],
}

impl Spec {
    /// Returns whether a column is used.
    fn is_read(&self, column: &str) -> bool {
        self.key.contains(&column) || self.read.contains(&column)
    }
}

/// A row with cells by column name. Texts are as in the file.
#[derive(Debug)]
pub(crate) struct Row<'t> {
    pub at: Location,
    layout: &'t Layout,
    cells: &'t [String],
    is_broken: bool,
}

impl Row<'_> {
    /// Returns whether the row is unusable: it was reported, and its cells only serve to identify
    /// its object.
    pub(crate) const fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Returns whether the cells are probably aligned with the columns.
    pub(crate) const fn is_aligned(&self) -> bool {
        !self.is_broken || self.cells.len() == self.layout.width
    }

    /// The cell, unchanged; blank if the column or the cell is missing.
    pub(crate) fn raw(&self, column: &str) -> &str {
        let cell = self.layout.index(column).and_then(|index| self.cells.get(index));
        cell.map_or("", String::as_str)
    }

    /// The cell, trimmed.
    pub(crate) fn text(&self, column: &str) -> &str {
        self.raw(column).trim()
    }

    /// The cell, trimmed; `None` if it is blank.
    pub(crate) fn some(&self, column: &str) -> Option<&str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    /// An id that the row requires; reports it if it is missing.
    pub(crate) fn required(&self, column: &str, findings: &mut Findings) -> Option<String> {
        let found = self.some(column);
        if found.is_none() {
            findings.report(self.at, Reason::MissingValue, format!("{column} is blank; {UNUSED}"));
        }
        found.map(str::to_owned)
    }
}

/// The function that handles each row.
pub(crate) type RowHandler<'e> = dyn FnMut(&Row<'_>, &mut Findings) + 'e;

/// The consequence for an unusable row and its object, for messages.
pub(crate) const UNUSED: &str = "the row is not used, and what it is about stays as it was";

/// Reads a file, or the collection that replaces it, row by row. Returns the number of rows; `None`
/// if the file does not exist. Broken rows are passed to the handler as well.
///
/// # Errors
/// An exceeded limit or a missing key column: a partial file must not pass for a complete one.
pub(crate) fn read_table(
    source: &mut Source,
    spec: &Spec,
    findings: &mut Findings,
    mut each: impl FnMut(&Row<'_>, &mut Findings),
) -> Result<Option<u64>, ReadError> {
    if !source.has(spec.file) {
        return Ok(None);
    }
    match source.view(spec.file) {
        Some(view) => read_objects(source, view, spec, findings, &mut each).map(Some),
        None => source.with_file(spec.file, |reader| read_rows(reader, spec, findings, &mut each)),
    }
}

fn read_rows(
    reader: &mut dyn Read,
    spec: &Spec,
    findings: &mut Findings,
    each: &mut RowHandler<'_>,
) -> Result<u64, ReadError> {
    let mut records = Records::new(reader);
    let header = match records.header().map_err(|source| unreadable(spec, source))? {
        Some(Record { cells, line, broken: None }) => (line, cells),
        Some(_) => return Err(ReadError::NotText(spec.file.to_owned())),
        None => (1, Vec::new()),
    };
    let (line, header) = header;
    if header.len() > MAX_COLUMNS {
        return Err(too_large(spec, format!("over {MAX_COLUMNS} columns")));
    }
    let layout = match_headers(&header, line, spec, findings)?;
    records.set_width(layout.width);
    handle_rows(&mut || records.next_record(), spec, &layout, findings, each)
}

/// Checks the shape of each record and passes it to the handler. Returns the number of records
/// without blank lines.
pub(crate) fn handle_rows(
    next: &mut dyn FnMut() -> io::Result<Option<Record>>,
    spec: &Spec,
    layout: &Layout,
    findings: &mut Findings,
    each: &mut RowHandler<'_>,
) -> Result<u64, ReadError> {
    let (mut rows, mut used) = (0, 0);
    let mut blank = BlankColumns::new(spec, layout);
    while let Some(record) = next().map_err(|source| unreadable(spec, source))? {
        rows += 1;
        if rows > MAX_ROWS {
            return Err(too_large(spec, format!("over {MAX_ROWS} rows")));
        }
        let at = Location { file: spec.file, line: record.line };
        let is_broken = match check_record(&record, spec, layout, at, findings) {
            Ok(is_blank) if is_blank => continue,
            Ok(_) => false,
            Err((reason, message)) => {
                findings.report(at, reason, message);
                true
            }
        };
        used += 1;
        let row = Row { at, layout, cells: &record.cells, is_broken };
        blank.observe(&row);
        each(&row, findings);
    }
    blank.report(spec, findings);
    Ok(used)
}

/// Columns that exist but are blank in every row.
struct BlankColumns {
    groups: Vec<&'static [&'static str]>,
    rows: u64,
}

impl BlankColumns {
    fn new(spec: &Spec, layout: &Layout) -> Self {
        // Missing columns are reported elsewhere.
        let is_there =
            |group: &&&[&'static str]| group.iter().any(|column| layout.index(column).is_some());
        Self { groups: spec.filled.iter().filter(is_there).copied().collect(), rows: 0 }
    }

    fn observe(&mut self, row: &Row<'_>) {
        // A row of a deleted object may contain only the id.
        if row.is_broken || values::is_deleted(row) {
            return;
        }
        self.rows += 1;
        self.groups.retain(|group| group.iter().all(|column| row.some(column).is_none()));
    }

    fn report(self, spec: &Spec, findings: &mut Findings) {
        for group in self.groups.iter().filter(|_| self.rows > 0) {
            findings.report_missing(spec.file, Some(&group.join(" and ")), "is blank in every row");
        }
    }
}

fn unreadable(spec: &Spec, source: io::Error) -> ReadError {
    ReadError::Io { name: spec.file.to_owned(), source }
}

fn too_large(spec: &Spec, limit: String) -> ReadError {
    ReadError::TooLarge { name: spec.file.to_owned(), limit }
}

/// Returns whether the line is blank, or the reason why it is unusable.
fn check_record(
    record: &Record,
    spec: &Spec,
    layout: &Layout,
    at: Location,
    findings: &mut Findings,
) -> Result<bool, (Reason, String)> {
    if let Some(reason) = record.broken {
        return Err((reason, broken(reason)));
    }
    let cells = &record.cells;
    let used = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    if used == 0 {
        return Ok(true);
    }
    if used > layout.width {
        let (width, extra) = (layout.width, quoted(&cells[used - 1]));
        return Err((
            Reason::ExtraCells,
            format!("the row has {used} cells, the header {width} (the last is {extra}); {UNUSED}"),
        ));
    }
    for (name, index) in layout.named() {
        let cell = cells.get(index).map_or("", String::as_str);
        if cell.len() > MAX_FIELD_BYTES {
            return Err((
                Reason::TooLong,
                format!("{name} is longer than {MAX_FIELD_BYTES} bytes; {UNUSED}"),
            ));
        }
        let longest = max_chars(name).unwrap_or(MAX_FIELD_BYTES);
        match text::check(cell.trim(), Lines::Many, longest) {
            Ok(()) => {}
            Err(TextError::TooLong) => {
                return Err((
                    Reason::TooLong,
                    format!("{name} is longer than {longest} characters; {UNUSED}"),
                ));
            }
            Err(TextError::BadCharacter) => {
                return Err((
                    Reason::BadCharacter,
                    format!("{name} holds a control character; {UNUSED}"),
                ));
            }
        }
    }
    if cells.len() < layout.width {
        let (count, width) = (cells.len(), layout.width);
        // The last row of a truncated file looks like this.
        if let Some((name, _)) =
            layout.named().find(|(name, index)| *index >= count && spec.is_read(name))
        {
            return Err((
                Reason::MissingCells,
                format!(
                    "the row has {count} cells, the header {width}, and {name} is not among them; \
                     {UNUSED}"
                ),
            ));
        }
        findings.report(
            at,
            Reason::MissingCells,
            format!(
                "the row has {count} cells, the header {width}; nothing that is read is missing"
            ),
        );
    }
    Ok(false)
}

fn broken(reason: Reason) -> String {
    match reason {
        Reason::NotUtf8 => format!("the row is not UTF-8; {UNUSED} (save the file as UTF-8)"),
        Reason::UnclosedQuote => {
            format!("a quote is opened in this line and never closed; {UNUSED}")
        }
        _ => format!("the line is longer than a record may be; {UNUSED}"),
    }
}
