//! Screen wake lock during a call (W3C Screen Wake Lock), where the browser supports it.

use std::{cell::RefCell, rc::Rc};

use super::js_object::{JsObject, Listener};

/// Keeps the screen on while it lives. The browser releases the lock when the page is hidden, so it
/// is requested again when the page is visible.
pub(crate) struct ScreenWakeLock {
    lock: Rc<RefCell<Option<JsObject>>>,
    _shown: Listener,
}

impl ScreenWakeLock {
    pub(crate) fn new() -> Self {
        let lock = Rc::new(RefCell::new(None));
        request_lock(&lock);
        let again = Rc::clone(&lock);
        let page = JsObject::window().get("document");
        let shown = page.clone().on("visibilitychange", move |_| {
            if page.text_of("visibilityState") == "visible" {
                request_lock(&again);
            }
        });
        Self { lock, _shown: shown }
    }
}

fn request_lock(lock: &Rc<RefCell<Option<JsObject>>>) {
    let keeper = JsObject::window().get("navigator").get("wakeLock");
    if !keeper.exists() {
        return;
    }
    let weak = Rc::downgrade(lock);
    super::run(async move {
        // A device that saves its battery may refuse the lock.
        let Ok(given) = keeper.call_async("request", &["screen".into()]).await else { return };
        let before = match weak.upgrade() {
            Some(lock) => lock.replace(Some(given)),
            None => Some(given),
        };
        release(before);
    });
}

fn release(lock: Option<JsObject>) {
    if let Some(lock) = lock {
        super::run(async move {
            let _ = lock.call_async("release", &[]).await;
        });
    }
}

impl Drop for ScreenWakeLock {
    fn drop(&mut self) {
        release(self.lock.take());
    }
}
