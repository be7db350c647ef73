//! `parlour-bundle`: turns the compiled client into the files that the server hands out.
//!
//! It knows nothing of cargo or of installing tools: `cargo xtask client` calls it with all paths.

mod assets;
mod budget;
mod page;
mod script;
mod style;
mod wasm;

use std::{env, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use assets::{Assets, Effort};

const USAGE: &str = "parlour-bundle --wasm FILE --web FOLDER --font FOLDER --out FOLDER (--wasm-opt FILE | --quick)
  --wasm      the client, built with -Clink-args=--emit-relocs
  --web       the folder of index.html and styles/
  --font      the unpacked package @fontsource-variable/atkinson-hyperlegible-next
  --out       where the files go; what is there is replaced
  --wasm-opt  binaryen's wasm-opt
  --quick     for working on the client: no wasm-opt, light compression

parlour-bundle --budget BYTES --out FOLDER
  prints what the files there weigh and fails if the first load is heavier than BYTES";

struct Args {
    wasm: PathBuf,
    web: PathBuf,
    font: PathBuf,
    out: PathBuf,
    /// `None`: be quick.
    wasm_opt: Option<PathBuf>,
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
        [budget, limit, out, folder] if budget == "--budget" && out == "--out" => budget::hold(folder.as_ref(), limit.parse().context(USAGE)?),
        _ => bundle(&read_args(words)?),
    }
}

fn bundle(args: &Args) -> Result<()> {
    // Everything is made beside the output and then put in its place, so that a server that
    // runs meanwhile never sees half of it.
    let work = args.out.with_extension("work");
    if work.exists() {
        fs::remove_dir_all(&work).context("cannot empty the work folder")?;
    }
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;

    let mut assets = Assets::default();
    style::add(&mut assets, &args.web.join("styles"), &args.font)?;
    let client = wasm::bind(&args.wasm, &work, args.wasm_opt.as_deref())?;
    script::add(&mut assets, client)?;
    let page = page::fill(&args.web.join("index.html"), &assets)?;

    let effort = if args.wasm_opt.is_some() { Effort::Best } else { Effort::Quick };
    let ready = work.join("ready");
    assets.write(&ready, &page, effort)?;
    if args.out.exists() {
        fs::remove_dir_all(&args.out).with_context(|| format!("cannot replace {}", args.out.display()))?;
    }
    fs::rename(&ready, &args.out).with_context(|| format!("cannot write {}", args.out.display()))?;
    fs::remove_dir_all(&work).context("cannot remove the work folder")
}

fn read_args(words: Vec<String>) -> Result<Args> {
    let (mut wasm, mut web, mut font, mut out, mut wasm_opt, mut quick) = (None, None, None, None, None, false);
    let mut rest = words.into_iter();
    while let Some(name) = rest.next() {
        let place = match name.as_str() {
            "--quick" => {
                quick = true;
                continue;
            }
            "--wasm" => &mut wasm,
            "--web" => &mut web,
            "--font" => &mut font,
            "--out" => &mut out,
            "--wasm-opt" => &mut wasm_opt,
            other => bail!("unknown argument {other}\n\n{USAGE}"),
        };
        let value = rest.next().with_context(|| format!("{name} needs a value\n\n{USAGE}"))?;
        *place = Some(PathBuf::from(value));
    }
    if quick == wasm_opt.is_some() {
        bail!("give either --wasm-opt or --quick\n\n{USAGE}");
    }
    Ok(Args { wasm: wasm.context(USAGE)?, web: web.context(USAGE)?, font: font.context(USAGE)?, out: out.context(USAGE)?, wasm_opt })
}
