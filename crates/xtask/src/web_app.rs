//! The web app: compiling it to WASM and bundling it, if its sources have changed.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    dependencies,
    install::{self, Mode},
    paths::Paths,
    shell,
};

/// The kind of build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// The smallest output.
    Release,
    /// The fastest build.
    Dev,
}

/// The splitter needs relocations. With erased components, leptos does not generate the rendering
/// code for each view: the WASM is a tenth smaller, and compiles faster.
const FLAGS: [&str; 2] = ["-Clink-args=--emit-relocs", "--cfg=erase_components"];

/// The size limit of a parent's first page (login, or My Bookings) with everything that it fetches,
/// in bytes after brotli.
const BUDGET: &str = "200000";

/// All sources of the web app.
const SOURCES: &[&str] = &[
    "web",
    "crates/domain",
    "crates/wire",
    "crates/web_logic",
    "crates/bundle",
    "Cargo.lock",
    "Cargo.toml",
];

/// Brings `target/client` up to date with the sources.
///
/// # Errors
/// If a dependency is missing or the build fails.
pub fn build(paths: &Paths, mode: Mode, build: Build) -> Result<()> {
    // Two builds at once would overwrite each other's folder.
    fs::create_dir_all(&paths.target)?;
    let lock = fs::File::create(paths.target.join("client.lock"))?;
    lock.lock().context("cannot wait for another build of the web app")?;

    let sources = SOURCES.iter().map(|source| paths.root.join(source));
    let hash = content_hash(sources)?;
    let stamp = paths.target.join("client.stamp");
    let (small, quick) = (format!("release {hash:016x}"), format!("dev {hash:016x}"));
    let wanted = if build == Build::Release { &small } else { &quick };
    let made = fs::read_to_string(&stamp).unwrap_or_default();
    if (made == *wanted || made == small) && paths.web_app().join("index.html").exists() {
        println!("The web app is up to date.");
        return Ok(());
    }
    let needs =
        if build == Build::Release { dependencies::WEB_APP } else { dependencies::QUICK_CLIENT };
    install::all(paths, mode, needs)?;
    compile(paths, build)?;
    bundle(paths, build)?;
    fs::write(stamp, wanted)?;
    Ok(())
}

fn compile(paths: &Paths, build: Build) -> Result<()> {
    let mut cargo = paths.cargo();
    cargo
        .args(["build", "--package", "parlour-web", "--profile", profile(build)])
        .args(["--target", "wasm32-unknown-unknown"])
        .env("CARGO_TARGET_DIR", paths.wasm_target())
        .env("CARGO_ENCODED_RUSTFLAGS", flags(paths).join("\x1f"));
    shell::run(&mut cargo)
}

/// The flags of rustc, which also remove this machine's paths from panic messages: they enlarge the
/// WASM and are private.
fn flags(paths: &Paths) -> Vec<String> {
    let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
    let home = env::home_dir();
    let cargo = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(home.as_ref()?.join(".cargo")));
    let places = [(home, "home"), (cargo, "cargo"), (Some(paths.root.clone()), "parlour")];
    for (place, name) in places {
        flags.extend(place.map(|place| format!("--remap-path-prefix={}={name}", place.display())));
    }
    flags
}

fn bundle(paths: &Paths, build: Build) -> Result<()> {
    let wasm = Path::new("wasm32-unknown-unknown").join(profile(build)).join("parlour-web.wasm");
    let mut command = bundler(paths, build)?;
    command
        .arg("--wasm")
        .arg(paths.wasm_target().join(wasm))
        .arg("--web")
        .arg(paths.root.join("web"))
        .arg("--font")
        .arg(dependencies::FONT.npm_files(paths))
        .arg("--out")
        .arg(paths.web_app());
    match build {
        Build::Release => {
            let script = dependencies::BINARYEN.npm_files(paths).join("bin/wasm-opt");
            let fonttools = dependencies::FONTTOOLS.folder(paths).join("bin/fonttools");
            command
                .arg("--node")
                .arg(install::node(paths)?)
                .arg("--wasm-opt")
                .arg(script)
                .arg("--fonttools")
                .arg(fonttools)
        }
        Build::Dev => command.arg("--quick"),
    };
    shell::run(&mut command)
}

/// Prints the sizes of the web app's files.
///
/// # Errors
/// If a page exceeds the size limit.
pub fn check_size(paths: &Paths) -> Result<()> {
    let mut command = bundler(paths, Build::Release)?;
    shell::run(command.args(["--budget", BUDGET, "--out"]).arg(paths.web_app()))
}

/// Builds the bundler. An optimised build takes minutes longer, and the crate that minifies style
/// sheets takes a quarter of the time: a quick build has neither.
fn bundler(paths: &Paths, build: Build) -> Result<std::process::Command> {
    let mut cargo = paths.cargo();
    cargo.args(["build", "--package", "parlour-bundle"]);
    let folder = match build {
        Build::Release => {
            cargo.arg("--release");
            "release"
        }
        Build::Dev => {
            cargo.arg("--no-default-features");
            "debug"
        }
    };
    shell::run(&mut cargo)?;
    Ok(paths.command(paths.target.join(folder).join("parlour-bundle")))
}

fn profile(build: Build) -> &'static str {
    match build {
        Build::Release => "wasm",
        Build::Dev => "wasm-dev",
    }
}

/// A hash that changes with the name or content of any file below `sources`.
///
/// # Errors
/// If a file can't be read.
pub fn content_hash(sources: impl IntoIterator<Item = PathBuf>) -> Result<u64> {
    let mut files = Vec::new();
    for source in sources {
        list(&source, &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        content.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            list(&entry?.path(), files)?;
        }
    } else if path.exists() {
        files.push(path.to_owned());
    }
    Ok(())
}
