//! A spell as a Markdown document: front matter, the description, and the solution in a fence.

use std::collections::BTreeSet;

use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{Samples, SpellFields, SpellSource, SpellStatus};
use serde::{Deserialize, Serialize};

use super::{Entry, imported, is_default, is_imported, malformed, unwritable};
use crate::PipelineError;

/// Delimits the front matter.
const RULE: &str = "---";
/// Separates description and solution.
const SOLUTION: &str = "## Solution";

/// All fields except the two that are text: description and solution.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    title: String,
    error_type: String,
    error_pattern: String,
    #[serde(default, skip_serializing_if = "is_default")]
    covers_code: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    tags: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    status: SpellStatus,
    #[serde(default = "imported", skip_serializing_if = "is_imported")]
    source: SpellSource,
    #[serde(default, skip_serializing_if = "is_default")]
    auto_generated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "is_default")]
    samples: Samples,
    #[serde(default, skip_serializing_if = "is_default")]
    scope: Scope,
}

/// Writes one document.
pub(super) fn render(entry: Entry) -> Result<String, PipelineError> {
    let Entry { description, solution_code, .. } = &entry;
    let fence = fence_around(solution_code);
    let (description, solution_code) = (escaped(description), solution_code.clone());
    let front = FrontMatter {
        key: entry.key,
        title: entry.title,
        error_type: entry.error_type,
        error_pattern: entry.error_pattern,
        covers_code: entry.covers_code,
        tags: entry.tags,
        status: entry.status,
        source: entry.source,
        auto_generated: entry.auto_generated,
        confidence: entry.confidence,
        samples: entry.samples,
        scope: entry.scope,
    };
    let front = serde_saphyr::to_string(&front).map_err(unwritable)?;
    Ok(format!(
        "{RULE}\n{front}{RULE}\n\n{description}\n\n{SOLUTION}\n\n{fence}\n{solution_code}\n{fence}\n\n"
    ))
}

/// A fence that is longer than every run of backticks in a text.
fn fence_around(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// The description, with a backslash before lines that would end it.
fn escaped(text: &str) -> String {
    let lines: Vec<String> =
        text.split('\n')
            .map(|line| {
                if line.trim_start_matches('\\') == SOLUTION { format!("\\{line}") } else { line.to_owned() }
            })
            .collect();
    lines.join("\n")
}

fn unescaped(line: &str) -> &str {
    if line.trim_start_matches('\\') == SOLUTION { line.strip_prefix('\\').unwrap_or(line) } else { line }
}

/// Parses consecutive documents.
pub(super) fn parse(text: &str) -> Result<Vec<SpellFields>, PipelineError> {
    // An editor that ends lines with a carriage return does so everywhere. Elsewhere, they are part of a text.
    let has_returns = text.trim_start().split('\n').next().is_some_and(|line| line.ends_with('\r'));
    let mut lines = Lines { lines: text.split('\n').collect(), next: 0, has_returns };
    let mut spells = Vec::new();
    loop {
        lines.skip_blank();
        if lines.next == lines.lines.len() {
            return Ok(spells);
        }
        spells.push(document(&mut lines)?);
    }
}

fn document(lines: &mut Lines<'_>) -> Result<SpellFields, PipelineError> {
    let place = lines.next + 1;
    let at = |what: &str| malformed(&format!("the document at line {place} {what}"));
    if lines.take() != Some(RULE) {
        return Err(at("does not begin with front matter between lines of ---"));
    }
    let front = lines.until(|line| line == RULE).ok_or_else(|| at("has front matter without an end"))?;
    let front: FrontMatter = serde_saphyr::from_str(&front.join("\n"))
        .map_err(|error| malformed(&format!("the front matter at line {place}: {error}")))?;
    lines.skip_one_blank();
    let description = lines.until(|line| line == SOLUTION).ok_or_else(|| at("has no line ## Solution"))?;
    let mut description: Vec<&str> = description.iter().map(|line| unescaped(line)).collect();
    if description.last() == Some(&"") {
        description.pop();
    }
    lines.skip_one_blank();
    let fence =
        lines.take().filter(|line| line.starts_with("```")).ok_or_else(|| at("has no fenced solution"))?;
    let marks = &fence[..fence.bytes().take_while(|byte| *byte == b'`').count()];
    let solution = lines.until(|line| line == marks).ok_or_else(|| at("has a fence without an end"))?;
    Ok(SpellFields {
        key: front.key,
        title: front.title,
        description: description.join("\n"),
        error_type: front.error_type,
        error_pattern: front.error_pattern,
        covers_code: front.covers_code,
        solution_code: solution.join("\n"),
        tags: front.tags,
        status: front.status,
        source: front.source,
        auto_generated: front.auto_generated,
        confidence: front.confidence,
        samples: front.samples,
        scope: front.scope,
    })
}

struct Lines<'t> {
    lines: Vec<&'t str>,
    next: usize,
    has_returns: bool,
}

impl<'t> Lines<'t> {
    /// The next line, without the carriage return that some editors write.
    fn take(&mut self) -> Option<&'t str> {
        let line = self.lines.get(self.next)?;
        self.next += 1;
        Some(line.strip_suffix('\r').filter(|_| self.has_returns).unwrap_or(line))
    }

    /// The lines up to a terminating line, which is consumed too.
    fn until(&mut self, is_end: impl Fn(&str) -> bool) -> Option<Vec<&'t str>> {
        let mut taken = Vec::new();
        loop {
            let line = self.take()?;
            if is_end(line) {
                return Some(taken);
            }
            taken.push(line);
        }
    }

    fn skip_one_blank(&mut self) {
        if self.lines.get(self.next).is_some_and(|line| line.trim().is_empty()) {
            self.next += 1;
        }
    }

    fn skip_blank(&mut self) {
        while self.lines.get(self.next).is_some_and(|line| line.trim().is_empty()) {
            self.next += 1;
        }
    }
}
