//! `parlour-bundle`: converts the compiled web app into the files that the server serves.
//!
//! It knows nothing of cargo or of installing tools: `cargo xtask client` calls it with all paths.

mod assets;
mod budget;
#[cfg(feature = "minify")]
mod minify;
#[cfg(not(feature = "minify"))]
#[path = "unminified.rs"]
mod minify;
mod names;
mod page;
mod script;
mod style;
mod wasm;

use std::{collections::BTreeMap, env, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use assets::{Assets, Effort, Page};

const USAGE: &str = "parlour-bundle --wasm FILE --web FOLDER --font FOLDER --out FOLDER (--node \
                     FILE --wasm-opt FILE --fonttools FILE | --quick)
  --wasm      the client, built with -Clink-args=--emit-relocs
  --web       the folder of index.html, boot.js, icon.svg and styles/
  --font      the unpacked package @fontsource-variable/atkinson-hyperlegible-next
  --out       where the files go; what is there is replaced
  --node      runs wasm-opt
  --wasm-opt  the script of the npm package binaryen
  --fonttools the program of the PyPI package fonttools
  --quick     for working on the client: no wasm-opt, the whole font, light compression; without
              the feature `minify` there is no other way

parlour-bundle --budget BYTES --out FOLDER
  prints what the files there weigh and fails if what the login or My Bookings fetches is heavier \
                     than BYTES";

struct Args {
    wasm: PathBuf,
    web: PathBuf,
    font: style::Font,
    out: PathBuf,
    /// `None` for a quick build.
    wasm_opt: Option<wasm::WasmOpt>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.as_slice() {
        [budget, limit, out, folder] if budget == "--budget" && out == "--out" => {
            budget::check(folder.as_ref(), limit.parse().context(USAGE)?)
        }
        _ => bundle(&read_args(words)?),
    }
}

fn bundle(args: &Args) -> Result<()> {
    // The output is written beside its destination and then moved there, so that a running server
    // never sees an incomplete folder.
    let work = args.out.with_extension("work");
    if work.exists() {
        fs::remove_dir_all(&work).context("cannot empty the work folder")?;
    }
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;

    let mut assets = Assets::default();
    style::add(&mut assets, &args.web.join("styles"), &args.font, &work)?;
    let client = wasm::bind(&args.wasm, &work, args.wasm_opt.as_ref())?;
    let pages = pages(&client)?;
    let boot = args.web.join("boot.js");
    let boot =
        fs::read_to_string(&boot).with_context(|| format!("cannot read {}", boot.display()))?;
    script::add(&mut assets, client, &boot)?;
    let page = page::fill(&args.web, &assets)?;

    let effort = if args.wasm_opt.is_some() { Effort::Best } else { Effort::Quick };
    let ready = work.join("ready");
    assets.write(&ready, &page, &pages, effort)?;
    if args.out.exists() {
        fs::remove_dir_all(&args.out)
            .with_context(|| format!("cannot replace {}", args.out.display()))?;
    }
    fs::rename(&ready, &args.out)
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    fs::remove_dir_all(&work).context("cannot remove the work folder")
}

/// The first pages of a parent: the login, which is part of the first load, and My Bookings with
/// its lazy parts.
fn pages(client: &wasm::WebAppModules) -> Result<[Page; 2]> {
    let bookings = client
        .parts_of("bookings")
        .context("no lazy function `bookings`: which part shows My Bookings?")?;
    Ok([
        Page { name: "Login", parts: Vec::new() },
        Page { name: "My Bookings", parts: bookings.to_vec() },
    ])
}

fn read_args(words: Vec<String>) -> Result<Args> {
    let mut given = BTreeMap::new();
    let mut rest = words.into_iter();
    while let Some(name) = rest.next() {
        match name.as_str() {
            "--quick" => given.insert(name, PathBuf::new()),
            "--wasm" | "--web" | "--font" | "--out" | "--node" | "--wasm-opt" | "--fonttools" => {
                let value =
                    rest.next().with_context(|| format!("{name} needs a value\n\n{USAGE}"))?;
                given.insert(name, value.into())
            }
            _ => bail!("unknown argument {name}\n\n{USAGE}"),
        };
    }
    let mut take =
        |name: &str| given.remove(name).with_context(|| format!("{name} is missing\n\n{USAGE}"));
    let quick = take("--quick");
    if !cfg!(feature = "minify") && quick.is_err() {
        bail!("built without the feature `minify`, which leaves style sheets as they are: --quick");
    }
    let (wasm_opt, tools) = match quick {
        Ok(_) => (None, None),
        Err(_) => (
            Some(wasm::WasmOpt { node: take("--node")?, script: take("--wasm-opt")? }),
            Some(take("--fonttools")?),
        ),
    };
    let font = style::Font { package: take("--font")?, tools };
    Ok(Args { wasm: take("--wasm")?, web: take("--web")?, font, out: take("--out")?, wasm_opt })
}
