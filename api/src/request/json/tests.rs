//! Tests of the JSON deserializer and of its error texts.

use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Outer {
    name: String,
    count: Option<u16>,
    inner: Option<Inner>,
    #[serde(default)]
    all: Vec<Inner>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Inner {
    mode: Mode,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Video,
    InPerson,
}

#[test]
fn invalid_json_is_reported_with_its_field() {
    #[track_caller]
    fn check(value: &Value, field: &str, code: &str, detail: &str) {
        let wrong = read::<Outer>(value, Nulls::Absent).expect_err("the JSON is invalid");
        assert_eq!(
            (wrong.field.as_str(), wrong.code.as_str(), wrong.detail.as_str()),
            (field, code, detail),
            "{value}"
        );
    }
    check(&json!({}), "name", "required", "Give name.");
    check(&json!(["x", 1, null, []]), "body", "wrong_shape", "Give an object; this is a list.");
    check(&json!(7), "body", "wrong_shape", "Give an object; this is a number.");
    check(&json!({ "name": 18 }), "name", "wrong_shape", "Give a text; this is integer 18.");
    check(&json!({ "name": null }), "name", "wrong_shape", "Give a text; this is null.");
    check(
        &json!({ "name": "x", "count": -5 }),
        "count",
        "wrong_shape",
        "Give a whole number of a fitting size; this is integer -5.",
    );
    check(
        &json!({ "name": "x", "count": 5.5 }),
        "count",
        "wrong_shape",
        "Give a whole number of a fitting size; this is floating point 5.5.",
    );
    check(
        &json!({ "name": "x", "count": 1e300 }),
        "count",
        "wrong_shape",
        "Give a whole number of a fitting size; this is floating point 1e+300.",
    );
    check(
        &json!({ "name": "x", "size": 1 }),
        "size",
        "unknown",
        "There is no such field here. There is: name, count, inner, all, title, note, tags.",
    );
    check(&json!({ "name": "x", "inner": {} }), "inner.mode", "required", "Give mode.");
    check(
        &json!({ "name": "x", "inner": { "mode": "phone" } }),
        "inner.mode",
        "wrong_shape",
        "Give one of: video or in_person.",
    );
    check(
        &json!({ "name": "x", "inner": { "mode": { "video": null } } }),
        "inner.mode",
        "wrong_shape",
        "Give a text; this is an object.",
    );
    check(
        &json!({ "name": "x", "inner": ["video"] }),
        "inner",
        "wrong_shape",
        "Give an object; this is a list.",
    );
    check(
        &json!({ "name": "x", "all": [{ "mode": "video" }, ["video"]] }),
        "all[1]",
        "wrong_shape",
        "Give an object; this is a list.",
    );
    check(
        &json!({ "name": "x", "title": "x\0" }),
        "title",
        "format",
        "Give a text without control characters.",
    );
    check(
        &json!({ "name": "x", "title": "x\ny" }),
        "title",
        "format",
        "Give a text without control characters.",
    );
    check(
        &json!({ "name": "x", "note": "one\ntwo\u{85}" }),
        "note",
        "format",
        "Give a text without control characters.",
    );
    check(
        &json!({ "name": "x", "tags": ["a", "b\u{1b}"] }),
        "tags[1]",
        "format",
        "Give a text without control characters.",
    );
    check(
        &json!({ "name": "x", "all": {} }),
        "all",
        "wrong_shape",
        "Give a list; this is an object.",
    );
}

#[test]
fn faults_of_the_contract_keep_their_texts() {
    #[track_caller]
    fn check<T: DeserializeOwned + std::fmt::Debug>(value: &Value, expected: [&str; 3]) {
        let wrong = read::<T>(value, Nulls::Absent).expect_err("the JSON is invalid");
        assert_eq!([&*wrong.field, &*wrong.code, &*wrong.detail], expected, "{value}");
    }
    let id = "0b7e4a5e-1111-4222-8333-444455556666";
    check::<Dated>(
        &json!({ "id": "x" }),
        [
            "id",
            "wrong_shape",
            "Is of the wrong shape: UUID parsing failed: invalid character: found `x` at 0.",
        ],
    );
    check::<Dated>(
        &json!({ "id": 7 }),
        ["id", "wrong_shape", "Give a formatted UUID string; this is integer 7."],
    );
    check::<Dated>(
        &json!({ "id": id, "on": "2026-13-01" }),
        ["on", "wrong_shape", "Is of the wrong shape: input is out of range."],
    );
    check::<Dated>(
        &json!({ "id": id, "on": "soon" }),
        ["on", "wrong_shape", "Is of the wrong shape: input contains invalid characters."],
    );
    check::<Dated>(
        &json!({ "id": id, "on": [] }),
        ["on", "wrong_shape", "Give a formatted date string; this is a list."],
    );
    check::<Dated>(
        &json!({ "id": id, "at": "2026-11-26" }),
        ["at", "wrong_shape", "Is of the wrong shape: premature end of input."],
    );
    check::<Dated>(
        &json!({ "id": id, "at": true }),
        [
            "at",
            "wrong_shape",
            "Give an RFC 3339 formatted date and time string; this is boolean true.",
        ],
    );
    check::<Dated>(
        &json!({ "id": id, "pair": ["a"] }),
        ["pair", "wrong_shape", "Give a tuple of size 2; this is invalid length 1."],
    );
    check::<Dated>(
        &json!({ "id": id, "pair": {} }),
        ["pair", "wrong_shape", "Give a tuple of size 2; this is an object."],
    );
    check::<Dated>(
        &json!({ "id": id, "share": "much" }),
        ["share", "wrong_shape", "Give f64; this is string \"much\"."],
    );
    check::<Dated>(
        &json!({ "id": id, "share": null }),
        ["share", "wrong_shape", "Give f64; this is null."],
    );
    check::<Dated>(
        &json!({ "id": id, "whole": u64::MAX }),
        [
            "whole",
            "wrong_shape",
            "Give a whole number of a fitting size; this is integer 18446744073709551615.",
        ],
    );
    check::<Dated>(
        &json!({ "id": id, "whole": "`5`, expected six" }),
        [
            "whole",
            "wrong_shape",
            "Give a whole number of a fitting size; this is string \"5, expected six\".",
        ],
    );
    check::<Dated>(
        &json!({ "id": id, "yes": 1 }),
        ["yes", "wrong_shape", "Give true or false; this is integer 1."],
    );
    check::<Dated>(
        &json!({ "id": id, "yes": "true" }),
        ["yes", "wrong_shape", "Give true or false; this is string \"true\"."],
    );
    check::<Dated>(
        &json!({ "id": id, "only": "one" }),
        ["only", "wrong_shape", "Give one of: this."],
    );
    check::<Dated>(
        &json!({ "id": id, "only": 1 }),
        ["only", "wrong_shape", "Give a text; this is a number."],
    );
    check::<Dated>(
        &json!({ "id": id, "letter": "ab" }),
        ["letter", "wrong_shape", "Give a character; this is string \"ab\"."],
    );
    check::<Dated>(
        &json!({ "id": id, "nothing": 1 }),
        ["nothing", "wrong_shape", "Give unit struct Nothing; this is integer 1."],
    );
    check::<Dated>(
        &json!({ "id": id, "modes": { "x": "video", "y": "phone" } }),
        ["modes.y", "wrong_shape", "Give one of: video or in_person."],
    );
    check::<Dated>(
        &json!({ "id": id, "modes": { "x": 4 } }),
        ["modes.x", "wrong_shape", "Give a text; this is a number."],
    );
    check::<Dated>(
        &json!({ "id": id, "kind": { "type": "c" } }),
        ["kind.type", "wrong_shape", "Give one of: a or b."],
    );
    check::<Dated>(
        &json!({ "id": id, "kind": { "type": "a", "size": "x" } }),
        ["kind", "wrong_shape", "Give a whole number of a fitting size; this is string \"x\"."],
    );
    check::<Dated>(&json!({ "id": id, "kind": {} }), ["kind.type", "required", "Give type."]);
    check::<Dated>(
        &json!({ "id": id, "kind": "a" }),
        ["kind", "wrong_shape", "Give internally tagged enum Kind; this is string \"a\"."],
    );
    check::<Dated>(
        &json!({ "id": id, "named": 4 }),
        ["named", "wrong_shape", "Give a text; this is integer 4."],
    );
    check::<Dated>(
        &json!({ "id": id, "twice": 4, "both": 5 }),
        ["body", "wrong_shape", "Is of the wrong shape: duplicate field `twice`."],
    );
    check::<Dated>(
        &json!({ "id": id, "odd": 4 }),
        ["odd", "wrong_shape", "Is of the wrong shape: an even number."],
    );
    check::<Dated>(
        &json!({ "id": id, "x".repeat(70): 4 }),
        [
            "body",
            "unknown",
            "There is no such field here. There is: id, on, at, pair, share, whole, \
             yes, only, letter, nothing, modes, kind, named, both, twice, odd.",
        ],
    );
    check::<Single>(
        &json!({ "b": 1 }),
        ["b", "unknown", "There is no such field here. There is: a."],
    );
    check::<Empty>(
        &json!({ "b": 1 }),
        ["b", "unknown", "There is no such field here. There is: ."],
    );
    check::<Vec<Single>>(&json!([{ "a": 1 }, {}, 4]), ["[1].a", "required", "Give a."]);
    check::<Vec<Single>>(
        &json!([{ "a": 1 }, { "b": 4 }]),
        ["b", "unknown", "There is no such field here. There is: a."],
    );
    check::<parlour_wire::NewEvening>(
        &json!({ "classes": [{ "colour": 1 }] }),
        [
            "colour",
            "unknown",
            "There is no such field here. There is: ids, subjects, titles, all, exclude_ids, meet.",
        ],
    );
    check::<parlour_wire::EveningChange>(
        &json!({ "mode": null }),
        ["mode", "wrong_shape", "Give a text; this is null."],
    );
    check::<parlour_wire::EveningChange>(
        &json!({ "capacity": "x" }),
        ["capacity", "wrong_shape", "Give a whole number of a fitting size; this is string \"x\"."],
    );
    check::<parlour_wire::EveningChange>(
        &json!({ "booking": { "opens": 4 } }),
        ["booking.opens", "wrong_shape", "Give a text; this is integer 4."],
    );
    check::<parlour_wire::RosterEnrolment>(
        &json!({ "begins_on": "x" }),
        ["begins_on", "wrong_shape", "Is of the wrong shape: input contains invalid characters."],
    );
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the tests only check that parsing fails")]
struct Dated {
    id: uuid::Uuid,
    on: Option<chrono::NaiveDate>,
    at: Option<chrono::DateTime<chrono::Utc>>,
    pair: Option<(String, u8)>,
    #[serde(default)]
    share: f64,
    whole: Option<i64>,
    yes: Option<bool>,
    only: Option<Only>,
    letter: Option<char>,
    nothing: Option<Nothing>,
    modes: Option<std::collections::BTreeMap<String, Mode>>,
    kind: Option<Kind>,
    named: Option<Named>,
    #[serde(alias = "both")]
    twice: Option<u8>,
    #[serde(default, deserialize_with = "odd")]
    odd: u8,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum Only {
    This,
}

#[derive(Deserialize, Debug)]
struct Nothing;

#[derive(Deserialize, Debug)]
#[expect(dead_code, reason = "the tests only check that parsing fails")]
struct Named(String);

#[derive(Deserialize, Debug)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(dead_code, reason = "the tests only check that parsing fails")]
enum Kind {
    A { size: u8 },
    B,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the tests only check that parsing fails")]
struct Single {
    a: u8,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Empty {}

fn odd<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    use serde::de::Error as _;
    let number = u8::deserialize(deserializer)?;
    if number % 2 == 1 { Ok(number) } else { Err(D::Error::custom("an even number")) }
}

#[test]
fn valid_json_is_parsed() {
    let value = json!({
        "name": "x", "count": null, "inner": { "mode": "video" }, "all": [{ "mode": "in_person" }],
        "title": "y", "note": "one\n\ttwo", "tags": ["a "],
    });
    let expected = Outer {
        name: "x".to_owned(),
        count: None,
        inner: Some(Inner { mode: Mode::Video }),
        all: vec![Inner { mode: Mode::InPerson }],
        title: "y".to_owned(),
        note: "one\n\ttwo".to_owned(),
        tags: vec!["a ".to_owned()],
    };
    assert_eq!(read::<Outer>(&value, Nulls::Absent).expect("the JSON is valid"), expected);
    let counted = read::<Outer>(&json!({ "name": "x", "count": 5.0 }), Nulls::Absent)
        .expect("5.0 is an integer");
    assert_eq!(counted.count, Some(5));
    let refused = read::<Outer>(&value, Nulls::Refused).expect_err("null is refused");
    assert_eq!(
        (refused.field.as_str(), refused.detail.as_str()),
        ("count", "Give a value, or leave it out; this is null.")
    );
}
