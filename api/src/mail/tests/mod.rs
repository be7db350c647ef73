//! Mails as they are read, and the worker on a real database.

mod letters;
mod recipients;
mod sending;
mod world;
