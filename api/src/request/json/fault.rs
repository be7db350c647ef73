//! The errors of the JSON deserializer: the fault, its path, and the text for the client.

use std::fmt;

use parlour_wire::FieldError;
use serde::de::{self, Expected, Unexpected};

/// The longest field name that a response repeats, in bytes.
const MAX_FIELD: usize = 64;

/// Why a value could not be read. The path grows while the error passes up through the values.
#[derive(Debug)]
pub struct Fault {
    kind: Kind,
    /// The path of the value, innermost step first.
    place: Vec<Step>,
}

#[derive(Debug)]
enum Kind {
    MissingField(&'static str),
    UnknownField { name: String, known: &'static [&'static str] },
    UnknownVariant { known: &'static [&'static str] },
    Mismatch { found: String, expected: String },
    ControlCharacter,
    Other(String),
}

/// One step from a value into what it contains.
#[derive(Debug)]
enum Step {
    Member(String),
    Item(usize),
}

impl Fault {
    /// A text contains a control character.
    pub(super) const fn control_character() -> Self {
        Self::new(Kind::ControlCharacter)
    }

    /// The same error, seen from the object that contains the value as this member.
    pub(super) fn in_member(mut self, key: &str) -> Self {
        self.place.push(Step::Member(key.to_owned()));
        self
    }

    /// The same error, seen from the list that contains the value at this index.
    pub(super) fn in_item(mut self, index: usize) -> Self {
        self.place.push(Step::Item(index));
        self
    }

    const fn new(kind: Kind) -> Self {
        Self { kind, place: Vec::new() }
    }

    fn mismatch(found: String, expected: &dyn Expected) -> Self {
        Self::new(Kind::Mismatch { found, expected: expected.to_string() })
    }

    /// The path of the value, like `bookings[1].starts_at`; empty for the whole body.
    fn path(&self) -> String {
        let mut path = String::new();
        for step in self.place.iter().rev() {
            match step {
                Step::Member(key) if path.is_empty() => path.push_str(key),
                Step::Member(key) => path.extend([".", key]),
                Step::Item(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }
}

impl From<Fault> for FieldError {
    fn from(fault: Fault) -> Self {
        let path = fault.path();
        let (field, code, detail) = match fault.kind {
            Kind::MissingField(name) if path.is_empty() => {
                (name.to_owned(), "required", format!("Give {name}."))
            }
            Kind::MissingField(name) => {
                (format!("{path}.{name}"), "required", format!("Give {name}."))
            }
            Kind::UnknownField { name, known } => {
                let known = known.join(", ");
                (name, "unknown", format!("There is no such field here. There is: {known}."))
            }
            Kind::UnknownVariant { known } => {
                (path, "wrong_shape", format!("Give one of: {}.", choice(known)))
            }
            Kind::Mismatch { found, expected } => {
                let expected = plain(&expected);
                (path, "wrong_shape", format!("Give {expected}; this is {found}."))
            }
            Kind::ControlCharacter => {
                (path, "format", "Give a text without control characters.".to_owned())
            }
            Kind::Other(reason) => {
                (path, "wrong_shape", format!("Is of the wrong shape: {reason}."))
            }
        };
        let is_named = !field.is_empty() && field.len() <= MAX_FIELD;
        let field = if is_named { field } else { "body".to_owned() };
        Self { field, code: code.to_owned(), detail }
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(Kind::Other(reason.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::mismatch(describe(found), expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::mismatch(describe(found), expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::mismatch(format!("invalid length {length}"), expected)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownVariant { known })
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownField { name: name.to_owned(), known })
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(Kind::MissingField(name))
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(Kind::Other(format!("duplicate field `{name}`")))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {:?}", self.kind, self.path())
    }
}

impl std::error::Error for Fault {}

/// Describes the value found, without the names of Rust types.
fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Unit => "null".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        // JSON writes the number differently from serde.
        Unexpected::Float(number) => format!("floating point {}", serde_json::Value::from(number)),
        other => other.to_string().replace('`', ""),
    }
}

/// Translates serde's name of an expected type into the words of the contract.
fn plain(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" | "usize" => {
            "a whole number of a fitting size"
        }
        "a boolean" => "true or false",
        "a string" => "a text",
        "a sequence" => "a list",
        "option" => "a value",
        other => other,
    }
}

/// Joins words as `a`, `a or b`, or `a, b, c`.
fn choice(words: &[&str]) -> String {
    words.join(if words.len() == 2 { " or " } else { ", " })
}
