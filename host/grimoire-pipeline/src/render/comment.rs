//! The comment on a pull request: failures and fixes on one screen, the rest folded. Hints are not told there.

use grimoire_domain::diagnostic::{Location, Role, Severity};
use grimoire_domain::ranking::RankedSpell;
use grimoire_domain::review::{DiagnosedError, Review};

use super::defuse::{cell, code_span, fence, html, phrase, prose, quotable};
use super::fold::{Group, fold};
use super::{DESCRIPTION, Links, MESSAGE, PLACE, SOLUTION, gaps, language, sentence, title};

/// Marks Grimoire's comment on a pull request; never changes.
pub(crate) const MARKER: &str = "<!-- grimoire:review -->";
/// The label that silences comments on a pull request.
pub(crate) const SILENCE: &str = "no-grimoire";
/// Maximum length of a comment in characters: GitHub refuses more than 65,536.
const MAXIMUM_BODY: usize = 65_000;
/// Length in characters above which a place loses its first folders in the table.
const COLUMN: usize = 32;
/// Number of characters reserved for the closing lines.
const RESERVED: usize = 6_000;

/// Returns true if an error belongs in a comment: it is a cause, and a fix is known.
pub(crate) fn has_fix(error: &DiagnosedError) -> bool {
    let cause = error.diagnostic.severity >= Severity::Error && error.diagnostic.role != Role::Consequence;
    cause && error.fixes().next().is_some()
}

/// The comment for a review, with at most `limit` errors. It never exceeds GitHub's limit: it ends after the last
/// fix that fits and says how many were left out. When nothing fails any more, an earlier review of the same pull
/// request with a fix is kept, folded.
pub(crate) fn comment(review: &Review, earlier: Option<&Review>, limit: usize, links: &Links) -> String {
    let commit = code_span(review.key.head_sha.short());
    let diagnosis = &review.diagnosis;
    let folded = fold(diagnosis);
    let known = folded.with_fix();
    let mut body = format!("{MARKER}\n");
    if known > 0 {
        body.push_str(&format!(
            "**Grimoire** knows a fix for {known} of {} at {commit}.\n",
            counted(folded.causes(), "error")
        ));
        let body_limit = MAXIMUM_BODY - RESERVED - body.chars().count();
        let (fixes, shown) = fixes(review, limit, body_limit, links);
        body.push_str(&fixes);
        if shown < known {
            body.push_str(&format!(
                "\n{} with known fixes left out.\n",
                counted(known - shown, "further error")
            ));
        }
    } else if folded.causes() > 0 {
        body.push_str(&format!(
            "**Grimoire** knows no fix for the {} at {commit}.\n",
            counted(folded.causes(), "error")
        ));
    } else if let Some(earlier) = earlier.filter(|_| diagnosis.green) {
        body.push_str(&format!(
            "**Grimoire**: fixed at {commit}.\n\n<details>\n<summary>What it was</summary>\n"
        ));
        body.push_str(&fixes(earlier, limit, MAXIMUM_BODY - RESERVED - 200, links).0);
        body.push_str("\n</details>\n");
    } else {
        body.push_str(&format!("**Grimoire** found no error at {commit}.\n"));
    }
    body.push_str(&gaps(&diagnosis.gaps));
    if !diagnosis.problems.is_empty() {
        let calls = counted(diagnosis.problems.len(), "plugin call");
        body.push_str(&format!("\n{calls} failed: errors may be missing.\n"));
    }
    body.push_str(&footer());
    body
}

/// The table of errors and their fixes, each folded, within `room` characters; also returns the number of errors.
fn fixes(review: &Review, limit: usize, room: usize, links: &Links) -> (String, usize) {
    let folded = fold(&review.diagnosis);
    let mut table = String::from("\n| Where | Error | Fix |\n| --- | --- | --- |\n");
    let mut details = String::new();
    let mut used = table.chars().count();
    let mut shown = 0;
    for group in folded.groups.iter().filter(|group| group.has_fix()) {
        let fix = fix(review, group, links);
        used += fix.chars().count();
        let shown_before = shown;
        for error in group.errors.iter().take(limit - shown_before) {
            let row = row(review, error, links);
            used += row.chars().count();
            if used > room {
                break;
            }
            table.push_str(&row);
            shown += 1;
        }
        if shown > shown_before {
            details.push_str(&fix);
        }
        if used > room || shown == limit {
            break;
        }
    }
    (table + &details, shown)
}

/// One error in the table.
fn row(review: &Review, error: &DiagnosedError, links: &Links) -> String {
    let mut whereabouts = vec![position(review, error, links)];
    let job = links.job(&review.diagnosis, &error.artifact);
    whereabouts.extend(job.map(|url| format!("[log]({url})")));
    whereabouts.retain(|part| !part.is_empty());
    let times = if error.count > 1 { format!(" ({} times)", error.count) } else { String::new() };
    let fix = error.spells.first().map(title).unwrap_or_default();
    let code = code_span(&quotable(error.diagnostic.code.as_deref().unwrap_or_default(), PLACE));
    let sentence = cell(&quotable(&sentence::sentence(&error.diagnostic), sentence::LIMIT));
    let told: Vec<String> =
        [code.replace('|', "\\|"), sentence].into_iter().filter(|part| !part.is_empty()).collect();
    format!("| {} | {}{times} | {} |\n", whereabouts.join(" · "), told.join(" "), cell(&fix))
}

/// The location of an error with a link to the line, or the artifact that contains it.
fn position(review: &Review, error: &DiagnosedError, links: &Links) -> String {
    let Some(place) = error.diagnostic.location.as_ref().map(Location::to_string) else {
        return code_span(&quotable(&error.artifact, PLACE)).replace('|', "\\|");
    };
    let shown = code_span(&quotable(&within_column(&place), PLACE)).replace('|', "\\|");
    match links.line(&review.key, &error.diagnostic) {
        Some(url) => format!("[{shown}]({url})"),
        None => shown,
    }
}

/// A place without its first folders if it is long: GitHub does not wrap code in a table, so that a long path would leave
/// no room for the error. The link has the whole path.
fn within_column(place: &str) -> String {
    let mut rest = place;
    while rest.chars().count() > COLUMN
        && let Some((_, inner)) = rest.split_once('/')
    {
        rest = inner;
    }
    if rest.len() == place.len() { place.to_owned() } else { format!("…/{rest}") }
}

/// A fix with its error, folded.
fn fix(review: &Review, group: &Group<'_>, links: &Links) -> String {
    let Some((best, others)) = group.spells().split_first() else { return String::new() };
    let diagnostic = &group.first().diagnostic;
    let mut text = format!("\n<details>\n<summary>{}</summary>\n\n", html(&title(best)));
    text.push_str(&fence("text", &quotable(&diagnostic.message, MESSAGE)));
    let description = prose(&quotable(&best.description, DESCRIPTION));
    if !description.is_empty() {
        text.push_str(&format!("\n{description}\n"));
    }
    let solution = quotable(&best.solution_code, SOLUTION);
    if !solution.trim().is_empty() {
        let language = language::of(&solution, diagnostic);
        text.push_str(&format!("\n{}", fence(language, &solution)));
    }
    if let Some(other) = others.first() {
        text.push_str(&format!("\nIf that is not it: {}\n", phrase(&title(other))));
    }
    let sources = sources(review, group.first(), best, links);
    if !sources.is_empty() {
        text.push_str(&format!("\n{}\n", sources.join(" · ")));
    }
    text.push_str("\n</details>\n");
    text
}

/// Links to the spell and to the job.
fn sources(review: &Review, error: &DiagnosedError, spell: &RankedSpell, links: &Links) -> Vec<String> {
    let spell = match links.spell(spell.id) {
        Some(url) => format!("[spell {}]({url})", spell.id),
        None => format!("spell {}", spell.id),
    };
    let job = links.job(&review.diagnosis, &error.artifact).map(|url| {
        let name = code_span(&quotable(&error.artifact, PLACE));
        format!("[log of {name}]({url})")
    });
    std::iter::once(spell).chain(job).collect()
}

fn footer() -> String {
    format!(
        "\n<sub>Grimoire looks failing jobs up in a spellbook of known fixes; no person and no language model read \
         this pull request. It edits this one comment and writes no other. The label `{SILENCE}` silences \
         it.</sub>\n"
    )
}

/// A count with its noun, in the plural if necessary.
fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}
