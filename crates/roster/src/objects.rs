//! Conversion of a collection's objects into rows with the columns of the CSV binding, so that the
//! same rules apply to both.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use serde_json::{Map, Value};

use crate::collections::Collection;
use crate::error::ReadError;
use crate::finding::{Finding, Findings, quoted};
use crate::headers::match_headers;
use crate::limits::MAX_COLUMNS;
use crate::records::Record;
use crate::source::Source;
use crate::table::{RowHandler, Spec, handle_rows};

/// The part of a collection that replaces a CSV file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// One row per object.
    Objects(Collection),
    /// One row for each role of a person (OneRoster 1.2).
    Roles,
}

impl View {
    /// The view that replaces this file, if there is one.
    pub(crate) fn of(file: &str) -> Option<Self> {
        if file == "roles.csv" {
            return Some(Self::Roles);
        }
        let name = file.strip_suffix(".csv")?;
        Collection::ALL
            .into_iter()
            .find(|collection| collection.name().eq_ignore_ascii_case(name))
            .map(Self::Objects)
    }

    pub(crate) const fn collection(self) -> Collection {
        match self {
            Self::Objects(collection) => collection,
            Self::Roles => Collection::Users,
        }
    }

    /// Calls `row` for each row of an object, with its cells by column.
    fn rows(self, object: &Map<String, Value>, mut row: impl FnMut(Cells<'_>)) {
        match self {
            Self::Objects(collection) => {
                let members = collection.members().iter().filter_map(|(member, column)| {
                    Some((Cow::Borrowed(*column), object.get(*member)?))
                });
                let metadata =
                    object.get("metadata").and_then(Value::as_object).into_iter().flatten();
                row(members
                    .chain(metadata.map(|(name, value)| (metadata_column(name), value)))
                    .collect());
            }
            // The object itself is reported elsewhere.
            Self::Roles
                if object.get("sourcedId").map(text).is_none_or(|id| id.trim().is_empty()) => {}
            Self::Roles => {
                for role in object
                    .get("roles")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_object)
                {
                    let of_the_role = [
                        ("role", "role"),
                        ("org", "orgSourcedId"),
                        ("beginDate", "beginDate"),
                        ("endDate", "endDate"),
                    ];
                    let of_the_user = [("sourcedId", "userSourcedId"), ("status", "status")];
                    let cells = of_the_role.iter().filter_map(|(member, column)| {
                        Some((Cow::Borrowed(*column), role.get(*member)?))
                    });
                    row(cells
                        .chain(of_the_user.iter().filter_map(|(member, column)| {
                            Some((Cow::Borrowed(*column), object.get(*member)?))
                        }))
                        .collect());
                }
            }
        }
    }
}

/// The values of a row, by column.
type Cells<'v> = Vec<(Cow<'static, str>, &'v Value)>;

/// The column of a member of a person's metadata: `contactAllowed` and `ext_contactAllowed` become
/// `metadata.contactAllowed`.
fn metadata_column(name: &str) -> Cow<'static, str> {
    let bare = ["metadata.", "ext_", "ext."]
        .into_iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    Cow::Owned(format!("metadata.{bare}"))
}

/// Reads the replacement of a file row by row; findings contain the number of the object, counted
/// from 1, instead of the line.
pub(crate) fn read_objects(
    source: &mut Source,
    view: View,
    spec: &Spec,
    findings: &mut Findings,
    each: &mut RowHandler<'_>,
) -> Result<u64, ReadError> {
    let name = view.collection().name();
    // Providers omit empty members, so a column that no object has is not reported as missing.
    let named = Spec { file: name, needed: &[], ..*spec };
    let Some((header, objects)) =
        source.with_file(spec.file, |reader| header(reader, view, name))?
    else {
        return Ok(0);
    };
    if view == View::Roles && header.is_empty() && objects > 0 {
        return Err(ReadError::MissingColumn { file: name.to_owned(), column: "roles" });
    }
    // A collection may be empty; if all its objects lack a key, it is of another version.
    if objects == 0 {
        return Ok(0);
    }
    let columns: Vec<String> = header.keys().map(|column| column.clone().into_owned()).collect();
    let layout = match_headers(&columns, 0, &named, findings)?;
    source.with_file(spec.file, |reader| {
        let mut objects = Objects {
            lines: BufReader::new(reader),
            number: 0,
            waiting: Vec::new(),
            view,
            header: &header,
        };
        handle_rows(&mut || objects.next_record(), &named, &layout, findings, each)
    })?;
    Ok(objects)
}

/// The columns of a collection, each with its index.
type Header = BTreeMap<Cow<'static, str>, usize>;

/// The columns that occur in any row, and the number of objects.
fn header(reader: &mut dyn Read, view: View, name: &str) -> Result<(Header, u64), ReadError> {
    let mut columns = Header::new();
    let mut objects = 0;
    let mut lines = BufReader::new(reader);
    while let Some(object) =
        next_object(&mut lines).map_err(|source| ReadError::Io { name: name.to_owned(), source })?
    {
        objects += 1;
        view.rows(&object, |cells| {
            for (column, _) in cells {
                columns.entry(column).or_insert(0);
            }
        });
        if columns.len() > MAX_COLUMNS {
            return Err(ReadError::TooLarge {
                name: name.to_owned(),
                limit: format!("over {MAX_COLUMNS} members"),
            });
        }
    }
    for (at, place) in columns.values_mut().enumerate() {
        *place = at;
    }
    Ok((columns, objects))
}

/// Adds the object's id to its findings, because nobody can count objects in a response.
pub(crate) fn name_findings(
    source: &mut Source,
    findings: &mut [Finding],
) -> Result<(), ReadError> {
    for collection in Collection::ALL {
        let name = collection.name();
        let mut of_it: BTreeMap<u64, Vec<&mut Finding>> = BTreeMap::new();
        for finding in
            findings.iter_mut().filter(|finding| finding.file == name && finding.line > 0)
        {
            of_it.entry(finding.line).or_default().push(finding);
        }
        let Some(last) = of_it.keys().next_back().copied() else { continue };
        source.with_file(&format!("{name}.csv"), |reader| {
            let mut lines = BufReader::new(reader);
            for number in 1..=last {
                let object = next_object(&mut lines)
                    .map_err(|source| ReadError::Io { name: name.to_owned(), source })?;
                let id = object
                    .as_ref()
                    .and_then(|object| object.get("sourcedId"))
                    .map(text)
                    .filter(|id| !id.is_empty());
                if let (Some(id), Some(findings)) = (id, of_it.get_mut(&number)) {
                    findings.iter_mut().for_each(|finding| {
                        finding.message = format!("{} ({})", finding.message, quoted(&id))
                    });
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Reads the next line, which a [`crate::Spool`] has written.
fn next_object(lines: &mut impl BufRead) -> io::Result<Option<Map<String, Value>>> {
    let mut line = Vec::new();
    if lines.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

/// An iterator over the rows of objects, with one object in memory at a time.
struct Objects<'r, 'h> {
    lines: BufReader<&'r mut dyn Read>,
    number: u64,
    waiting: Vec<Record>,
    view: View,
    header: &'h Header,
}

impl Objects<'_, '_> {
    fn next_record(&mut self) -> io::Result<Option<Record>> {
        while self.waiting.is_empty() {
            let Some(object) = next_object(&mut self.lines)? else { return Ok(None) };
            self.number += 1;
            let (line, header, waiting) = (self.number, self.header, &mut self.waiting);
            self.view.rows(&object, |row| {
                let mut cells = vec![String::new(); header.len()];
                for (column, value) in row {
                    if let Some(cell) = header.get(&column).and_then(|place| cells.get_mut(*place))
                    {
                        *cell = text(value);
                    }
                }
                waiting.push(Record::whole(line, cells));
            });
            self.waiting.reverse();
        }
        Ok(self.waiting.pop())
    }
}

/// The value as a cell of the CSV binding: a reference as its id, a list with commas as separators.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            values.iter().map(text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(",")
        }
        Value::Object(reference) => reference.get("sourcedId").map(text).unwrap_or_default(),
    }
}
