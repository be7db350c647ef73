//! Parlour's web app: starts the app and routes its pages.

mod api;
mod app;
mod booking_draft;
mod browser;
mod call;
mod components;
mod idempotency;
mod js;
mod paged;
mod pages;
mod person;
mod query;
mod route;
mod session;
mod task;
mod texts;
mod time_format;

use leptos::prelude::*;

fn main() {
    std::panic::set_hook(Box::new(|info| app::show_crash(&info.to_string())));
    // The token of a link must leave the address bar before anything else runs.
    let token = browser::take_token();
    if let Some(frame) = document().get_element_by_id("frame") {
        frame.remove();
    }
    mount_to_body(move || view! { <app::App token /> });
}
