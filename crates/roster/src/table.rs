//! One CSV file as rows with named columns: finds the columns, checks each row's shape, reports.

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

/// What is known of a file's columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec {
    pub file: &'static str,
    /// Without these nothing can be done with the file.
    pub key: &'static [&'static str],
    /// Columns that the standard demands and that links, names or logins rest on: without one the
    /// file may be damaged. One of each group is enough.
    pub needed: &'static [&'static [&'static str]],
    /// Groups of columns of which at least one must be filled in some row.
    pub filled: &'static [&'static [&'static str]],
    /// Columns that are read, needed ones among them; a misspelt one is looked for.
    pub read: &'static [&'static str],
    /// Further columns of the standards: known, so never taken for a misspelt one.
    pub known: &'static [&'static str],
}

impl Spec {
    /// Whether anything is made of a column.
    fn is_read(&self, column: &str) -> bool {
        self.key.contains(&column) || self.read.contains(&column)
    }
}

/// One row, its cells reached by column name. Text is as it stands in the file.
#[derive(Debug)]
pub(crate) struct Row<'t> {
    pub at: Location,
    layout: &'t Layout,
    cells: &'t [String],
    is_broken: bool,
}

impl Row<'_> {
    /// Whether the row can't be used: it was reported, and its cells only tell what it is about.
    pub(crate) const fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether each cell stands below its own column, as far as one can tell.
    pub(crate) const fn is_aligned(&self) -> bool {
        !self.is_broken || self.cells.len() == self.layout.width
    }

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
            findings.report(self.at, Reason::MissingValue, format!("{column} is blank; {UNUSED}"));
        }
        found.map(str::to_owned)
    }
}

/// What is done with each row.
pub(crate) type RowHandler<'e> = dyn FnMut(&Row<'_>, &mut Findings) + 'e;

/// What becomes of a row that can't be used, and of whom or what it is about.
pub(crate) const UNUSED: &str = "the row is not used, and what it is about stays as it was";

/// Reads a file, or the collection that stands for it, row by row. Answers how many rows it has;
/// none when it is not there. Rows that are broken are handed over as well.
///
/// # Errors
/// When a bound is passed or a key column is missing: half a file must not pass for a whole one.
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

/// Checks the shape of each record and hands it over. Answers how many there are; blank lines don't
/// count.
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

/// Columns that are there and hold nothing in any row.
struct BlankColumns {
    groups: Vec<&'static [&'static str]>,
    rows: u64,
}

impl BlankColumns {
    fn new(spec: &Spec, layout: &Layout) -> Self {
        // Of a column that is missing something else is said.
        let is_there =
            |group: &&&[&'static str]| group.iter().any(|column| layout.index(column).is_some());
        Self { groups: spec.filled.iter().filter(is_there).copied().collect(), rows: 0 }
    }

    fn observe(&mut self, row: &Row<'_>) {
        // A row of somebody who is gone may hold no more than the id.
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

/// Whether the line is blank; why it can't be used.
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
        // A file that was cut off ends in such a row.
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
