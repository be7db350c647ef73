//! The style sheet of `web/styles/*.css` in the order of their names, after the font; each folder
//! in there becomes a style sheet that is loaded later.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    assets::{Assets, Load},
    minify::minify,
};

const FONT: &str = "atkinson-hyperlegible-next";

/// The range of weights in the package's font, and the range that the styles use: the rest is a
/// third of the file.
const ALL_WEIGHTS: (u16, u16) = (200, 800);
const WEIGHTS: (u16, u16) = (400, 750);

/// The font features that are kept: kerning, accents on letters that have no character of their
/// own, local forms of letters, figures of equal width.
const FEATURES: &str = "--layout-features=ccmp,kern,locl,mark,mkmk,tnum";

/// The font from its npm package, and the tools that subset it.
pub struct Font {
    /// The unpacked package.
    pub package: PathBuf,
    /// The folder of PyPI's `fonttools`; without it the files stay unchanged.
    pub tools: Option<PathBuf>,
}

/// Adds the fonts, their licence and `style.css`; and for each folder in `styles` a sheet of the
/// same name, which a lazy part requests. `work` is for intermediate files.
///
/// # Errors
/// If the font package has changed, its files can't be subset, or a style sheet can't be parsed.
pub fn add(assets: &mut Assets, styles: &Path, font: &Font, work: &Path) -> Result<()> {
    let fonts = font_faces(assets, font, work)?;
    let first = [fonts, sheets_in(styles)?].concat();
    assets.add("style.css", minify(&first, "style.css")?.into_bytes(), Load::First);
    for folder in list_files(styles)?.iter().filter(|path| path.is_dir()) {
        let name =
            folder.file_name().context("a folder without a name")?.to_string_lossy() + ".css";
        assets.add(&name, minify(&sheets_in(folder)?, &name)?.into_bytes(), Load::Later);
    }
    Ok(())
}

/// The concatenated style sheets of a folder, in the order of their names.
fn sheets_in(folder: &Path) -> Result<String> {
    let mut text = String::new();
    for path in list_files(folder)?
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "css"))
    {
        let sheet = fs::read_to_string(path)?;
        // Each sheet is parsed by itself first, so that an error names its file.
        minify(&sheet, &path.display().to_string())?;
        text.push_str(&sheet);
        text.push('\n');
    }
    Ok(text)
}

fn list_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            paths.push(entry?.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The package's own `@font-face` rules (with their `unicode-range`), pointing at hashed files.
fn font_faces(assets: &mut Assets, font: &Font, work: &Path) -> Result<String> {
    let path = |name: &str| font.package.join(name);
    let mut css = String::from_utf8(read(&path("index.css"))?)?;
    let mut replace = |old: &str, new: &str| {
        if !css.contains(old) {
            bail!("the font package's index.css no longer names {old}");
        }
        css = css.replace(old, new);
        Ok(())
    };
    for (subset, load) in [("latin", Load::First), ("latin-ext", Load::Later)] {
        let packed = format!("files/{FONT}-{subset}-wght-normal.woff2");
        let bytes = match &font.tools {
            Some(tools) => subset_font(&path(&packed), tools, work)?,
            None => read(&path(&packed))?,
        };
        let file = assets.add(&format!("font-{subset}.woff2"), bytes, load);
        replace(&format!("./{packed}"), &format!("./{file}"))?;
    }
    if font.tools.is_some() {
        let weights = |(lightest, boldest)| format!("font-weight: {lightest} {boldest};");
        replace(&weights(ALL_WEIGHTS), &weights(WEIGHTS))?;
    }
    assets.add("font-licence.txt", read(&path("LICENSE"))?, Load::Later);
    css.push('\n');
    Ok(css)
}

/// The font with all characters but fewer weights and features.
fn subset_font(font: &Path, tools: &Path, work: &Path) -> Result<Vec<u8>> {
    let (fewer, made) = (work.join("font.ttf"), work.join("font.woff2"));
    let (lightest, boldest) = WEIGHTS;
    let mut instancer = Command::new(tools);
    instancer
        .args(["varLib.instancer", "--quiet"])
        .arg(font)
        .arg(format!("wght={lightest}:{boldest}"))
        .arg("--output")
        .arg(&fewer);
    let mut subset = Command::new(tools);
    // Browsers smooth outlines themselves, so hints are dropped; of the names only the copyright
    // must stay.
    subset.arg("subset").arg(&fewer).args([
        "--unicodes=*",
        FEATURES,
        "--no-hinting",
        "--name-IDs=0",
        "--flavor=woff2",
    ]);
    subset.arg(format!("--output-file={}", made.display()));
    for mut command in [instancer, subset] {
        let status =
            command.status().with_context(|| format!("cannot start {}", tools.display()))?;
        if !status.success() {
            bail!("{command:?} failed: {status}");
        }
    }
    read(&made)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "minify")]
    #[test]
    fn own_stylesheets_need_no_newer_browser() -> Result<()> {
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
        let mut sheets = vec![sheets_in(&web.join("styles"))?];
        for folder in list_files(&web.join("styles"))?.iter().filter(|path| path.is_dir()) {
            sheets.push(sheets_in(folder)?);
        }
        for sheet in sheets {
            let small = minify(&sheet, "ours")?;
            for newer in ["light-dark(", "color-mix(", "@container", "@scope", "oklch(", "lab("] {
                assert!(!small.contains(newer), "{newer} in {small}");
            }
        }
        Ok(())
    }

    /// The selectors of the rule at a position.
    fn selectors_at(sheet: &str, place: usize) -> Vec<&str> {
        let before = &sheet[..sheet[..place].rfind('{').unwrap_or(0)];
        let begins = before.rfind(['{', '}', ';', '/']).map_or(0, |end| end + 1);
        before[begins..].split(',').map(str::trim).collect()
    }

    #[test]
    fn selectors_with_color_scheme_declare_the_colour_tokens() -> Result<()> {
        let styles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/styles");
        let tokens = read(&styles.join("10-tokens.css"))?;
        let tokens = String::from_utf8(tokens)?;
        let declared =
            selectors_at(&tokens, tokens.find("--paper:").context("the paper's colour")?);
        let folders = list_files(&styles)?.into_iter().filter(|path| path.is_dir());
        let mut with_scheme = 0;
        for folder in std::iter::once(styles).chain(folders) {
            let sheet = sheets_in(&folder)?;
            for (place, _) in sheet.match_indices("color-scheme:") {
                for selector in selectors_at(&sheet, place) {
                    assert!(
                        declared.contains(&selector),
                        "{selector} has a scheme of its own, and its colours are those of another \
                         element"
                    );
                    with_scheme += 1;
                }
            }
        }
        assert!(with_scheme >= 3, "at least the page, print and call styles");
        Ok(())
    }
}
