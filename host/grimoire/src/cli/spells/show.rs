//! Output formats of spells.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use grimoire_domain::page::Page;
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{SpellStatus, join_tags};
use grimoire_pipeline::Notation;
use serde_json::json;

use super::super::output::prose;
use super::super::stored::StoredSpell;
use crate::console;
use crate::spellbook;

const TITLE: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// The output format of spells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people.
    Text,
    /// YAML, as in a spellbook.
    Yaml,
    /// JSON with numbers and revisions, for programs.
    Json,
}

/// Writes one line per spell.
pub(super) fn list(page: &Page<StoredSpell>, skip: u64, format: Format) -> anyhow::Result<()> {
    let mut output = console::output();
    match format {
        Format::Json => {
            let spells: Vec<_> = page.items.iter().map(document).collect();
            serde_json::to_writer_pretty(&mut output, &spells)?;
            writeln!(output)?;
        }
        Format::Yaml => {
            let spells = page.items.iter().map(|spell| spell.fields.clone()).collect();
            output.write_all(spellbook::render(spells, Notation::Yaml)?.as_bytes())?;
        }
        Format::Text => {
            for spell in &page.items {
                let fields = &spell.fields;
                let status = match fields.status {
                    SpellStatus::Active => "",
                    SpellStatus::Draft => "  (draft)",
                    SpellStatus::Retired => "  (retired)",
                };
                let key = fields.key.as_deref().unwrap_or_default();
                writeln!(
                    output,
                    "{:>6}  {}{status}  {DIM}{key}{DIM:#}",
                    spell.id.0,
                    prose::line(&fields.title)
                )?;
            }
            let shown = page.items.len() as u64;
            if shown == 0 {
                writeln!(output, "no spell was found")?;
            } else if skip + shown < page.total || skip > 0 {
                writeln!(
                    output,
                    "{DIM}{} to {} of {} (--skip, --limit){DIM:#}",
                    skip + 1,
                    skip + shown,
                    page.total
                )?;
            }
        }
    }
    output.flush()?;
    Ok(())
}

/// Writes a spell in full.
pub(super) fn one(spell: StoredSpell, format: Format) -> anyhow::Result<()> {
    let mut output = console::output();
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut output, &document(&spell))?;
            writeln!(output)?;
        }
        Format::Yaml => output.write_all(grimoire_pipeline::render_spell(spell.fields)?.as_bytes())?,
        Format::Text => {
            let fields = &spell.fields;
            writeln!(output, "{TITLE}{}{TITLE:#}", prose::line(&fields.title))?;
            let key = fields.key.as_deref().map(|key| format!(", {key}")).unwrap_or_default();
            writeln!(output, "{DIM}spell {}{key}, revision {}{DIM:#}", spell.id, spell.revision)?;
            writeln!(
                output,
                "{DIM}for {}: {}{DIM:#}",
                prose::line(&fields.error_type),
                prose::line(&fields.error_pattern)
            )?;
            if !fields.tags.is_empty() {
                writeln!(output, "{DIM}tags: {}{DIM:#}", prose::line(&join_tags(&fields.tags)))?;
            }
            if fields.scope != Scope::Global {
                writeln!(output, "{DIM}offered to {} only{DIM:#}", fields.scope)?;
            }
            writeln!(output)?;
            prose::write(&mut output, &fields.description, "")?;
            writeln!(output)?;
            prose::write_code(&mut output, &fields.solution_code, "  ", usize::MAX)?;
        }
    }
    output.flush()?;
    Ok(())
}

fn document(spell: &StoredSpell) -> serde_json::Value {
    let fields = &spell.fields;
    json!({
        "id": spell.id.0,
        "revision": spell.revision,
        "key": fields.key,
        "title": fields.title,
        "description": fields.description,
        "error_type": fields.error_type,
        "error_pattern": fields.error_pattern,
        "covers_code": fields.covers_code,
        "solution_code": fields.solution_code,
        "tags": join_tags(&fields.tags),
        "status": fields.status,
        "source": fields.source,
        "auto_generated": fields.auto_generated,
        "confidence": fields.confidence,
        "samples": fields.samples,
        "scope": fields.scope,
    })
}
