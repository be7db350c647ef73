//! Minification of style sheets, with fallbacks for the oldest supported browsers.

use anyhow::{Result, anyhow};
use lightningcss::{
    stylesheet::{MinifyOptions, ParserOptions, PrinterOptions, StyleSheet},
    targets::{Browsers, Targets},
};

/// The oldest supported browsers (docs/browsers.md): major and minor version.
const OLDEST_BROWSERS: Browsers = {
    const fn version(major: u32, minor: u32) -> Option<u32> {
        Some(major << 16 | minor << 8)
    }
    Browsers {
        android: version(99, 0),
        chrome: version(99, 0),
        edge: version(99, 0),
        firefox: version(98, 0),
        ie: None,
        ios_saf: version(15, 4),
        opera: version(85, 0),
        safari: version(15, 4),
        samsung: version(18, 0),
    }
};

/// Minifies `css` for the oldest supported browsers: `light-dark()` and nesting are replaced by
/// what they understand.
///
/// # Errors
/// If it can't be parsed; the error contains its `name`.
pub fn minify(css: &str, name: &str) -> Result<String> {
    let options = ParserOptions { filename: name.to_owned(), ..ParserOptions::default() };
    let mut sheet = StyleSheet::parse(css, options).map_err(|error| anyhow!("{name}: {error}"))?;
    let targets = Targets::from(OLDEST_BROWSERS);
    sheet
        .minify(MinifyOptions { targets, ..MinifyOptions::default() })
        .map_err(|error| anyhow!("{name}: {error}"))?;
    let printer = PrinterOptions { minify: true, targets, ..PrinterOptions::default() };
    Ok(sheet.to_css(printer)?.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowers_css_for_old_browsers() -> Result<()> {
        let css = ":root { color-scheme: light dark; --a: light-dark(#fff, #000); } p { color: \
                   light-dark(#ffffff, #000000); & a { color: red } }
            @media (width >= 40rem) { p { color: red } }";
        let small = minify(css, "test.css")?;
        for gone in ["light-dark(", "&", ">="] {
            assert!(!small.contains(gone), "{gone} in {small}");
        }
        assert!(small.contains("prefers-color-scheme:dark"), "{small}");
        Ok(())
    }

    #[test]
    fn css_error_names_the_file() {
        let error = minify("p { color: }} x", "evening.css").err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("evening.css"), "{error}");
    }
}
