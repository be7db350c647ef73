//! A strict deserializer of JSON into the wire types. An object must not be written as a list of
//! its values, and an error names the field.

mod fault;
#[cfg(test)]
mod tests;

use std::{iter::Enumerate, slice};

use parlour_domain::text::{self, Lines};
use parlour_wire::FieldError;
use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Unexpected, Visitor,
        value::BorrowedStrDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Number, Value};

use self::fault::Fault;

/// Treatment of `null` in an optional field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nulls {
    /// As an absent field.
    Absent,
    /// As an error: a sender that means "unknown" by `null` would otherwise leave the value
    /// unchanged.
    Refused,
}

/// Fields with texts of several lines.
const MULTILINE_FIELDS: [&str; 1] = ["note"];

/// Fields whose own rules refuse control characters with their own error codes.
const SELF_VALIDATED_FIELDS: [&str; 1] = ["name"];

/// Reads a value and checks its texts for control characters. Blanks and line breaks at the ends of
/// a text are allowed, because some fields are trimmed later.
///
/// # Errors
/// The field and one of the codes `required`, `unknown`, `wrong_shape`, and `format` for a control
/// character.
pub fn read<T: DeserializeOwned>(value: &Value, nulls: Nulls) -> Result<T, FieldError> {
    T::deserialize(StrictDeserializer { value, nulls, lines: Some(Lines::One) })
        .map_err(FieldError::from)
}

/// A value with the options of its deserialization.
#[derive(Clone, Copy)]
struct StrictDeserializer<'de> {
    value: &'de Value,
    nulls: Nulls,
    /// The rule for line breaks in a text; `None` where the field has its own rules.
    lines: Option<Lines>,
}

impl<'de> StrictDeserializer<'de> {
    /// Checks a text of the contract for control characters. A text inside of a plain JSON value is
    /// not checked here but by the code that parses that value.
    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let (Some(lines), Some(text)) = (self.lines, self.value.as_str())
            && !text
                .trim_matches(['\t', '\n', '\r', ' '])
                .chars()
                .all(|c| text::is_allowed(c, lines))
        {
            return Err(Fault::control_character());
        }
        self.deserialize_any(visitor)
    }

    fn map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Object(object) => {
                visitor.visit_map(Members { rest: object.iter(), member: None, nulls: self.nulls })
            }
            other => Err(Fault::invalid_type(unexpected(other), &"an object")),
        }
    }

    /// A number without a fraction is an integer, however it is written (JSON Schema 2020-12, Core
    /// 4.2.3): `5.0` is 5.
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
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
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.integer(visitor)
        })+
    };
}

impl<'de> Deserializer<'de> for StrictDeserializer<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visit_number(number, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                visitor.visit_seq(Items { rest: items.iter().enumerate(), list: self })
            }
            Value::Object(_) => self.map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match (self.value, self.nulls) {
            (Value::Null, Nulls::Absent) => visitor.visit_none(),
            (Value::Null, Nulls::Refused) => {
                Err(Fault::invalid_type(Unexpected::Other("null"), &"a value, or leave it out"))
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value {
            Value::String(name) => visitor.visit_enum(BorrowedStrDeserializer::new(name)),
            other => Err(Fault::invalid_type(unexpected(other), &"a text")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
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

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Fault> {
    if let Some(number) = number.as_u64() {
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else {
        visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
    }
}

/// The members of an object, for serde.
struct Members<'de> {
    rest: serde_json::map::Iter<'de>,
    /// The member whose key was read last and whose value is read next.
    member: Option<(&'de str, &'de Value)>,
    nulls: Nulls,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.member = Some((key, value));
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
            .map_err(|fault: Fault| fault.in_member(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let Some((key, value)) = self.member.take() else {
            return Err(Fault::custom("a value was read before its key"));
        };
        let lines = match key {
            key if SELF_VALIDATED_FIELDS.contains(&key) => None,
            key if MULTILINE_FIELDS.contains(&key) => Some(Lines::Many),
            _ => Some(Lines::One),
        };
        seed.deserialize(StrictDeserializer { value, nulls: self.nulls, lines })
            .map_err(|fault| fault.in_member(key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The items of a list, for serde.
struct Items<'de> {
    rest: Enumerate<slice::Iter<'de, Value>>,
    list: StrictDeserializer<'de>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((index, value)) = self.rest.next() else { return Ok(None) };
        seed.deserialize(StrictDeserializer { value, ..self.list })
            .map(Some)
            .map_err(|fault| fault.in_item(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
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
