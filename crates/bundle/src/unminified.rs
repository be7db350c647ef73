//! Unchanged style sheets for development: the crate that parses them takes a quarter of the
//! bundler's build time.

use anyhow::Result;

/// Returns `css` unchanged.
///
/// # Errors
/// None; the signature matches the other version of this module.
pub fn minify(css: &str, _name: &str) -> Result<String> {
    Ok(css.to_owned())
}
