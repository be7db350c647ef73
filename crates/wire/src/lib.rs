//! JSON shapes of `openapi.yaml`, one module per resource: names in snake_case, ids as UUIDs, times
//! as RFC 3339 with the school's offset. The crate knows no rule and no database. The server
//! enables the feature `validate`; the web app never does.

mod api_client;
mod booking;
mod call;
mod evening;
mod evening_settings;
mod export;
mod guest;
mod invite;
mod login;
mod mailbox;
pub mod minimal_json;
mod page;
mod problem;
mod redacted;
mod roster;
mod staff;
mod webhooks;

pub use api_client::*;
pub use booking::*;
pub use call::*;
pub use evening::*;
pub use evening_settings::*;
pub use export::*;
pub use guest::*;
pub use invite::*;
pub use login::*;
pub use mailbox::*;
pub use page::*;
pub use problem::*;
pub use roster::*;
pub use staff::*;
pub use webhooks::*;

/// A moment, with the UTC offset of the school's time zone at that moment.
pub type Moment = chrono::DateTime<chrono::FixedOffset>;
