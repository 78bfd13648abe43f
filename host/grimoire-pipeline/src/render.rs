//! A diagnosis in Markdown: the comment on a pull request, and the complete version for a person who asked.
//!
//! All quoted text is hostile: logs, paths, names of jobs, spells, output of plugins. It is put into
//! code spans and fences that it cannot leave, or rendered as words without a meaning to GitHub.

mod comment;
mod defuse;
mod fold;
mod language;
mod links;
mod markdown;
mod sentence;

use grimoire_domain::ranking::RankedSpell;

use defuse::{phrase, quotable};

pub(crate) use comment::{MARKER, SILENCE, comment, has_fix};
pub use fold::{Folded, Group, fold};
pub use links::Links;
pub use markdown::markdown;

/// Maximum length in characters of each quoted part.
const MESSAGE: usize = 1_500;
const TITLE: usize = 255;
const DESCRIPTION: usize = 1_500;
const SOLUTION: usize = 6_000;
const GAPS: usize = 5;
const GAP: usize = 200;
const PLACE: usize = 300;

/// A spell's title, safe to quote.
fn title(spell: &RankedSpell) -> String {
    let title = quotable(&spell.title, TITLE);
    if title.trim().is_empty() { "untitled".to_owned() } else { title }
}

/// The gaps of a diagnosis, one paragraph each.
fn gaps(gaps: &[String]) -> String {
    let mut text = String::new();
    for gap in gaps.iter().take(GAPS) {
        text.push_str(&format!("\nNot looked at: {}\n", phrase(&quotable(gap, GAP))));
    }
    if gaps.len() > GAPS {
        text.push_str(&format!("\nAnd {} more that were not looked at.\n", gaps.len() - GAPS));
    }
    text
}

#[cfg(test)]
mod tests;
