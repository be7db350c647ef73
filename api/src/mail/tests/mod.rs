//! Tests of the mails' contents, and of the worker on a real database.

mod fixture;
mod recipients;
mod sending;
mod templates;
