//! `index.html` with the names of the assets filled in; the server fills in `{{base}}`,
//! `{{contact}}` and `{{school}}`.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{assets::Assets, minify};

const SERVER_PLACEHOLDERS: [&str; 3] = ["base", "contact", "school"];

/// Replaces each `{{file NAME}}` by the asset's path below the page's base, `{{icon}}` by the
/// content of `icon.svg` and `{{modules}}` by links to the scripts, and minifies the inline styles.
///
/// # Errors
/// If a placeholder names no asset.
pub fn fill(web: &Path, assets: &Assets) -> Result<String> {
    let read = |name: &str| {
        let path = web.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    fill_text(&read("index.html")?, assets, &read("icon.svg")?).context("index.html")
}

fn fill_text(text: &str, assets: &Assets, icon: &str) -> Result<String> {
    let mut page = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, after) = after.split_once("}}").context("{{ without }}")?;
        page.push_str(before);
        match inside.trim().strip_prefix("file ") {
            Some(name) => {
                let file = assets.file_of(name);
                let file = file.with_context(|| format!("there is no asset {name}"))?;
                page.push_str("assets/");
                page.push_str(file);
            }
            None if inside == "icon" => page.push_str(&data_url(icon)),
            None if inside == "modules" => page.push_str(&preloads(assets)),
            None if SERVER_PLACEHOLDERS.contains(&inside) => {
                page.push_str("{{");
                page.push_str(inside);
                page.push_str("}}");
            }
            None => bail!("unknown placeholder {{{{{inside}}}}}"),
        }
        rest = after;
    }
    page.push_str(rest);
    minified_style(&page)
}

/// Links that preload all modules of the first page at once, instead of one after the other as they
/// import each other.
fn preloads(assets: &Assets) -> String {
    let boot = assets.file_of("boot.js");
    let scripts = assets.first_load().filter(|file| file.ends_with(".js") && Some(*file) != boot);
    let links: Vec<String> = scripts
        .map(|file| format!("<link rel=\"modulepreload\" href=\"assets/{file}\">"))
        .collect();
    links.join("\n")
}

/// A small image as a data URL, which saves a request. The URL is put in double quotes, so it may
/// contain single quotes.
fn data_url(svg: &str) -> String {
    let one_line: String = svg.lines().collect();
    let escape = |text: String, (plain, code)| text.replace(plain, code);
    let escaped = [('%', "%25"), ('#', "%23"), ('<', "%3C"), ('>', "%3E"), ('"', "'")]
        .into_iter()
        .fold(one_line, escape);
    format!("data:image/svg+xml,{escaped}")
}

fn minified_style(page: &str) -> Result<String> {
    let mut small = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("<style>") {
        let (css, after) = after.split_once("</style>").context("<style> without </style>")?;
        small.push_str(before);
        small.push_str("<style>");
        small.push_str(&minify::minify(css, "the inline style")?);
        small.push_str("</style>");
        rest = after;
    }
    small.push_str(rest);
    Ok(small)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Load;

    #[test]
    fn fills_build_placeholders_and_keeps_server_placeholders() -> Result<()> {
        let mut assets = Assets::default();
        let file = assets.add("style.css", b"p{}".to_vec(), Load::First);
        let page = fill_text("<base href=\"{{base}}\"><i>{{file style.css}}</i>", &assets, "")?;
        assert_eq!(page, format!("<base href=\"{{{{base}}}}\"><i>assets/{file}</i>"));
        assert_eq!(
            fill_text("{{icon}}", &assets, "<svg a='#'>\n</svg>")?,
            "data:image/svg+xml,%3Csvg a='%23'%3E%3C/svg%3E"
        );
        let refused = |text| fill_text(text, &assets, "").map_err(|error| error.to_string());
        let (missing, unknown) = (refused("{{file nothing.css}}"), refused("{{user}}"));
        assert_eq!(missing, Err("there is no asset nothing.css".to_owned()));
        assert_eq!(unknown, Err("unknown placeholder {{user}}".to_owned()));
        Ok(())
    }
}
