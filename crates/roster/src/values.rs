//! Parsing of single cells: dates, booleans, lists, addresses. Knows no rows.

use chrono::NaiveDate;
use parlour_domain::{EmailAddress, text::MAX_ID};

use crate::draft::ContactMetadata;
use crate::finding::{Findings, Reason, quoted};
use crate::limits::MAX_LIST;
use crate::table::Row;

/// The status of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Blank or `active`.
    Active,
    /// `tobedeleted`, or OneRoster 1.0's `inactive`.
    Deleted,
}

/// Returns whether a row is marked as deleted. Reports nothing.
pub(crate) fn is_deleted(row: &Row<'_>) -> bool {
    ["tobedeleted", "inactive"].iter().any(|word| row.text("status").eq_ignore_ascii_case(word))
}

/// Reads a row's status. Also reports an invalid date of the last change, because every row has
/// both columns.
pub(crate) fn status(row: &Row<'_>, findings: &mut Findings) -> Status {
    date(row, "dateLastModified", findings);
    match row.text("status").to_lowercase().as_str() {
        "" | "active" => Status::Active,
        "tobedeleted" => Status::Deleted,
        "inactive" => {
            let message = "the status inactive is OneRoster 1.0's word for tobedeleted; what the \
                           row is about counts as gone";
            findings.report(row.at, Reason::Synonym, message);
            Status::Deleted
        }
        other => {
            let message =
                format!("the status {} is not known; the row counts as active", quoted(other));
            findings.report(row.at, Reason::UnknownStatus, message);
            Status::Active
        }
    }
}

/// The readable bars of an unusable row. A row that is damaged itself contributes only bars that it
/// states in full.
pub(crate) fn readable_bars(row: &Row<'_>) -> ContactMetadata {
    let is_bar = |column, bars: bool| {
        row.is_aligned()
            && row
                .some(column)
                .is_some_and(|text| parse_bool(text).map_or(!row.is_broken(), |said| said == bars))
    };
    let (barred, court_order) =
        (is_bar("metadata.contactAllowed", false), is_bar("metadata.courtOrder", true));
    ContactMetadata {
        barred: barred.then_some(true),
        court_order: court_order.then_some(true),
        ..ContactMetadata::default()
    }
}

/// The boolean of a cell, if it can be parsed; another word than `true` or `false` is reported as a
/// synonym.
pub(crate) fn boolean(row: &Row<'_>, column: &str, findings: &mut Findings) -> Option<bool> {
    let text = row.some(column)?;
    let value = parse_bool(text)?;
    if !text.trim().eq_ignore_ascii_case(if value { "true" } else { "false" }) {
        findings.report(
            row.at,
            Reason::Synonym,
            format!("{column} is {}, which is understood as {value}", quoted(text)),
        );
    }
    Some(value)
}

/// Parses `true`, `1`, `yes`, `y`, `t` and their opposites, in any case.
fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "t" => Some(true),
        "false" | "0" | "no" | "n" | "f" => Some(false),
        _ => None,
    }
}

/// The boolean of a cell; an invalid value is reported and left out.
pub(crate) fn boolean_or_report(
    row: &Row<'_>,
    column: &str,
    findings: &mut Findings,
) -> Option<bool> {
    let text = row.some(column)?;
    let value = boolean(row, column, findings);
    if value.is_none() {
        let message =
            format!("{column} is {}, neither true nor false; it is not used", quoted(text));
        findings.report(row.at, Reason::BadValue, message);
    }
    value
}

/// The date of a cell; an invalid value is reported and left out.
pub(crate) fn date(row: &Row<'_>, column: &str, findings: &mut Findings) -> Option<NaiveDate> {
    let text = row.some(column)?;
    let date = parse_date(text);
    if date.is_none() {
        let message = format!(
            "{column} is {}, not a date like 2026-09-01; the row is used without it",
            quoted(text)
        );
        findings.report(row.at, Reason::BadDate, message);
    }
    date
}

/// Parses ISO dates with or without a time; `20260901`; `1.9.2026`; with slashes only if day and
/// month are unambiguous.
pub(crate) fn parse_date(text: &str) -> Option<NaiveDate> {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let plausible =
        |date: NaiveDate| Some(date).filter(|d| (1900..=2200).contains(&chrono::Datelike::year(d)));
    if day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()) {
        return NaiveDate::parse_from_str(day, "%Y%m%d").ok().and_then(plausible);
    }
    let separator = ['-', '/', '.'].into_iter().find(|s| day.contains(*s))?;
    let parts: Vec<&str> = day.split(separator).collect();
    let [a, b, c] = parts[..] else { return None };
    let number = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() <= 4);
    let (first, second, third) = (number(a)?, number(b)?, number(c)?);
    let (year, month, day) = match (separator, a.len()) {
        (_, 4) => (first, second, third),
        ('.', _) => (third, second, first),
        (_, _) if second > 12 || first == second => (third, first, second),
        (_, _) if first > 12 => (third, second, first),
        _ => return None,
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day).and_then(plausible)
}

/// The ids of a list cell, without duplicates, in their order.
pub(crate) fn list(row: &Row<'_>, column: &str, findings: &mut Findings) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in row.raw(column).split([',', ';']).map(str::trim).filter(|id| !id.is_empty()) {
        if ids.len() >= MAX_LIST {
            let message = format!("{column} lists more than {MAX_LIST} ids; the rest is not used");
            findings.report(row.at, Reason::TooLong, message);
            break;
        }
        if id.chars().count() > MAX_ID {
            let message = format!(
                "{column} lists an id of more than {MAX_ID} characters ({}); it is not used",
                quoted(id)
            );
            findings.report(row.at, Reason::TooLong, message);
        } else if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

/// The address of a cell; an invalid one is reported and left out.
pub(crate) fn email(row: &Row<'_>, column: &str, findings: &mut Findings) -> Option<String> {
    let text = row.some(column)?;
    let address = EmailAddress::parse(text).ok();
    match &address {
        None => {
            let message =
                format!("{} is not an email address; the person is kept without one", quoted(text));
            findings.report(row.at, Reason::BadEmail, message);
        }
        Some(address) if !is_spelling_of(text, address) => {
            let message = format!("{} is understood as {}", quoted(text), quoted(address.as_str()));
            findings.report(row.at, Reason::EmailUnderstood, message);
        }
        Some(_) => {}
    }
    address.map(|address| address.to_string())
}

/// Returns whether the text is the address itself, except for case and the DNS form of its domain.
fn is_spelling_of(text: &str, address: &EmailAddress) -> bool {
    let local = |text: &str| text.rsplit_once('@').map(|(local, _)| local.to_lowercase());
    let domain = text.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
    let is_dns_form =
        domain.contains("xn--") && domain.ends_with(|c: char| c.is_ascii_alphanumeric());
    text.to_lowercase() == address.as_str().to_lowercase()
        || (is_dns_form && local(text) == local(address.as_str()))
}
