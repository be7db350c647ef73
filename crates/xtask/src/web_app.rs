//! The web app: compiled for the browser, bundled, and left alone when nothing changed.

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

/// How the web app is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// As small as can be.
    Release,
    /// In seconds.
    Dev,
}

/// The lazy parts are cut along the relocations. Erased, leptos's views do not each make their own
/// copy of the code that shows them: a tenth smaller, and quicker to compile.
const FLAGS: [&str; 2] = ["-Clink-args=--emit-relocs", "--cfg=erase_components"];

/// What a parent's first page may weigh after brotli with all that it fetches, in bytes: the login,
/// and My Bookings.
const BUDGET: &str = "200000";

/// Everything that ends up in the web app.
const SOURCES: &[&str] = &[
    "web",
    "crates/domain",
    "crates/wire",
    "crates/web_logic",
    "crates/bundle",
    "Cargo.lock",
    "Cargo.toml",
];

/// Makes `target/client` what the sources say.
///
/// # Errors
/// When something is missing or does not compile.
pub fn build(paths: &Paths, mode: Mode, build: Build) -> Result<()> {
    // Two at once would pull the folder from under each other.
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

/// With the places of this machine taken out of the messages of panics: they weigh, and are
/// nobody's business.
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

/// Prints what the web app weighs.
///
/// # Errors
/// When a page weighs too much.
pub fn check_size(paths: &Paths) -> Result<()> {
    let mut command = bundler(paths, Build::Release)?;
    shell::run(command.args(["--budget", BUDGET, "--out"]).arg(paths.web_app()))
}

/// The bundler, built. Optimised it takes minutes more to build, and the crate that makes style
/// sheets smaller is a quarter of that: a quick build has neither.
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

/// A number that changes with the name or content of any file below `sources`.
///
/// # Errors
/// When one cannot be read.
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
