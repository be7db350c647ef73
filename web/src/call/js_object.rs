//! An object of the browser, reached by the names of its members.
//!
//! Calls need some hundred members of WebRTC and its relatives, a few of which web-sys lacks. Bound
//! one by one, each would put a line into the script that everybody fetches first; by name they
//! cost nothing there, and only who opens a call fetches the names.

use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// Some object, or what stands in its place: a text, a number, nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct JsObject(JsValue);

/// What the browser gives, or the error that it throws.
pub(crate) type JsResult = Result<JsObject, JsObject>;

impl JsObject {
    /// `window`.
    pub(crate) fn window() -> Self {
        Self(window().into())
    }

    /// `navigator.mediaDevices`, which is nothing where a page came neither by https nor from this
    /// machine.
    pub(crate) fn media_devices() -> Self {
        Self::window().get("navigator").get("mediaDevices")
    }

    /// `new Name(arguments…)`.
    pub(crate) fn new(name: &str, arguments: &[JsValue]) -> JsResult {
        let class = Self::window().get(name);
        let class: &Function = class.0.dyn_ref().ok_or_else(Self::default)?;
        Ok(Self(Reflect::construct(class, &list(arguments))?))
    }

    /// A member; nothing when there is none.
    pub(crate) fn get(&self, name: &str) -> Self {
        Self(Reflect::get(&self.0, &name.into()).unwrap_or_default())
    }

    /// Sets a member.
    pub(crate) fn set(&self, name: &str, value: impl Into<JsValue>) {
        let _ = Reflect::set(&self.0, &name.into(), &value.into());
    }

    /// Whether it is neither `undefined` nor `null`.
    pub(crate) fn exists(&self) -> bool {
        !self.0.is_undefined() && !self.0.is_null()
    }

    /// A method's answer.
    pub(crate) fn call(&self, name: &str, arguments: &[JsValue]) -> JsResult {
        let method = self.get(name);
        let method: &Function = method.0.dyn_ref().ok_or_else(Self::default)?;
        Ok(Self(method.apply(&self.0, &list(arguments))?))
    }

    /// What a method's promise brings.
    pub(crate) async fn call_async(&self, name: &str, arguments: &[JsValue]) -> JsResult {
        self.call(name, arguments)?.resolved().await
    }

    /// What this promise brings.
    pub(crate) async fn resolved(self) -> JsResult {
        match self.0.dyn_into::<Promise>() {
            Ok(promise) => Ok(Self(JsFuture::from(promise).await?)),
            // Old browsers answer some of these at once.
            Err(value) => Ok(Self(value)),
        }
    }

    /// A text; empty where it is none.
    pub(crate) fn text(&self) -> String {
        self.0.as_string().unwrap_or_default()
    }

    /// A number, if it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    /// A member that is a text.
    pub(crate) fn text_of(&self, name: &str) -> String {
        self.get(name).text()
    }

    /// A member that is a number.
    pub(crate) fn number_of(&self, name: &str) -> Option<f64> {
        self.get(name).0.as_f64()
    }

    /// A member that is true.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name).0.as_bool() == Some(true)
    }

    /// The items of an array, or of something that can be walked like a map of statistics.
    pub(crate) fn items(&self) -> Vec<Self> {
        Array::from(&self.0).iter().map(Self).collect()
    }

    /// Hears an event until the listener is let go of.
    pub(crate) fn on(
        &self,
        event: &'static str,
        heard: impl FnMut(JsObject) + 'static,
    ) -> Listener {
        self.listen(event, Box::new(heard))
    }

    fn listen(&self, event: &'static str, mut heard: Box<dyn FnMut(JsObject)>) -> Listener {
        let closure = Closure::wrap(
            Box::new(move |event: JsValue| heard(Self(event))) as Box<dyn FnMut(JsValue)>
        );
        let _ = self.call("addEventListener", &[event.into(), closure.as_ref().clone()]);
        Listener { target: self.clone(), event, closure }
    }
}

impl From<JsValue> for JsObject {
    fn from(value: JsValue) -> Self {
        Self(value)
    }
}

impl From<JsObject> for JsValue {
    fn from(object: JsObject) -> Self {
        object.0
    }
}

impl From<&JsObject> for JsValue {
    fn from(object: &JsObject) -> Self {
        object.0.clone()
    }
}

/// `{ name: value, … }`.
pub(crate) fn object(members: &[(&str, JsValue)]) -> JsObject {
    let made = JsObject(js_sys::Object::new().into());
    for (name, value) in members {
        made.set(name, value.clone());
    }
    made
}

/// `[item, …]`.
pub(crate) fn list(items: &[JsValue]) -> Array {
    items.iter().collect()
}

/// Hears an event while it lives.
pub(crate) struct Listener {
    target: JsObject,
    event: &'static str,
    closure: Closure<dyn FnMut(JsValue)>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self
            .target
            .call("removeEventListener", &[self.event.into(), self.closure.as_ref().clone()]);
    }
}
