//! JSON into the shapes of the contract, to the letter: an object is an object and not a list of
//! its values, and what is wrong is said with its place.

use parlour_domain::text::{self, Lines};
use parlour_wire::FieldError;
use serde::{
    Deserializer,
    de::{
        DeserializeOwned, Error as _, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Value};

/// What becomes of a `null` where a value may be absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nulls {
    /// It is as if nothing were there.
    Absent,
    /// It is refused: whoever means "unknown" must not be taken to say nothing.
    Refused,
}

/// The fields that hold texts of several lines.
const MANY_LINES: [&str; 1] = ["note"];

/// The fields whose own rules refuse control characters, each with a code of its own.
const OWN_RULES: [&str; 1] = ["name"];

/// Said of a text that holds a character which no text may hold.
const CONTROL_CHARACTER: &str = "control character";

/// Reads a value. Blanks and line breaks around a text are let through: some fields are trimmed.
///
/// # Errors
/// What is wrong, and where: `required`, `unknown`, `wrong_shape`, or `format` for a control
/// character.
pub fn read<T: DeserializeOwned>(value: &Value, nulls: Nulls) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(Strict { value, nulls, lines: Some(Lines::One) })
        .map_err(|error| wrong(&error.path().to_string(), &error.inner().to_string()))
}

/// In the words of a person, what serde says in those of a program.
fn wrong(path: &str, said: &str) -> FieldError {
    let named = said.split('`').nth(1).unwrap_or_default();
    let place = if path == "." { "" } else { path };
    let within = if place.is_empty() || place.ends_with(named) {
        named.to_owned()
    } else {
        format!("{place}.{named}")
    };
    let (field, code, detail) = if said == CONTROL_CHARACTER {
        (place.to_owned(), "format", "Give a text without control characters.".to_owned())
    } else if said.starts_with("missing field") {
        (within, "required", format!("Give {named}."))
    } else if said.starts_with("unknown field") {
        let known = said
            .split_once("expected ")
            .map(|(_, known)| known.trim_start_matches("one of ").replace('`', ""))
            .unwrap_or_default();
        (within, "unknown", format!("There is no such field here. There is: {known}."))
    } else if said.starts_with("unknown variant") {
        let known = said
            .split_once("expected ")
            .map(|(_, known)| known.trim_start_matches("one of ").replace('`', ""))
            .unwrap_or_default();
        (place.to_owned(), "wrong_shape", format!("Give one of: {known}."))
    } else {
        (place.to_owned(), "wrong_shape", shape(said))
    };
    let field = if field.is_empty() || field.len() > 64 { "body".to_owned() } else { field };
    FieldError { field, code: code.to_owned(), detail }
}

/// `invalid type: integer `18`, expected a string`, without the names of our types.
fn shape(said: &str) -> String {
    let Some((found, expected)) = said.rsplit_once(", expected ") else {
        return format!("Is of the wrong shape: {said}.");
    };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" | "usize" => {
            "a whole number of a fitting size"
        }
        "a boolean" => "true or false",
        "a string" => "a text",
        "a sequence" => "a list",
        "option" => "a value",
        other => other,
    };
    let found =
        match found.trim_start_matches("invalid type: ").trim_start_matches("invalid value: ") {
            "map" => "an object".to_owned(),
            "sequence" => "a list".to_owned(),
            other => other.replace('`', ""),
        };
    format!("Give {expected}; this is {found}.")
}

/// A value that is read strictly.
#[derive(Clone, Copy)]
struct Strict<'de> {
    value: &'de Value,
    nulls: Nulls,
    /// None where another rule decides.
    lines: Option<Lines>,
}

impl<'de> Strict<'de> {
    /// A text of the contract; one that is read as any JSON is checked by whoever reads it on.
    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let (Some(lines), Some(text)) = (self.lines, self.value.as_str())
            && !text
                .trim_matches(['\t', '\n', '\r', ' '])
                .chars()
                .all(|c| text::is_allowed(c, lines))
        {
            return Err(Error::custom(CONTROL_CHARACTER));
        }
        self.deserialize_any(visitor)
    }

    fn map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Object(object) = self.value else {
            return Err(Error::invalid_type(unexpected(self.value), &"an object"));
        };
        let lines = |key: &str| match key {
            key if OWN_RULES.contains(&key) => None,
            key if MANY_LINES.contains(&key) => Some(Lines::Many),
            _ => Some(Lines::One),
        };
        let members = object
            .iter()
            .map(|(key, value)| (key.as_str(), Strict { value, lines: lines(key), ..self }));
        visitor.visit_map(MapDeserializer::new(members))
    }

    /// A number without a fraction is an integer, however it is written (JSON Schema 2020-12, Core
    /// 4.2.3): `5.0` is 5.
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let written_long =
            self.value.as_f64().filter(|number| self.value.is_f64() && number.fract() == 0.0);
        match written_long.and_then(|number| format!("{number:.0}").parse().ok()) {
            Some(number) => visitor.visit_i64(number),
            None => self.deserialize_any(visitor),
        }
    }
}

macro_rules! integers {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.integer(visitor)
        })+
    };
}

impl<'de> IntoDeserializer<'de, Error> for Strict<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(
                items.iter().map(|value| Strict { value, ..self }),
            )),
            Value::Object(_) => self.map(visitor),
            single => single.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match (self.value, self.nulls) {
            (Value::Null, Nulls::Absent) => visitor.visit_none(),
            (Value::Null, Nulls::Refused) => {
                Err(Error::invalid_type(Unexpected::Other("null"), &"a value, or leave it out"))
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::String(_) => self.value.deserialize_enum(name, variants, visitor),
            other => Err(Error::invalid_type(unexpected(other), &"a text")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple tuple_struct map
        identifier ignored_any
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Other("null"),
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(_) => Unexpected::Other("a number"),
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Other("a list"),
        Value::Object(_) => Unexpected::Other("an object"),
    }
}

#[cfg(test)]
mod tests {
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
    fn what_is_wrong_is_said_with_its_place() {
        #[track_caller]
        fn check(value: &Value, field: &str, code: &str, detail: &str) {
            let wrong = read::<Outer>(value, Nulls::Absent).expect_err("it is wrong");
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
    fn what_is_right_is_read() {
        let value = json!({
            "name": "x",
            "count": null,
            "inner": { "mode": "video" },
            "all": [{ "mode": "in_person" }],
            "title": "y",
            "note": "one\n\ttwo",
            "tags": ["a "],
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
        assert_eq!(read::<Outer>(&value, Nulls::Absent).expect("it is right"), expected);
        let counted = read::<Outer>(&json!({ "name": "x", "count": 5.0 }), Nulls::Absent)
            .expect("it is an integer, written long");
        assert_eq!(counted.count, Some(5));
        let refused = read::<Outer>(&value, Nulls::Refused).expect_err("null is no value");
        assert_eq!(
            (refused.field.as_str(), refused.detail.as_str()),
            ("count", "Give a value, or leave it out; this is null.")
        );
    }
}
