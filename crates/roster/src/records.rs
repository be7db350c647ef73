//! Splitting of CSV bytes into records. Knows quotes and line ends, but no columns. An unclosed
//! quote costs only its own row, not the rest of the file.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use crate::finding::Reason;
use crate::limits::{MAX_RECORD_BYTES, MAX_RECORD_LINES};

/// A record: the line where it begins, and its cells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub line: u64,
    pub cells: Vec<String>,
    /// The reason why the record is unusable. Its cells are then those that could be recovered.
    pub broken: Option<Reason>,
}

impl Record {
    /// A usable record.
    pub(crate) const fn whole(line: u64, cells: Vec<String>) -> Self {
        Self { line, cells, broken: None }
    }
}

/// Length of an overlong line that is kept, in bytes: its first cells identify the object.
const TRUNCATED_RECORD_BYTES: usize = 4 * 1024;
/// The size of the buffer in which the first line end is searched, in bytes.
const BUFFER: usize = 64 * 1024;

/// An iterator over records, with at most one of them in memory.
pub(crate) struct Records<'r> {
    reader: BufReader<&'r mut dyn Read>,
    /// Lines of a record that turned out to be broken; they are read again.
    returned_lines: VecDeque<Line>,
    lines_read: u64,
    delimiter: u8,
    /// The last byte of a line.
    line_end: u8,
    /// The number of cells in the header; a multi-line record with more cells has swallowed a
    /// neighbour.
    width: usize,
}

#[derive(Debug)]
struct Line {
    number: u64,
    bytes: Vec<u8>,
    too_long: bool,
}

impl<'r> Records<'r> {
    pub(crate) fn new(reader: &'r mut dyn Read) -> Self {
        let reader = BufReader::with_capacity(BUFFER, reader);
        Self {
            reader,
            returned_lines: VecDeque::new(),
            lines_read: 0,
            delimiter: b',',
            line_end: b'\n',
            width: usize::MAX,
        }
    }

    /// Reads the header, drops a byte order mark and detects the line end and the delimiter.
    pub(crate) fn header(&mut self) -> io::Result<Option<Record>> {
        self.find_line_end()?;
        let Some(mut line) = self.next_line()? else { return Ok(None) };
        if line.bytes.starts_with(b"\xEF\xBB\xBF") {
            line.bytes.drain(..3);
        }
        if let Some(delimiter) = announced_delimiter(&line.bytes) {
            self.delimiter = delimiter;
            return self.next_record();
        }
        let count = |wanted: u8| line.bytes.iter().filter(|b| **b == wanted).count();
        // Spreadsheets in countries with a decimal comma write semicolons.
        if let Some(delimiter) =
            [b',', b';', b'\t'].into_iter().max_by_key(|d| (count(*d), *d == b','))
        {
            self.delimiter = delimiter;
        }
        self.returned_lines.push_front(line);
        self.next_record()
    }

    /// Detects the line end: old spreadsheets end lines with a lone carriage return.
    fn find_line_end(&mut self) -> io::Result<()> {
        let start = self.reader.fill_buf()?;
        let first = start.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let is_alone = |at: &usize| {
            start[*at] == b'\r'
                && start.get(at + 1).is_some_and(|next| !matches!(next, b'\r' | b'\n'))
        };
        if first.as_ref().is_some_and(is_alone) {
            self.line_end = b'\r';
        }
        Ok(())
    }

    pub(crate) fn set_width(&mut self, width: usize) {
        self.width = width;
    }

    pub(crate) fn next_record(&mut self) -> io::Result<Option<Record>> {
        let Some(first) = self.next_line()? else { return Ok(None) };
        let line = first.number;
        let mut lines = vec![first];
        loop {
            if lines.iter().any(|l| l.too_long) {
                return Ok(Some(self.return_lines(lines, Reason::TooLong)));
            }
            let text: Vec<u8> = lines.iter().flat_map(|l| l.bytes.iter().copied()).collect();
            let split = split(&text, self.delimiter);
            if !split.open {
                let swallowed = lines.len() > 1 && (split.ragged || split.used() > self.width);
                if swallowed {
                    return Ok(Some(self.return_lines(lines, Reason::UnclosedQuote)));
                }
                let (cells, broken) = split.into_text();
                return Ok(Some(Record { line, cells, broken }));
            }
            if lines.len() >= MAX_RECORD_LINES || text.len() > MAX_RECORD_BYTES {
                return Ok(Some(self.return_lines(lines, Reason::UnclosedQuote)));
            }
            match self.next_line()? {
                Some(next) => lines.push(next),
                None => return Ok(Some(self.return_lines(lines, Reason::UnclosedQuote))),
            }
        }
    }

    /// Reports only the first line as broken and returns the lines after it for another attempt.
    fn return_lines(&mut self, lines: Vec<Line>, reason: Reason) -> Record {
        let mut lines = lines.into_iter();
        let first = lines.next();
        for later in lines.rev() {
            self.returned_lines.push_front(later);
        }
        let Some(first) = first else {
            return Record { line: 0, cells: Vec::new(), broken: Some(reason) };
        };
        let (mut cells, _) = split(&first.bytes, self.delimiter).into_text();
        // The cell at the end of the line, or the cell that opens the quote, is incomplete.
        cells.pop();
        Record { line: first.number, cells, broken: Some(reason) }
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.returned_lines.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let bound = MAX_RECORD_BYTES as u64 + 1;
        if self.reader.by_ref().take(bound).read_until(self.line_end, &mut bytes)? == 0 {
            return Ok(None);
        }
        self.lines_read += 1;
        let too_long = bytes.len() as u64 == bound && !bytes.ends_with(&[self.line_end]);
        if too_long {
            bytes.truncate(TRUNCATED_RECORD_BYTES);
            self.skip_line()?;
        }
        Ok(Some(Line { number: self.lines_read, bytes, too_long }))
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffered = self.reader.fill_buf()?;
            let (length, end) = match buffered.iter().position(|b| *b == self.line_end) {
                Some(at) => (at + 1, true),
                None => (buffered.len(), buffered.is_empty()),
            };
            self.reader.consume(length);
            if end {
                return Ok(());
            }
        }
    }
}

/// The cells of a record, as far as it could be split.
#[derive(Debug, Default)]
struct Split {
    cells: Vec<Vec<u8>>,
    /// The text ended inside quotes.
    open: bool,
    /// A closing quote was followed by other text.
    ragged: bool,
}

impl Split {
    /// The number of cells up to the last one that is not blank.
    fn used(&self) -> usize {
        let blank = |cell: &Vec<u8>| cell.iter().all(u8::is_ascii_whitespace);
        self.cells.iter().rposition(|c| !blank(c)).map_or(0, |at| at + 1)
    }

    /// The cells as text, and the reason if one of them is not UTF-8; the cells are then read as
    /// Latin-1.
    fn into_text(self) -> (Vec<String>, Option<Reason>) {
        let mut broken = None;
        let text = |cell: Vec<u8>| {
            String::from_utf8(cell).unwrap_or_else(|error| {
                broken = Some(Reason::NotUtf8);
                error.into_bytes().into_iter().map(char::from).collect()
            })
        };
        (self.cells.into_iter().map(text).collect(), broken)
    }
}

/// Splits by RFC 4180, but leniently: a quote inside an unquoted cell is an ordinary character.
fn split(record: &[u8], delimiter: u8) -> Split {
    let mut split = Split::default();
    let mut cell = Vec::new();
    let mut quoted = false;
    let mut fresh = true;
    let mut at = 0;
    let end = line_end(record);
    while at < record.len() {
        let byte = record[at];
        match byte {
            b'"' if quoted && record.get(at + 1) == Some(&b'"') => {
                cell.push(b'"');
                at += 1;
            }
            b'"' if quoted => {
                quoted = false;
                split.ragged |= at + 1 < end && record[at + 1] != delimiter;
            }
            b'"' if fresh => quoted = true,
            _ if quoted => cell.push(byte),
            _ if byte == delimiter => {
                split.cells.push(std::mem::take(&mut cell));
                fresh = true;
                at += 1;
                continue;
            }
            _ if at >= end => break,
            _ => cell.push(byte),
        }
        fresh = false;
        at += 1;
    }
    split.open = quoted;
    split.cells.push(cell);
    split
}

/// The delimiter that a spreadsheet declares in an extra first line: `sep=;`.
fn announced_delimiter(line: &[u8]) -> Option<u8> {
    let text = line[..line_end(line)].trim_ascii_start();
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    let (name, rest) = text.split_at_checked(4)?;
    match rest {
        [delimiter] | [delimiter, b'"'] if name.eq_ignore_ascii_case(b"sep=") => Some(*delimiter),
        _ => None,
    }
}

/// The end of a record's text, before its last line break.
fn line_end(record: &[u8]) -> usize {
    let text = record.strip_suffix(b"\n").unwrap_or(record);
    text.strip_suffix(b"\r").unwrap_or(text).len()
}
