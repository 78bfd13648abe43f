//! A diagnosis as Markdown for a person who asked for it: every cause, and each fix once with its locations,
//! without a length limit.

use grimoire_domain::diagnostic::{Confidence, Location};
use grimoire_domain::ranking::RankedSpell;
use grimoire_domain::review::{DiagnosedError, Diagnosis};

use super::defuse::{code_span, fence, phrase, prose, quotable};
use super::fold::{Group, fold};
use super::{DESCRIPTION, GAP, MESSAGE, PLACE, SOLUTION, gaps, language, title};

/// Maximum number of locations listed below the first error of a spell.
const ALSO: usize = 20;

/// The whole diagnosis.
pub fn markdown(diagnosis: &Diagnosis) -> String {
    let folded = fold(diagnosis);
    let mut text = match folded.causes() {
        0 => "No error was found.\n".to_owned(),
        1 => format!("{} of 1 error with a known fix.\n", folded.with_fix()),
        causes => format!("{} of {causes} errors with a known fix.\n", folded.with_fix()),
    };
    text.extend(folded.groups.iter().map(group));
    if !folded.consequences.is_empty() {
        let count = folded.consequences.len();
        text.push_str(&format!("\n{count} more that follow from these or only look like errors.\n"));
    }
    if !folded.warnings.is_empty() {
        text.push_str(&format!("\n{} warnings.\n", folded.warnings.len()));
    }
    text.push_str(&gaps(&diagnosis.gaps));
    if !diagnosis.problems.is_empty() {
        let calls = diagnosis.problems.len();
        text.push_str(&format!("\n{calls} plugin calls failed: errors may be missing.\n"));
    }
    text
}

/// Errors with the same best spell: the first in full, the others by their locations.
fn group(group: &Group<'_>) -> String {
    let error = group.first();
    let diagnostic = &error.diagnostic;
    let mut text = format!("\n### {}\n\n", heading(error));
    if diagnostic.confidence == Confidence::Guess {
        text.push_str(
            "A guess: no known form of an error says why, and this line looks most like the cause.\n\n",
        );
    }
    text.push_str(&fence("text", &quotable(&diagnostic.message, MESSAGE)));
    if error.count > 1 {
        text.push_str(&format!("\nFound {} times.\n", error.count));
    }
    for other in group.errors.iter().skip(1).take(ALSO) {
        let message = phrase(&quotable(&other.diagnostic.message, GAP));
        text.push_str(&format!("- {}: {message}\n", heading(other)));
    }
    if group.errors.len() > ALSO + 1 {
        text.push_str(&format!("- and {} more\n", group.errors.len() - ALSO - 1));
    }
    let Some((best, others)) = group.spells().split_first() else { return text };
    text.push_str(&spell(best, error));
    if !others.is_empty() {
        let titles: Vec<String> = others.iter().map(|other| phrase(&title(other))).collect();
        text.push_str(&format!("\nIf that is not it: {}\n", titles.join("; ")));
    }
    text
}

fn heading(error: &DiagnosedError) -> String {
    let place =
        error.diagnostic.location.as_ref().map_or_else(|| error.artifact.clone(), Location::to_string);
    let name = error.diagnostic.code.as_deref().unwrap_or(&error.diagnostic.error_type);
    let parts: Vec<String> = [place.as_str(), name]
        .into_iter()
        .map(|part| code_span(&quotable(part, PLACE)))
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() { "Error".to_owned() } else { parts.join(" · ") }
}

fn spell(spell: &RankedSpell, error: &DiagnosedError) -> String {
    let solution = quotable(&spell.solution_code, SOLUTION);
    let kind = if spell.hint { "No fix is known. Where to look: " } else { "" };
    format!(
        "\n{kind}**{}**\n\n{}\n\n{}",
        phrase(&title(spell)),
        prose(&quotable(&spell.description, DESCRIPTION)),
        fence(language::of(&solution, &error.diagnostic), &solution)
    )
}
