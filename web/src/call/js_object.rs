//! JavaScript object whose members are accessed by name.
//!
//! Calls need about a hundred members of WebRTC and related APIs, a few of which web-sys lacks.
//! Each wasm-bindgen binding would add a line to the script that every visitor downloads first.
//! Access by name adds nothing there, and the names are part of the chunk that only calls load.

use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// Any JavaScript value: an object, a string, a number, or `undefined`.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct JsObject(JsValue);

/// The value that the browser returns, or the error that it throws.
pub(crate) type JsResult = Result<JsObject, JsObject>;

impl JsObject {
    /// Returns `window`.
    pub(crate) fn window() -> Self {
        Self(window().into())
    }

    /// Returns `navigator.mediaDevices`, which is undefined unless the page was loaded by https or
    /// from this machine.
    pub(crate) fn media_devices() -> Self {
        Self::window().get("navigator").get("mediaDevices")
    }

    /// Calls `new Name(arguments…)`.
    pub(crate) fn new(name: &str, arguments: &[JsValue]) -> JsResult {
        let class = Self::window().get(name);
        let class: &Function = class.0.dyn_ref().ok_or_else(Self::default)?;
        Ok(Self(Reflect::construct(class, &list(arguments))?))
    }

    /// Returns a member; undefined if there is none.
    pub(crate) fn get(&self, name: &str) -> Self {
        Self(Reflect::get(&self.0, &name.into()).unwrap_or_default())
    }

    /// Sets a member.
    pub(crate) fn set(&self, name: &str, value: impl Into<JsValue>) {
        let _ = Reflect::set(&self.0, &name.into(), &value.into());
    }

    /// Returns whether the value is neither `undefined` nor `null`.
    pub(crate) fn exists(&self) -> bool {
        !self.0.is_undefined() && !self.0.is_null()
    }

    /// Calls a method.
    pub(crate) fn call(&self, name: &str, arguments: &[JsValue]) -> JsResult {
        let method = self.get(name);
        let method: &Function = method.0.dyn_ref().ok_or_else(Self::default)?;
        Ok(Self(method.apply(&self.0, &list(arguments))?))
    }

    /// Calls a method and awaits its promise.
    pub(crate) async fn call_async(&self, name: &str, arguments: &[JsValue]) -> JsResult {
        self.call(name, arguments)?.resolved().await
    }

    /// Awaits the promise; another value is returned as it is.
    pub(crate) async fn resolved(self) -> JsResult {
        match self.0.dyn_into::<Promise>() {
            Ok(promise) => Ok(Self(JsFuture::from(promise).await?)),
            // Old browsers return some of these values without a promise.
            Err(value) => Ok(Self(value)),
        }
    }

    /// Returns the value as a string; empty if it is no string.
    pub(crate) fn text(&self) -> String {
        self.0.as_string().unwrap_or_default()
    }

    /// Returns the value as a number, if it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    /// Returns a member as a string; empty if it is no string.
    pub(crate) fn text_of(&self, name: &str) -> String {
        self.get(name).text()
    }

    /// Returns a member as a number, if it is one.
    pub(crate) fn number_of(&self, name: &str) -> Option<f64> {
        self.get(name).0.as_f64()
    }

    /// Returns whether a member is `true`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name).0.as_bool() == Some(true)
    }

    /// Returns the items of an array or another iterable object, such as a map of statistics.
    pub(crate) fn items(&self) -> Vec<Self> {
        Array::from(&self.0).iter().map(Self).collect()
    }

    /// Listens to an event until the returned listener is dropped.
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

/// Builds `{ name: value, … }`.
pub(crate) fn object(members: &[(&str, JsValue)]) -> JsObject {
    let made = JsObject(js_sys::Object::new().into());
    for (name, value) in members {
        made.set(name, value.clone());
    }
    made
}

/// Builds `[item, …]`.
pub(crate) fn list(items: &[JsValue]) -> Array {
    items.iter().collect()
}

/// An event listener, removed on drop.
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
