//! Seed values for the fuzzer's settings: real ids and times of the demo school, so that requests
//! refer to existing objects.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Value, json};

use super::school::Principal;

/// Lists, and the kind of the objects whose `id` they contain.
const LISTS: [(&str, &str); 6] = [
    ("/evenings", "evening"),
    ("/bookings", "booking"),
    ("/invites", "invite"),
    ("/parents", "parent"),
    ("/clients", "client"),
    ("/webhooks", "webhook"),
];
/// Lists of an evening, and the kind of the objects whose `id` their rows contain.
const EVENING_LISTS: [(&str, &str); 5] = [
    ("slots", ""),
    ("bookings", "booking"),
    ("invites", "invite"),
    ("schedule", ""),
    ("settings", ""),
];
/// Fields of responses, and the kind of the values that they contain.
const FIELDS: [(&str, &str); 16] = [
    ("evening_id", "evening"),
    ("booking_id", "booking"),
    ("invite_id", "invite"),
    ("parent_id", "parent"),
    ("person_id", "parent"),
    ("student_id", "student"),
    ("class_id", "class"),
    ("starts_at", "time"),
    ("times", "time"),
    ("email", "email"),
    ("name", "words"),
    ("title", "words"),
    ("date", "date"),
    ("starts", "clock_time"),
    ("ends", "clock_time"),
    ("opens", "moment"),
];
/// Parameters, the kind of their values, and the probability of a real value.
const PARAMETERS: [(&str, &str, &str); 32] = [
    ("path.evening_id", "evening", "0.8"),
    ("query.evening_id", "evening", "0.5"),
    ("path.booking_id", "booking", "0.8"),
    ("path.invite_id", "invite", "0.8"),
    ("path.parent_id", "parent", "0.8"),
    ("query.parent_id", "parent", "0.8"),
    ("path.student_id", "student", "0.8"),
    ("body.student_id", "student", "0.8"),
    ("body.student_ids[*]", "student", "0.8"),
    ("body.starts_at", "time", "0.8"),
    ("body.bookings[*].student_id", "student", "0.8"),
    ("body.bookings[*].class_id", "class", "0.8"),
    ("body.bookings[*].starts_at", "time", "0.8"),
    ("body.email", "email", "0.8"),
    ("body.name", "words", "0.8"),
    ("body.title", "words", "0.8"),
    ("body.date", "date", "0.8"),
    ("body.starts", "clock_time", "0.5"),
    ("body.ends", "clock_time", "0.5"),
    ("body.booking.opens", "moment", "0.8"),
    ("body.booking.closes", "moment", "0.8"),
    ("query.q", "text", "0.5"),
    ("body.note", "text", "0.5"),
    ("body.code", "text", "0.5"),
    ("body.items[*].sourced_id", "text", "0.2"),
    ("body.items[*].given_name", "text", "0.2"),
    ("body.items[*].family_name", "text", "0.2"),
    ("body.items[*].email", "email", "0.5"),
    ("body.token", "token", "0.8"),
    ("body.client_id", "client", "0.8"),
    ("body.client_secret", "secret", "0.8"),
    ("header.If-Match", "tag", "0.5"),
];
/// Texts that are known to cause faults: control characters, long texts, digits of other scripts,
/// invisible characters, links.
const EDGE_CASES: [&str; 20] = [
    "\0",
    "a\0b",
    "\u{1b}[31m",
    "\u{85}\u{9f}",
    "\u{200b}\u{feff}\u{ad}\u{2060}",
    "\u{202e}cba\u{2066}",
    "\u{fffe}\u{ffff}",
    "%_\\",
    "１２７.０.０.１",
    "a@127.0.0.١",
    "a@0x7f.1",
    "a@ⓔxample.org",
    "a@xn--e1afmkfd.xn--p1ai",
    "a@example。org",
    "mailto:a@example.org?subject=b",
    "Name <a@example.org>,",
    "a\u{200b}b@example.org",
    "PARLOUR-CHECK.COM/x",
    "t.co/abc",
    "пример.рф",
];
/// The lengths of the longest texts, in characters: beyond an index of PostgreSQL, and beyond a
/// pattern of SQLite. Both fit into the head of a request, where the first character takes six
/// bytes of the query.
const EDGE_CASE_LENGTHS: [(&str, usize); 2] = [("é", 7_000), ("x", 52_000)];
/// The kinds that include the edge cases.
const EDGE_CASE_KINDS: [&str; 3] = ["words", "email", "text"];
/// More values of a kind would not make it more likely that two values belong together.
const MAX_VALUES: usize = 20;

/// Values by kind.
type Seeds = BTreeMap<&'static str, BTreeSet<String>>;

/// The settings with all values that this principal can name, and with an API client's id and
/// secret.
///
/// # Errors
/// If the server does not answer.
pub fn settings(principal: &Principal, (id, secret): (String, String)) -> Result<String> {
    let mut seeds =
        Seeds::from([("client", BTreeSet::from([id])), ("secret", BTreeSet::from([secret]))]);
    for (list, kind) in LISTS {
        collect(&principal.get(&format!("{list}?limit=20"))?, kind, &mut seeds);
    }
    for evening in seeds.get("evening").cloned().unwrap_or_default() {
        for (part, kind) in EVENING_LISTS {
            collect(&principal.get(&format!("/evenings/{evening}/{part}"))?, kind, &mut seeds);
        }
    }
    collect(&principal.get("/guest/appointments")?, "", &mut seeds);
    collect(&principal.get("/me")?, "", &mut seeds);
    // A link works for anybody who has it, also the link that ends an invite; logged-in principals
    // would end the invite that they are about to read.
    if principal.header.is_empty() {
        seeds.insert("token", tokens(&principal.get("/dev/mails?limit=100")?));
    }
    for kind in EDGE_CASE_KINDS {
        seeds.entry(kind).or_default().extend(edge_cases());
    }
    seeds.insert("tag", BTreeSet::from(["*".to_owned()]));
    seeds.retain(|_, values| !values.is_empty());
    Ok(to_toml(&seeds))
}

fn edge_cases() -> impl Iterator<Item = String> {
    EDGE_CASES
        .into_iter()
        .map(str::to_owned)
        .chain(EDGE_CASE_LENGTHS.map(|(letter, length)| letter.repeat(length)))
}

/// The tokens of the links in mails, which are in the fragment.
fn tokens(mails: &Value) -> BTreeSet<String> {
    let texts =
        mails["items"].as_array().into_iter().flatten().filter_map(|mail| mail["text"].as_str());
    let words = texts.flat_map(str::split_whitespace).filter(|word| word.starts_with("http"));
    words
        .filter_map(|link| link.split_once("#t="))
        .map(|(_, token)| token.to_owned())
        .take(MAX_VALUES)
        .collect()
}

/// Collects the values in a response, at any depth; its own `id`s are of this kind.
fn collect(answer: &Value, kind: &'static str, seeds: &mut Seeds) {
    match answer {
        Value::Array(items) => items.iter().for_each(|item| collect(item, kind, seeds)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match FIELDS.iter().find(|(field, _)| field == name) {
                    Some((_, of)) => add_value(value, of, seeds),
                    None if name == "id" => add_value(value, kind, seeds),
                    // An object in a field named after a role is of that kind; other nested objects
                    // are not of the list's kind.
                    None if name == "student" || name == "students" => {
                        collect(value, "student", seeds)
                    }
                    None if name == "items" || name == "rows" => collect(value, kind, seeds),
                    None => collect(value, "", seeds),
                }
            }
        }
        _ => {}
    }
}

fn add_value(value: &Value, kind: &'static str, seeds: &mut Seeds) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| add_value(item, kind, seeds)),
        Value::String(text) if !kind.is_empty() => {
            let known = seeds.entry(kind).or_default();
            if known.len() < MAX_VALUES {
                known.insert(text.clone());
            }
        }
        _ => {}
    }
}

fn to_toml(seeds: &Seeds) -> String {
    let dictionaries = seeds
        .iter()
        .map(|(kind, values)| format!("{kind} = {{ values = {} }}\n", toml_list(values)))
        .collect::<String>();
    let is_known = |kind: &str| seeds.contains_key(kind);
    let parameters = PARAMETERS.iter().filter(|(_, kind, _)| is_known(kind));
    let parameters = parameters
        .map(|(place, kind, often)| {
            format!("\"{place}\" = {{ dictionary = \"{kind}\", probability = {often} }}\n")
        })
        .collect::<String>();
    format!("[dictionaries]\n{dictionaries}\n[parameters]\n{parameters}")
}

/// The values as a TOML list: JSON, except for the one character that JSON leaves unescaped and
/// TOML does not allow. Names may be of any script, including generated ones.
fn toml_list(values: &BTreeSet<String>) -> String {
    json!(values).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_valid_toml() {
        let values = ["Zoe\u{301} \"Z\"", "a\u{200d}b\u{7f}", "\\\n\u{1}"].map(str::to_owned);
        assert_eq!(
            toml_list(&BTreeSet::from(values)),
            "[\"Zoe\u{301} \\\"Z\\\"\",\"\\\\\\n\\u0001\",\"a\u{200d}b\\u007f\"]"
        );
    }
}
