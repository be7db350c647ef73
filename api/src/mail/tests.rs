//! Mails as they are read, and the worker on a real database.
