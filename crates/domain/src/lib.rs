//! Rules of evenings, bookings, invites and calls: pure functions and values that take the time as
//! an argument. The crate knows no database, no HTTP and no clock.
//!
//! Start with [`invite`], the heart of the product, then [`booking`], [`evening`] and [`call`].

pub mod booking;
pub mod call;
pub mod contact;
mod domain_name;
pub mod email;
pub mod evening;
pub mod guest_mail;
pub mod id;
pub mod invite;
pub mod link_token;
pub mod person_name;
pub mod refusal;
pub mod restoration;
pub mod school_contact;
pub mod scope;
pub mod text;
pub mod throttle;
pub mod typed_code;

pub use email::EmailAddress;
pub use person_name::PersonName;
pub use refusal::Refusal;
