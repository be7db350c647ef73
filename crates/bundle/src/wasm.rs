//! Conversion of rustc's WASM into the browser's: it splits off lazy parts, generates JavaScript
//! bindings, and optimises each file.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::names;

/// The module name from which the main module imports its loaders; it stays the import's key in
/// `app.js`.
pub const LINK_FILE: &str = "./parts.js";

/// The module name from which the main module imports its bindings.
const BINDINGS: &str = "./app_bg.js";

/// The features are listed because `--all-features` writes imports that Chromium refuses.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-multivalue",
];

/// The `wasm-opt` of the npm package binaryen: a script and the Node that runs it. Debian's
/// binaryen 108 is unusable: it exports every table as the first one, so that nothing starts.
pub struct WasmOpt {
    /// The Node that runs the script.
    pub node: PathBuf,
    /// The script.
    pub script: PathBuf,
}

/// The files of the web app, each under the name by which the others refer to it.
pub struct WebAppModules {
    /// JavaScript modules: `app.js`, `parts.js` and those of crates.
    pub modules: BTreeMap<String, String>,
    /// The main module: `app_bg.wasm`.
    pub main: Vec<u8>,
    /// The lazy parts: file name and content.
    pub parts: Vec<(String, Vec<u8>)>,
    /// For each lazy function the parts that it needs.
    needs: BTreeMap<String, Vec<String>>,
}

impl WebAppModules {
    /// The file names of the parts that are fetched before the lazy function with this name runs.
    pub fn parts_of(&self, function: &str) -> Option<&[String]> {
        self.needs.get(function).map(Vec::as_slice)
    }
}

/// Splits `input` and generates its bindings; `work` is for intermediate files.
///
/// # Errors
/// If the input has no relocations, its wasm-bindgen version differs, or `wasm-opt` fails.
pub fn bind(input: &Path, work: &Path, wasm_opt: Option<&WasmOpt>) -> Result<WebAppModules> {
    let bytes = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let main_path = work.join("main.wasm");
    let (parts, needs) = split(&bytes, work, &main_path)?;

    let mut output = Bindgen::new()
        .input_path(&main_path)
        .out_name("app")
        .keep_lld_exports(true)
        .remove_producers_section(true)
        .typescript(false)
        .omit_default_module_path(false)
        .web(true)?
        .generate_output()
        .context("wasm-bindgen could not bind the web app")?;

    let mut modules = BTreeMap::new();
    // The parts are linked with the main module by their exports, so the names of the main module's
    // imports can change.
    let taken = output.wasm().imports.iter().filter(|import| import.module == BINDINGS);
    let names = names::short_names(output.js(), taken.map(|import| import.name.clone()));
    modules.insert("./app.js".to_owned(), names::replace_names(output.js(), &names));
    for import in output.wasm_mut().imports.iter_mut() {
        if let Some(name) = names.get(&import.name).filter(|_| import.module == BINDINGS) {
            import.name.clone_from(name);
        }
    }
    modules.insert(LINK_FILE.to_owned(), fs::read_to_string(work.join(LINK_FILE))?);
    for (name, text) in output.local_modules() {
        modules.insert(format!("./snippets/{name}"), text.clone());
    }
    for (crate_name, texts) in output.snippets() {
        for (number, text) in texts.iter().enumerate() {
            let name = format!("./snippets/{crate_name}/inline{number}.js");
            modules.insert(name, text.clone());
        }
    }
    let main = optimise(&output.wasm_mut().emit_wasm(), work, wasm_opt)?;
    let parts = parts
        .into_iter()
        .map(|(name, bytes)| Ok((name, optimise(&bytes, work, wasm_opt)?)))
        .collect::<Result<_>>()?;
    Ok(WebAppModules { modules, main, parts, needs })
}

/// Parts by file name, and the names of those that each lazy function needs.
type Split = (Vec<(String, Vec<u8>)>, BTreeMap<String, Vec<String>>);

fn split(bytes: &[u8], work: &Path, main_path: &Path) -> Result<Split> {
    let mut options = wasm_split_cli_support::Options::new(bytes);
    options.output_dir = work;
    options.main_out_path = main_path;
    options.main_module = "./app.js";
    options.link_name = LINK_FILE;
    let split = wasm_split_cli_support::transform(options)
        .map_err(|error| anyhow!("cannot split the web app into lazy parts: {error:?}"))?;
    let mut parts = Vec::new();
    for path in split.split_modules {
        let name = path.file_name().context("a part without a name")?;
        parts.push((name.to_string_lossy().into_owned(), fs::read(&path)?));
    }
    parts.sort();
    let files_of = |part: &String| -> Option<Vec<String>> {
        Some(split.prefetch_map.get(part)?.iter().map(|stem| format!("{stem}.wasm")).collect())
    };
    let needs = lazy_functions(bytes)
        .into_iter()
        .filter_map(|(function, part)| Some((function, files_of(&part)?)))
        .collect();
    Ok((parts, needs))
}

/// The lazy functions and their parts, from the imports at which the splitter cuts:
/// `__wasm_split_00PART00_import_HASH_FUNCTION`.
fn lazy_functions(bytes: &[u8]) -> Vec<(String, String)> {
    const MARK: &[u8] = b"__wasm_split_00";
    let starts = bytes.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    let function_at = |(start, _): (usize, &[u8])| {
        let rest = bytes.get(start + MARK.len()..)?;
        let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
        let (part, rest) = std::str::from_utf8(&rest[..end]).ok()?.split_once("00_import_")?;
        let (_hash, function) = rest.split_once('_')?;
        Some((function.to_owned(), part.to_owned()))
    };
    starts.filter_map(function_at).collect()
}

fn optimise(bytes: &[u8], work: &Path, wasm_opt: Option<&WasmOpt>) -> Result<Vec<u8>> {
    let Some(wasm_opt) = wasm_opt else {
        return Ok(bytes.to_vec());
    };
    let (from, to) = (work.join("before.wasm"), work.join("after.wasm"));
    fs::write(&from, bytes)?;
    let status = Command::new(&wasm_opt.node)
        .arg(&wasm_opt.script)
        .args(FEATURES)
        // Flattening and restructuring the code saves a hundredth more than shrinking alone
        // (binaryen's wiki, "Optimizer cookbook").
        .args(["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz"])
        .args(["--strip-debug", "--strip-producers"])
        .args(["--strip-target-features", "-o"])
        .args([&to, &from])
        .status()
        .with_context(|| format!("cannot start {}", wasm_opt.script.display()))?;
    if !status.success() {
        bail!("{} failed: {status}", wasm_opt.script.display());
    }
    Ok(fs::read(to)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lazy_function_maps_to_its_part() {
        let bytes = b"\x0f__wasm_split_00parent00_import_0160d72716f111ed7bb576a4bf7173fa_my_page\
            \x00\x01__wasm_split_00guest00_export_0a_guest\x00";
        assert_eq!(lazy_functions(bytes), [("my_page".to_owned(), "parent".to_owned())]);
    }
}
