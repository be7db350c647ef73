//! The product in a real browser, with mail through a real SMTP server: things are found by role and label, as a person finds them.

mod axe;
mod driver;
mod journey;
mod post;
