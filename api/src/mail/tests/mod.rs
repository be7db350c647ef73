//! Mails as they are read, and the worker on a real database.

mod fixture;
mod recipients;
mod sending;
mod templates;
