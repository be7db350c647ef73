//! Timers that are cancelled on drop.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::prelude::{
    IntervalHandle, TimeoutHandle, set_interval_with_handle, set_timeout_with_handle,
};

/// A one-shot timer, cancelled on drop.
#[derive(Default)]
pub(crate) struct Timer(Option<TimeoutHandle>);

impl Timer {
    pub(crate) fn after(time: Duration, work: impl FnOnce() + 'static) -> Self {
        Self(set_timeout_with_handle(work, time).ok())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.clear();
        }
    }
}

/// A repeating timer, stopped on drop.
#[derive(Default)]
pub(crate) struct Ticker(Option<IntervalHandle>);

impl Ticker {
    pub(crate) fn every(time: Duration, work: impl Fn() + 'static) -> Self {
        Self(set_interval_with_handle(work, time).ok())
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.clear();
        }
    }
}

/// Waits for this long, by a promise that a timer resolves; this needs no future type of its own.
pub(crate) async fn pause(time: Duration) {
    let timer = Rc::new(RefCell::new(Timer::default()));
    let kept = Rc::clone(&timer);
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        *kept.borrow_mut() = Timer::after(time, move || {
            let _ = resolve.call0(&wasm_bindgen::JsValue::UNDEFINED);
        });
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}
