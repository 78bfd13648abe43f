//! `grimoire spells`: the spellbook of the data folder or of a running service.

mod editor;
mod files;
mod show;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Subcommand;
use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::{SpellFields, SpellStatus};

use super::access::{Access, Need};
use super::service::Target;
use super::stored::Wanted;
use crate::config::Overrides;
use crate::console::note;
use crate::exit::{Exit, Reported};

/// The arguments of `grimoire spells`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Search spells by words, best first.
    Search(Search),
    /// List spells, the oldest first.
    List(List),
    /// Show a spell.
    Show(Show),
    /// Add a spell, from a file or in an editor.
    Add(Add),
    /// Change a spell, from a file or in an editor.
    Edit(Edit),
    /// Delete spells. Their revisions are kept.
    Delete(Delete),
    /// Import a spellbook. Spells are identified by their keys: importing again changes nothing.
    Import(files::Import),
    /// Export the spellbook, in an order that gives readable diffs.
    Export(files::Export),
    /// Check spellbook files, including samples, without storing anything.
    Check(files::Check),
}

#[derive(Debug, clap::Args)]
struct Search {
    /// The words to search for.
    #[arg(required = true)]
    words: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct Filter {
    /// Only spells with this tag.
    #[arg(long)]
    tag: Option<String>,
    /// Only spells with this error type, ignoring letter case.
    #[arg(long, value_name = "TYPE")]
    error_type: Option<String>,
    /// Only spells in this status.
    #[arg(long, value_parser = status)]
    status: Option<SpellStatus>,
    /// The maximum number of spells to show.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// The number of spells to skip.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    skip: u64,
    /// The output format.
    #[arg(long, value_enum, default_value = "text")]
    format: show::Format,
}

impl Filter {
    fn wanted(&self, words: Option<String>) -> Wanted {
        Wanted { words, error_type: self.error_type.clone(), tag: self.tag.clone(), status: self.status }
    }
}

fn status(text: &str) -> Result<SpellStatus, String> {
    match text {
        "draft" => Ok(SpellStatus::Draft),
        "active" => Ok(SpellStatus::Active),
        "retired" => Ok(SpellStatus::Retired),
        _ => Err("must be draft, active or retired".to_owned()),
    }
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The spell's number or key.
    spell: String,
    /// The output format.
    #[arg(long, value_enum, default_value = "text")]
    format: show::Format,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The fields of the spell in YAML or JSON, as written by `grimoire spells show --format yaml`; `-` is standard
    /// input. Without a file, an editor opens.
    file: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct Edit {
    /// The spell's number or key.
    spell: String,
    /// All fields of the spell in YAML or JSON; `-` is standard input. Without a file, an editor opens.
    file: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct Delete {
    /// The spells' numbers or keys.
    #[arg(required = true)]
    spells: Vec<String>,
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Check(check) => files::check(&check),
        Command::Import(import) => files::import(import, overrides).await,
        Command::Export(export) => {
            let work = async |access: &Access| files::export(access, &export).await;
            Access::with(&export.target, overrides, Need::Read, work).await
        }
        Command::Search(search) => {
            let wanted = search.filter.wanted(Some(search.words.join(" ")));
            let work = async |access: &Access| list(access, &wanted, &search.filter).await;
            Access::with(&search.target, overrides, Need::Read, work).await
        }
        Command::List(arguments) => {
            let wanted = arguments.filter.wanted(None);
            let work = async |access: &Access| list(access, &wanted, &arguments.filter).await;
            Access::with(&arguments.target, overrides, Need::Read, work).await
        }
        Command::Show(arguments) => {
            let work = async |access: &Access| {
                show::one(access.find(&arguments.spell).await?, arguments.format)?;
                Ok(Exit::Ok)
            };
            Access::with(&arguments.target, overrides, Need::Read, work).await
        }
        Command::Add(arguments) => {
            let work = async |access: &Access| add(access, arguments.file.as_ref()).await;
            Access::with(&arguments.target, overrides, Need::Write, work).await
        }
        Command::Edit(arguments) => {
            let work = async |access: &Access| edit(access, &arguments).await;
            Access::with(&arguments.target, overrides, Need::Write, work).await
        }
        Command::Delete(arguments) => {
            let work = async |access: &Access| delete(access, &arguments).await;
            Access::with(&arguments.target, overrides, Need::Write, work).await
        }
    }
}

async fn list(access: &Access, wanted: &Wanted, filter: &Filter) -> anyhow::Result<Exit> {
    let page = access.list(wanted, PageRequest::new(filter.skip, filter.limit)?).await?;
    show::list(&page, filter.skip, filter.format)?;
    Ok(Exit::Ok)
}

async fn add(access: &Access, file: Option<&PathBuf>) -> anyhow::Result<Exit> {
    let fields = match file {
        Some(file) => files::read_one(file)?,
        None => editor::edit(editor::TEMPLATE.to_owned(), &checked)?,
    };
    checked(&fields)?;
    let spell = access.create(fields).await?;
    note(format_args!("spell {} added: {}", spell.id, spell.fields.title));
    Ok(Exit::Ok)
}

async fn edit(access: &Access, arguments: &Edit) -> anyhow::Result<Exit> {
    let spell = access.find(&arguments.spell).await?;
    let fields = match &arguments.file {
        Some(file) => files::read_one(file)?,
        None => editor::edit(grimoire_pipeline::render_spell(spell.fields.clone())?, &checked)?,
    };
    checked(&fields)?;
    if fields == spell.fields {
        note("nothing was changed");
        return Ok(Exit::Ok);
    }
    let spell = access.replace(&spell, fields).await?;
    note(format_args!("spell {} has revision {} now", spell.id, spell.revision));
    Ok(Exit::Ok)
}

async fn delete(access: &Access, arguments: &Delete) -> anyhow::Result<Exit> {
    // All are looked up before the first is deleted.
    let mut spells = Vec::new();
    for name in &arguments.spells {
        spells.push(access.find(name).await?);
    }
    for spell in spells {
        if !arguments.yes && !confirmed(&format!("delete spell {}, {:?}?", spell.id, spell.fields.title))? {
            note(format_args!("spell {} stays", spell.id));
            continue;
        }
        access.delete(&spell).await?;
        note(format_args!("spell {} deleted", spell.id));
    }
    Ok(Exit::Ok)
}

/// Asks for confirmation; without a terminal, nobody is asked.
fn confirmed(question: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        let message = "there is no terminal to ask on: --yes deletes without asking";
        return Err(Reported(Exit::Usage, message.to_owned()).into());
    }
    write!(anstream::stderr(), "{question} [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Reports every problem of a spell.
fn checked(fields: &SpellFields) -> anyhow::Result<()> {
    match fields.clone().validate() {
        Ok(_) => Ok(()),
        Err(errors) => {
            let problems: Vec<String> =
                errors.errors().iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
            Err(Reported(Exit::Data, problems.join("\n  ")).into())
        }
    }
}
