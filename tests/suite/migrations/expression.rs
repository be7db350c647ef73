//! The normal form of an SQL expression. SQLite keeps the migration's text, and PostgreSQL rewrites
//! it.

/// Removes casts and parentheses and rewrites `in` and `between` as comparisons, so that both
/// databases have the same text for one expression. Without parentheses `(a or b) and c` looks like
/// `a or (b and c)`: the comparison does not see that difference.
pub fn normalised(expression: &str) -> String {
    let mut tokens = tokens(expression);
    drop_casts(&mut tokens);
    tokens.retain(|token| !["(", ")", "[", "]"].contains(&token.as_str()));
    let mut out: Vec<String> = Vec::new();
    let mut rest = tokens.as_slice();
    loop {
        rest = match rest {
            // PostgreSQL writes `in` as `= any (array […])`.
            [equals, any, array, rest @ ..] if [equals, any, array] == ["=", "any", "array"] => {
                out.push("in".to_owned());
                rest
            }
            [between, low, and, high, rest @ ..] if between == "between" && and == "and" => {
                let subject = out.last().cloned().unwrap_or_default();
                out.extend([">=", low, "and", &subject, "<=", high].map(str::to_owned));
                rest
            }
            [token, rest @ ..] => {
                out.push(literal(token).to_owned());
                rest
            }
            [] => return out.join(" "),
        };
    }
}

/// Translates a literal to SQLite's form: booleans are numbers, and timestamps count from 1970.
fn literal(token: &str) -> &str {
    match token {
        "true" => "1",
        "false" | "'1970-01-01 00:00:00+00'" => "0",
        other => other,
    }
}

/// Removes `::type`, also when the type consists of several words.
fn drop_casts(tokens: &mut Vec<String>) {
    while let Some(at) = tokens.iter().position(|token| token == "::") {
        let words: &[&str] = &["timestamp", "with", "time", "zone"];
        let is_moment = tokens.get(at + 1..at + 5).is_some_and(|kind| kind == words);
        tokens.drain(at..at + if is_moment { 5 } else { 2 });
    }
}

/// Splits SQL into words in lower case, quoted texts and signs. Comments are dropped.
pub fn tokens(sql: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => 1 + rest[1..].find('\'').expect("a text ends") + 1,
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ if is_word(first) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
            _ if ["::", "<=", ">=", "<>", "||"].iter().any(|sign| rest.starts_with(sign)) => 2,
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if token.starts_with('\'') {
            tokens.push(token.to_owned());
        } else if !token.starts_with("--") {
            tokens.push(token.to_lowercase());
        }
        rest = after.trim_start();
    }
    tokens
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[test]
fn both_ways_to_write_an_expression_are_one() {
    let check = |sqlite: &str, postgres: &str| {
        assert_eq!(normalised(sqlite), normalised(postgres));
    };
    check(
        "role in ('student', 'teacher')",
        "((role = ANY (ARRAY['student'::text, 'teacher'::text])))",
    );
    check("capacity between 2 and 5", "(((capacity >= 2) AND (capacity <= 5)))");
    check("ended_at is null -- lives\n", "(ended_at IS NULL)");
    check("0", "'1970-01-01 00:00:00+00'::timestamp with time zone");
    check("0", "false");
    check("'[]'", "'[]'::text");
}

#[test]
fn other_expressions_are_others() {
    let check = |one: &str, other: &str| assert_ne!(normalised(one), normalised(other));
    check("role in ('student', 'teacher')", "role in ('student')");
    check("role in ('student')", "role in ('Student')");
    check("capacity between 2 and 5", "capacity between 2 and 6");
    check("ended_at is null", "ended_at is not null");
    check("a is null and b is null", "a is null");
    check("'0'", "0");
}
