//! The contract, as it is served: `openapi.yaml` word for word, and the same as a page to read.
//! Knows nothing of the server that keeps it.
//!
//! The page needs `style-src 'unsafe-inline'` and nothing else: it has no scripts and asks nobody
//! for anything.

#[cfg(test)]
mod compare;
mod document;
mod html;
#[cfg(test)]
mod links;
mod markdown;
mod operation;
mod page;
mod shape;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use document::Document;

/// `openapi.yaml`, for `GET /api/v1/openapi.yaml`.
#[must_use]
pub const fn yaml() -> &'static str {
    include_str!("../../../openapi.yaml")
}

/// The contract as an HTML page, for `/api/docs`. Rendered once; each operation has its
/// `operationId` as anchor, each code itself.
#[must_use]
pub fn page() -> &'static str {
    static PAGE: LazyLock<String> = LazyLock::new(|| page::render(&Document::parse(yaml())));
    &PAGE
}
