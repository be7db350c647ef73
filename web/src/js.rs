//! JSON parsed by the browser, read into the shapes of the contract.

use js_sys::{Array, JSON, Reflect};
use parlour_wire::minimal_json::JsonValue;
use wasm_bindgen::{JsCast, JsValue};

/// A value that the browser parsed.
#[derive(Default)]
pub(crate) struct Js(JsValue);

impl Js {
    /// Parses a text; malformed JSON gives a value from which no shape can be read.
    pub(crate) fn parse(text: &str) -> Self {
        Self(JSON::parse(text).unwrap_or_default())
    }

    /// Parses the body of a response, which may be empty. `None` if it is not JSON and therefore
    /// not from our server.
    pub(crate) fn parse_response(text: &str) -> Option<Self> {
        if text.is_empty() { Some(Self::default()) } else { JSON::parse(text).ok().map(Self) }
    }
}

impl JsonValue for Js {
    fn field(&self, name: &str) -> Option<Self> {
        let value = Reflect::get(&self.0, &JsValue::from_str(name)).ok()?;
        (!value.is_undefined() && !value.is_null()).then_some(Self(value))
    }

    fn items(&self) -> Option<Vec<Self>> {
        let items: &Array = self.0.dyn_ref()?;
        Some(items.iter().map(Self).collect())
    }

    fn text(&self) -> Option<String> {
        self.0.as_string()
    }

    fn number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn boolean(&self) -> Option<bool> {
        self.0.as_bool()
    }
}
