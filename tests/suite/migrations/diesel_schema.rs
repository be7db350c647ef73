//! The tables as `api/src/schema.rs` declares them to diesel.

use std::{fs, path::Path};

use super::tables::{Column, Table, Tables};

/// Reads the `table!` blocks of `schema.rs`. They have no defaults and no keys except the primary
/// one. `kind` translates diesel's types to those of a database.
pub fn read(kind: impl Fn(&str) -> String) -> Tables {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src/schema.rs");
    let source = fs::read_to_string(path).expect("schema.rs can be read");
    let blocks = source.split("diesel::table! {").skip(1);
    blocks.map(|block| table(block, &kind)).collect()
}

fn table(block: &str, kind: impl Fn(&str) -> String) -> (String, Table) {
    let (block, _) = block.split_once("\n}").expect("a block ends");
    let (head, columns) = block.split_once(") {").expect("a table has columns");
    let head = head.lines().last().expect("a table has a first line");
    let (name, key) = head.split_once(" (").expect("a table has a key");
    let columns = columns.lines().map(str::trim).filter(|line| !["", "}"].contains(line));
    let table = Table {
        columns: columns.map(|line| column(line, &kind)).collect(),
        primary_key: key.split(", ").map(str::to_owned).collect(),
        ..Table::default()
    };
    (name.trim().to_owned(), table)
}

/// Parses a line such as `name -> Nullable<Text>,`.
fn column(line: &str, kind: impl Fn(&str) -> String) -> Column {
    let declared = line.strip_suffix(',').and_then(|line| line.split_once(" -> "));
    let (name, declared) = declared.unwrap_or_else(|| panic!("no column: {line}"));
    let inner = declared.strip_prefix("Nullable<").and_then(|inner| inner.strip_suffix('>'));
    Column {
        name: name.to_owned(),
        kind: kind(inner.unwrap_or(declared)),
        is_nullable: inner.is_some(),
        default: None,
    }
}

/// The type of SQLite for a type of diesel.
pub fn sqlite_kind(declared: &str) -> String {
    match declared {
        "Id" => "blob",
        "Text" => "text",
        "Moment" | "Bool" | "Integer" | "BigInt" => "integer",
        other => panic!("{other} is a type that this test does not know"),
    }
    .to_owned()
}

/// The type of PostgreSQL for a type of diesel.
pub fn postgres_kind(declared: &str) -> String {
    match declared {
        "Id" => "uuid",
        "Text" => "text",
        "Moment" => "timestamp with time zone",
        "Bool" => "boolean",
        "Integer" => "integer",
        "BigInt" => "bigint",
        other => panic!("{other} is a type that this test does not know"),
    }
    .to_owned()
}
