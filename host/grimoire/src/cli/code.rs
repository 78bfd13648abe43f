//! `grimoire explain`: the fixes for a code that a tool printed.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use grimoire_domain::page::PageRequest;
use grimoire_domain::spell::SpellStatus;

use super::access::{Access, Need};
use super::output::prose;
use super::service::Target;
use super::stored::{StoredSpell, Wanted};
use crate::config::Overrides;
use crate::console;
use crate::exit::{Exit, Reported};

const TITLE: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Number of spells that are searched for the code, and that are shown.
const LOOKED_AT: u32 = 100;
const SHOWN: usize = 3;

/// The arguments of `grimoire explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The code as printed by the tool: `E0382`, `TS2345`, `CS0246`, `ModuleNotFoundError`.
    code: String,
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let access = Access::open(&arguments.target, overrides, Need::Read).await?;
    let wanted = Wanted {
        words: Some(arguments.code.clone()),
        status: Some(SpellStatus::Active),
        ..Wanted::default()
    };
    let found = access.list(&wanted, PageRequest::new(0, LOOKED_AT)?).await;
    access.close().await;
    let mut spells = found?.items;
    spells.retain(|spell| is_about(spell, &arguments.code));
    if spells.is_empty() {
        let message = format!(
            "no spell is about {}: `grimoire spells search` looks for words of its message",
            arguments.code
        );
        return Err(Reported(Exit::NoFix, message).into());
    }
    // Spells with the code as their error type come before those that only mention it.
    spells.sort_by_key(|spell| !spell.fields.error_type.eq_ignore_ascii_case(&arguments.code));
    let mut output = console::output();
    for spell in spells.iter().take(SHOWN) {
        writeln!(
            output,
            "{TITLE}{}{TITLE:#}  {DIM}spell {}{DIM:#}",
            prose::line(&spell.fields.title),
            spell.id
        )?;
        prose::write(&mut output, &spell.fields.description, "  ")?;
        writeln!(output)?;
        prose::write_code(&mut output, &spell.fields.solution_code, "  ", usize::MAX)?;
        writeln!(output)?;
    }
    if spells.len() > SHOWN {
        writeln!(
            output,
            "{DIM}and {} more: grimoire spells search {}{DIM:#}",
            spells.len() - SHOWN,
            arguments.code
        )?;
    }
    output.flush()?;
    Ok(Exit::Ok)
}

/// Returns true if a spell has the code as its error type, or contains it as a word of its title or pattern.
fn is_about(spell: &StoredSpell, code: &str) -> bool {
    let fields = &spell.fields;
    fields.error_type.eq_ignore_ascii_case(code)
        || has_word(&fields.title, code)
        || has_word(&fields.error_pattern, code)
}

fn has_word(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    !word.is_empty()
        && text
            .match_indices(&word)
            .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_word() {
        assert!(has_word("Use of a moved value (E0382)", "e0382"));
        assert!(has_word("E0382", "E0382"));
        for text in ["E03821", "XE0382", "", "E038"] {
            assert!(!has_word(text, "E0382"), "{text}");
        }
        assert!(!has_word("anything", ""));
    }
}
