//! JavaScript and WASM of the web app under hashed names, with their references to each other
//! updated.

use anyhow::{Result, bail};

use crate::{
    assets::{Assets, Load, hash, hashed_name},
    wasm::{LINK_FILE, WebAppModules},
};

/// Adds all modules and parts of the web app, `start.js`, which starts it, and `boot.js`, which
/// runs in every browser and fetches `start.js`.
///
/// # Errors
/// If nothing refers to a file: then the names have changed.
pub fn add(assets: &mut Assets, client: WebAppModules, boot: &str) -> Result<()> {
    let mut modules: Vec<(String, String)> =
        client.modules.into_iter().map(|(name, text)| (name, strip_comments(&text))).collect();

    // Without lazy parts nothing imports the link file.
    modules.retain(|(name, _)| name != LINK_FILE || !client.parts.is_empty());
    let main = assets.add("app_bg.wasm", client.main, Load::First);
    replace_references(&mut modules, "app_bg.wasm", &main, Quoting::Any)?;
    for (name, bytes) in client.parts {
        let file = assets.add(&name, bytes, Load::Later);
        replace_references(&mut modules, &format!("./{name}"), &format!("./{file}"), Quoting::Any)?;
    }

    // The modules import each other in a cycle, so all of them get the hash of their joint
    // contents.
    let contents: Vec<&[u8]> = modules.iter().map(|(_, text)| text.as_bytes()).collect();
    let hash = hash(&contents);
    let names: Vec<String> = modules.iter().map(|(name, _)| name.clone()).collect();
    let file_of = |name: &str| {
        let flat = name.trim_start_matches("./").replace('/', "-");
        hashed_name(&flat, &hash)
    };
    for name in &names {
        replace_references(&mut modules, name, &format!("./{}", file_of(name)), Quoting::Import)?;
    }
    let start = format!(
        "import start from \"./{}\";\nstart().catch((error) => {{\ndispatchEvent(new \
         Event(\"parlour:failed\"));\nthrow error;\n}});\n",
        file_of("./app.js")
    );
    for (name, text) in modules {
        let file = file_of(&name);
        let short = name.trim_start_matches("./").to_owned();
        assets.add_as(&short, file, text.into_bytes(), Load::First);
    }
    assets.add("start.js", start.into_bytes(), Load::First);
    assets.add("boot.js", strip_comments(boot).into_bytes(), Load::First);
    Ok(())
}

/// The places where a name is replaced.
#[derive(Clone, Copy)]
enum Quoting {
    /// In every string that equals the name.
    Any,
    /// Only after `from`: as another string, the name is also the key of the imports in the WASM.
    Import,
}

fn replace_references(
    modules: &mut [(String, String)],
    name: &str,
    file: &str,
    quoting: Quoting,
) -> Result<()> {
    let before = match quoting {
        Quoting::Any => "",
        Quoting::Import => "from ",
    };
    let mut found = false;
    for (_, text) in modules {
        for quote in ['"', '\''] {
            let old = format!("{before}{quote}{name}{quote}");
            if text.contains(&old) {
                found = true;
                *text = text.replace(&old, &format!("{before}{quote}{file}{quote}"));
            }
        }
    }
    if !found {
        bail!("nothing in the web app calls {name}: has wasm-bindgen changed how it names files?");
    }
    Ok(())
}

/// Drops whole-line comments and indentation, which is all that is left to gain in wasm-bindgen's
/// output after brotli. If a line could belong to a template string, nothing is changed.
fn strip_comments(text: &str) -> String {
    let open_template = text.lines().any(|line| line.matches('`').count() % 2 == 1);
    if open_template {
        return text.to_owned();
    }
    let mut tidied = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        if in_comment || line.starts_with("/*") {
            in_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            tidied.push_str(line);
            tidied.push('\n');
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidy_removes_comments_and_keeps_code() {
        let text = "/**\n * @param {number} a\n */\nfunction f(a) {\n    // why\n    return \
                    `${a}`; // kept\n}\n/* one */\n";
        assert_eq!(strip_comments(text), "function f(a) {\nreturn `${a}`; // kept\n}\n");
        let open = "const a = `one\n  // two`;\n";
        assert_eq!(strip_comments(open), open);
    }

    #[test]
    fn renames_imports_and_keeps_keys() -> Result<()> {
        let mut modules = vec![(
            "./app.js".to_owned(),
            "import * as i from \"./parts.js\"\nreturn { \"./parts.js\": i };".to_owned(),
        )];
        replace_references(&mut modules, "./parts.js", "./parts.1.js", Quoting::Import)?;
        assert_eq!(
            modules[0].1,
            "import * as i from \"./parts.1.js\"\nreturn { \"./parts.js\": i };"
        );
        let error = replace_references(&mut modules, "other.js", "x.js", Quoting::Any).err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with("nothing in the web app calls other.js:"), "{error}");
        Ok(())
    }
}
