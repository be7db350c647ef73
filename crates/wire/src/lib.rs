//! The JSON shapes of `openapi.yaml`.
