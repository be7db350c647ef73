//! The API contract as it is served: `openapi.yaml` byte for byte, and the same as an HTML page.
//! Knows nothing of the server that implements it.
//!
//! The page needs `style-src 'unsafe-inline'` and nothing else: it has no scripts and loads no
//! resources.

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

/// The contract as an HTML page, for `/api/docs`. Rendered once. The anchor of each operation is
/// its `operationId`; the anchor of each error code is the code.
#[must_use]
pub fn page() -> &'static str {
    static PAGE: LazyLock<String> = LazyLock::new(|| page::render(&Document::parse(yaml())));
    &PAGE
}
