//! The operations of openapi.yaml: one folder per resource and one file per operation. The handler
//! function has the operationId as its name. Handlers only translate between HTTP and the store;
//! they contain no query and no rule.

pub mod bars;
pub mod bookings;
pub mod calls;
pub mod changes;
pub mod client_errors;
pub mod clients;
pub mod dev;
pub mod evenings;
pub mod guests;
pub mod health;
pub mod invites;
pub mod login_links;
pub mod me;
pub mod oauth;
pub mod parents;
pub mod roster;
pub mod school;
pub mod sessions;
pub mod webhooks;
