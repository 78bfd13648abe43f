//! `grimoire spells`: bring spells in, or write them out.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use futures::TryStreamExt as _;
use grimoire_domain::spell::{Spell, SpellFields};
use grimoire_pipeline::Pipeline;

use super::progress_bar;
use crate::config::{self, Overrides};
use crate::exit::{Exit, Reported};
use crate::offline::{self, Spellbook};
use crate::spellbook::{self, Notation};

/// What `grimoire spells` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring a spellbook in. Spells are known by their keys: importing again changes nothing.
    Import(Import),
    /// Write the spellbook out, in an order that makes good diffs.
    Export(Export),
    /// Check spellbook files, samples included, without storing anything.
    Check(Check),
}

#[derive(Debug, clap::Args)]
struct Import {
    /// YAML or (by the name) JSON files; `starter` is the spellbook that ships.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Export {
    /// Where to write; standard output by default.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The notation; by default that of the file's name, else YAML.
    #[arg(long, value_enum)]
    notation: Option<Notation>,
}

#[derive(Debug, clap::Args)]
struct Check {
    /// YAML or (by the name) JSON files; `starter` is the spellbook that ships.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs it.
pub(super) async fn run(arguments: Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Check(check) => {
            let count = read_valid(&check.files)?.len();
            anstream::eprintln!("{count} spells, all right");
            Ok(Exit::Ok)
        }
        Command::Import(import) => {
            let spells = read_valid(&import.files)?;
            with_store(overrides, async |pipeline| import_into(pipeline, spells).await).await
        }
        Command::Export(export) => {
            with_store(overrides, async |pipeline| export_from(pipeline, &export).await).await
        }
    }
}

/// Opens the data folder's store for one piece of work and closes it in any case.
async fn with_store(
    overrides: &Overrides,
    work: impl AsyncFnOnce(&Pipeline) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let (config, _) = config::load(overrides)?;
    let offline = offline::start(&config, Spellbook::ExclusiveDataFolder).await?;
    let result = work(offline.pipeline()).await;
    offline.stop().await;
    result
}

async fn import_into(pipeline: &Pipeline, spells: Vec<SpellFields>) -> anyhow::Result<Exit> {
    let bar = Arc::new(progress_bar(spells.len() as u64, "spells written"));
    let shown = Arc::clone(&bar);
    let result = pipeline.import_spells(spells, "import", &move |done, _| shown.set_position(done)).await;
    bar.finish_and_clear();
    let summary = result?.value;
    anstream::println!(
        "{} created, {} updated, {} unchanged",
        summary.created,
        summary.updated,
        summary.unchanged
    );
    Ok(Exit::Ok)
}

async fn export_from(pipeline: &Pipeline, export: &Export) -> anyhow::Result<Exit> {
    let by_name = |path: &Path| {
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if is_json { Notation::Json } else { Notation::Yaml }
    };
    let notation = export.notation.or_else(|| export.file.as_deref().map(by_name)).unwrap_or(Notation::Yaml);
    let spells: Vec<Spell> = pipeline.export_spells().try_collect().await?;
    let count = spells.len();
    let text = spellbook::render(spells, notation)?;
    match &export.file {
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
            anstream::eprintln!("{count} spells written to {}", path.display());
        }
    }
    Ok(Exit::Ok)
}

/// The spells of all files, in order; every problem of every file is named.
fn read_valid(files: &[PathBuf]) -> anyhow::Result<Vec<SpellFields>> {
    let mut spells = Vec::new();
    let mut problems = Vec::new();
    for file in files {
        let name = file.display().to_string();
        for (index, fields) in read(file)?.into_iter().enumerate() {
            let known_as = fields.key.clone().unwrap_or_else(|| format!("spell {}", index + 1));
            if let Err(errors) = fields.clone().validate() {
                problems.extend(
                    errors
                        .errors()
                        .iter()
                        .map(|error| format!("{name}: {known_as}: {}: {}", error.field, error.message)),
                );
            }
            spells.push(fields);
        }
    }
    if problems.is_empty() { Ok(spells) } else { Err(Reported(Exit::Data, problems.join("\n  ")).into()) }
}

/// The spells of one file, unchecked.
pub(crate) fn read(file: &Path) -> anyhow::Result<Vec<SpellFields>> {
    if file == Path::new("starter") {
        return spellbook::starter();
    }
    let name = file.display().to_string();
    let size = std::fs::metadata(file).with_context(|| format!("{name} cannot be opened"))?.len();
    if size > spellbook::MAXIMUM_SIZE {
        let limit = spellbook::MAXIMUM_SIZE >> 20;
        return Err(Reported(Exit::Data, format!("{name} is above {limit} MiB: split it")).into());
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    spellbook::parse(&name, &text).map_err(|error| Reported(Exit::Data, format!("{error:#}")).into())
}
