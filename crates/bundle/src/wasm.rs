//! From rustc's WASM to the browser's: lazy parts split off, JavaScript bindings made, each file optimised.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow, bail};
use wasm_bindgen_cli_support::Bindgen;

/// The name that the main module imports its loaders from; it stays the import's key in `app.js`.
pub const LINK_FILE: &str = "./parts.js";

/// Named one by one: `--all-features` writes imports that Chromium refuses.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-multivalue",
];

/// The npm package binaryen's `wasm-opt`: a script, and the node to run it with. Not Debian's
/// binaryen 108, which writes every exported table as the first one: then nothing starts.
pub struct WasmOpt {
    /// The node to run it with.
    pub node: PathBuf,
    /// The script.
    pub script: PathBuf,
}

/// The client in pieces, each under the name by which the others call it.
pub struct Client {
    /// JavaScript modules: `app.js`, `parts.js` and what crates bring along.
    pub modules: BTreeMap<String, String>,
    /// The main module: `app_bg.wasm`.
    pub main: Vec<u8>,
    /// The lazy parts: file name and content.
    pub parts: Vec<(String, Vec<u8>)>,
}

/// Splits and binds `input`, using `work` for what lies in between.
///
/// # Errors
/// When the input has no relocations, its wasm-bindgen is of another version, or `wasm-opt` fails.
pub fn bind(input: &Path, work: &Path, wasm_opt: Option<&WasmOpt>) -> Result<Client> {
    let bytes = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let main_path = work.join("main.wasm");
    let parts = split(&bytes, work, &main_path)?;

    let mut output = Bindgen::new()
        .input_path(&main_path)
        .out_name("app")
        .keep_lld_exports(true)
        .remove_producers_section(true)
        .typescript(false)
        .omit_default_module_path(false)
        .web(true)?
        .generate_output()
        .context("wasm-bindgen could not bind the client")?;

    let mut modules = BTreeMap::new();
    modules.insert("./app.js".to_owned(), output.js().to_owned());
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
    let parts = parts.into_iter().map(|(name, bytes)| Ok((name, optimise(&bytes, work, wasm_opt)?))).collect::<Result<_>>()?;
    Ok(Client { modules, main, parts })
}

fn split(bytes: &[u8], work: &Path, main_path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut options = wasm_split_cli_support::Options::new(bytes);
    options.output_dir = work;
    options.main_out_path = main_path;
    options.main_module = "./app.js";
    options.link_name = LINK_FILE;
    let split = wasm_split_cli_support::transform(options).map_err(|error| anyhow!("cannot split the client into lazy parts: {error:?}"))?;
    let mut parts = Vec::new();
    for path in split.split_modules {
        let name = path.file_name().context("a part without a name")?;
        parts.push((name.to_string_lossy().into_owned(), fs::read(&path)?));
    }
    parts.sort();
    Ok(parts)
}

fn optimise(bytes: &[u8], work: &Path, wasm_opt: Option<&WasmOpt>) -> Result<Vec<u8>> {
    let Some(wasm_opt) = wasm_opt else {
        return Ok(bytes.to_vec());
    };
    let (from, to) = (work.join("before.wasm"), work.join("after.wasm"));
    fs::write(&from, bytes)?;
    let status = Command::new(&wasm_opt.node)
        .arg(&wasm_opt.script)
        .arg("-Oz")
        .args(FEATURES)
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
