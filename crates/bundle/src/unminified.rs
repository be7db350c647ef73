//! Style sheets as they are written, for the browsers of those who work on the web app: the crate
//! that parses them takes a quarter of the time in which the bundler is built.

use anyhow::Result;

/// Gives `css` back.
///
/// # Errors
/// None: the other version of this module has some.
pub fn minify(css: &str, _name: &str) -> Result<String> {
    Ok(css.to_owned())
}
