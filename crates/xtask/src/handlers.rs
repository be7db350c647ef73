//! Check of the handlers' layer: they parse, call one store function at a time, and convert the
//! result into a wire shape. They contain no query, lock or transaction.

use std::fs;

use anyhow::{Result, bail};

use crate::{paths::Paths, shell};

/// Identifiers of the store's internals. A handler that uses one does the store's work.
const STORE_WORDS: [&str; 4] = ["Db", "diesel", "sql_query", "transaction"];

/// Macros of the store's internals.
const STORE_MACROS: [&str; 1] = ["with_conn!"];

/// Checks all handlers.
///
/// # Errors
/// If a handler uses the store's internals, or calls more than a single function on a connection.
pub fn one_store_call(paths: &Paths) -> Result<()> {
    let files =
        shell::output(paths.command("git").args(["ls-files", "--", "api/src/handlers/*.rs"]))?;
    let mut wrong = Vec::new();
    for file in files.lines() {
        let source = fs::read_to_string(paths.root.join(file))?;
        wrong.extend(faults(&source).into_iter().map(|fault| format!("{file}: {fault}")));
    }
    if !wrong.is_empty() {
        bail!("write a store function for what these handlers do:\n{}", wrong.join("\n"));
    }
    Ok(())
}

/// The parts of a handler's source that belong in the store.
fn faults(source: &str) -> Vec<String> {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut faults: Vec<String> = code
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| STORE_WORDS.contains(word))
        .map(|word| format!("it says {word}"))
        .collect();
    let macros = STORE_MACROS.into_iter().filter(|name| code.contains(name));
    faults.extend(macros.map(|name| format!("it says {name}")));
    let closures = code.match_indices("|db").map(|(at, _)| &code[at..]);
    let several = closures.filter(|closure| {
        // A body without braces is a single expression.
        let body = closure[1..].split_once('|').map_or("", |(_, body)| body.trim_start());
        body.starts_with('{') && block(body).contains([';', '?'])
    });
    faults.extend(several.map(|closure| {
        let line = closure.lines().next().unwrap_or_default();
        format!("{line} … calls several functions on one connection")
    }));
    faults
}

/// The block at the beginning of a text, up to its closing brace.
fn block(text: &str) -> &str {
    let mut depth = 0_u32;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return &text[..at],
            '}' => depth -= 1,
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_calls_one_store_function() {
        let check = |source: &str, expected: usize| {
            assert_eq!(faults(source).len(), expected, "{source}: {:?}", faults(source));
        };
        check("app.store.read(move |db| bookings::find(db, school)).await?;", 0);
        check("app.store.write(move |db| {\n    bookings::end(db, &ctx)\n})\n.await?;", 0);
        check("visitor.read(&app, |db, asked| {\n    slots::grid(db, asked)\n}).await?;", 0);
        check("// Db and a transaction are the store's.", 0);
        check("app.store.write(move |db| {\n    a(db)?;\n    b(db)\n}).await?;", 1);
        check("app.store.write(move |db| {\n    let a = a(db);\n    b(db, a)\n}).await", 1);
        check("use crate::store::{Db, bookings};", 1);
        check("use diesel::prelude::*;", 1);
        check("with_conn!(db, conn => run(conn))", 1);
    }
}
