//! Keeps the screen on during a call (W3C Screen Wake Lock), where the browser can.

use std::{cell::RefCell, rc::Rc};

use super::object::{Listener, Object};

/// Keeps the screen on while it lives. The browser lets go of the lock when the page is hidden; it
/// is asked for again when it is back.
pub(crate) struct Awake {
    lock: Rc<RefCell<Option<Object>>>,
    _shown: Listener,
}

impl Awake {
    pub(crate) fn new() -> Self {
        let lock = Rc::new(RefCell::new(None));
        ask(&lock);
        let again = Rc::clone(&lock);
        let page = Object::window().get("document");
        let shown = page.clone().on("visibilitychange", move |_| {
            if page.text_of("visibilityState") == "visible" {
                ask(&again);
            }
        });
        Self { lock, _shown: shown }
    }
}

fn ask(lock: &Rc<RefCell<Option<Object>>>) {
    let keeper = Object::window().get("navigator").get("wakeLock");
    if !keeper.is_there() {
        return;
    }
    let weak = Rc::downgrade(lock);
    super::run(async move {
        // A device that saves its battery may refuse.
        let Ok(given) = keeper.wait("request", &["screen".into()]).await else { return };
        let before = match weak.upgrade() {
            Some(lock) => lock.replace(Some(given)),
            None => Some(given),
        };
        release(before);
    });
}

fn release(lock: Option<Object>) {
    if let Some(lock) = lock {
        super::run(async move {
            let _ = lock.wait("release", &[]).await;
        });
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        release(self.lock.take());
    }
}
