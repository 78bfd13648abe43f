//! Import, export and check of spellbook files.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use grimoire_domain::pattern::ErrorPattern;
use grimoire_domain::spell::SpellFields;
use grimoire_pipeline::Notation;

use super::super::access::{Access, Need};
use super::super::input::read_whole;
use super::super::service::Target;
use crate::config::Overrides;
use crate::console::{self, note, progress_bar};
use crate::exit::{Exit, Reported};
use crate::spellbook::{self, EntryLines};

/// The arguments of `grimoire spells import`.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// Files in YAML or, by their names, JSON or Markdown; `starter` is the shipped spellbook.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check everything and report the effect, but write nothing.
    #[arg(long, short = 'n')]
    dry_run: bool,
    #[command(flatten)]
    target: Target,
}

/// The arguments of `grimoire spells export`.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The file to write; standard output by default.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The file format; by default that of the file's name, else YAML.
    #[arg(long, value_parser = notations())]
    notation: Option<Notation>,
    /// Replace the file if it exists.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub(super) target: Target,
}

fn notations() -> impl TypedValueParser<Value = Notation> {
    PossibleValuesParser::new(["yaml", "json", "markdown"]).map(|word| match word.as_str() {
        "json" => Notation::Json,
        "markdown" => Notation::Markdown,
        _ => Notation::Yaml,
    })
}

/// The arguments of `grimoire spells check`.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Files in YAML or, by name, JSON or Markdown; `starter` is the shipped spellbook.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs `grimoire spells check`.
pub(super) fn check(arguments: &Check) -> anyhow::Result<Exit> {
    let Checked { spells, warnings } = read_valid(&arguments.files)?;
    for warning in &warnings {
        note(format_args!("warning: {warning}"));
    }
    let count = spells.len();
    match warnings.len() {
        0 => note(format_args!("{count} spells, all right")),
        1 => note(format_args!("{count} spells, valid; 1 warning")),
        warnings => note(format_args!("{count} spells, valid; {warnings} warnings")),
    }
    Ok(Exit::Ok)
}

/// Runs `grimoire spells import`.
pub(super) async fn import(arguments: Import, overrides: &Overrides) -> anyhow::Result<Exit> {
    let spells = read_valid(&arguments.files)?.spells;
    Access::with(&arguments.target, overrides, Need::Write, async |access| {
        let bar = Arc::new(progress_bar(spells.len() as u64, "spells written"));
        let shown = Arc::clone(&bar);
        let result = access.import(spells, arguments.dry_run, &move |done, _| shown.set_position(done)).await;
        bar.finish_and_clear();
        let summary = result?;
        let mut output = console::output();
        writeln!(
            output,
            "{} created, {} updated, {} unchanged{}",
            summary.created,
            summary.updated,
            summary.unchanged,
            if arguments.dry_run { " (nothing was written: --dry-run)" } else { "" }
        )?;
        output.flush()?;
        Ok(Exit::Ok)
    })
    .await
}

/// Runs `grimoire spells export`.
pub(super) async fn export(access: &Access, arguments: &Export) -> anyhow::Result<Exit> {
    let by_name = |path: &Path| Notation::of_file(&path.to_string_lossy());
    let notation =
        arguments.notation.or_else(|| arguments.file.as_deref().map(by_name)).unwrap_or(Notation::Yaml);
    let spells: Vec<SpellFields> = access.all().await?.into_iter().map(|spell| spell.fields).collect();
    let count = spells.len();
    let text = spellbook::render(spells, notation)?;
    match &arguments.file {
        None => {
            let mut output = console::output();
            output.write_all(text.as_bytes())?;
            output.flush()?;
        }
        Some(path) => {
            let mut file = create(path, arguments.force)?;
            file.write_all(text.as_bytes())
                .with_context(|| format!("{} cannot be written", path.display()))?;
            note(format_args!("{count} spells written to {}", path.display()));
        }
    }
    Ok(Exit::Ok)
}

/// A file to write to; an existing one only if that is forced. Pipes and devices have nothing to lose.
fn create(path: &Path, force: bool) -> anyhow::Result<File> {
    let is_special = fs::metadata(path).is_ok_and(|existing| !existing.is_file());
    let mut options = File::options();
    if force || is_special {
        options.write(true).create(true).truncate(true);
    } else {
        options.write(true).create_new(true);
    }
    options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Reported::exists(path).into(),
        _ => anyhow::Error::new(error).context(format!("{} cannot be written", path.display())),
    })
}

/// The only spell in a file, or in standard input for `-`.
pub(super) fn read_one(file: &Path) -> anyhow::Result<SpellFields> {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let text = read_whole(file)?;
    let text = std::str::from_utf8(&text).with_context(|| format!("{name} is not UTF-8"))?;
    grimoire_pipeline::parse_spell(text)
        .map_err(|error| Reported(Exit::Data, format!("{name}: {error}")).into())
}

/// Valid spells, and what is likely to be a mistake in them.
struct Checked {
    spells: Vec<SpellFields>,
    warnings: Vec<String>,
}

/// The spells of all files, in order; every problem of every file is reported with its line.
fn read_valid(files: &[PathBuf]) -> anyhow::Result<Checked> {
    let mut spells = Vec::new();
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let mut lines: Option<Vec<EntryLines>> = None;
        for (index, fields) in spellbook::read(file)?.into_iter().enumerate() {
            let known_as = fields.key.clone().unwrap_or_else(|| format!("spell {}", index + 1));
            let mut told = |field: &str, message: &dyn Display| {
                // Read again, only for files with something to tell.
                let lines = lines.get_or_insert_with(|| {
                    fs::read_to_string(file).map(|text| spellbook::lines(&text)).unwrap_or_default()
                });
                let line = lines.get(index).map(|entry| format!(":{}", entry.of(field)));
                format!("{name}{}: {known_as}: {field}: {message}", line.unwrap_or_default())
            };
            match fields.clone().validate() {
                Err(errors) => {
                    problems.extend(errors.errors().iter().map(|error| told(&error.field, &error.message)));
                }
                Ok(_) if ErrorPattern::from_store(&fields.error_pattern).has_too_many_alternatives() => {
                    warnings.push(told("error_pattern", &too_many_alternatives()));
                }
                Ok(_) => {}
            }
            spells.push(fields);
        }
    }
    if problems.is_empty() {
        Ok(Checked { spells, warnings })
    } else {
        Err(Reported(Exit::Data, problems.join("\n  ")).into())
    }
}

fn too_many_alternatives() -> String {
    format!(
        "has more than {} alternatives, so it judges errors that an analyzer found, and finds no line of a log by itself; \
         name what the alternatives have in common (`cannot open (?:a|b)`), use a class in place of a list, or split the spell",
        ErrorPattern::MAXIMUM_ALTERNATIVES
    )
}
