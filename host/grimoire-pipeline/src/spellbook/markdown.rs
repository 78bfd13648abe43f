//! A spell as a Markdown document: front matter, the description, and the solution in a fence.

use std::mem;

use grimoire_domain::spell::SpellFields;

use super::{Entry, malformed, unwritable};
use crate::PipelineError;

/// Delimits the front matter.
const RULE: &str = "---";
/// Separates description and solution.
const SOLUTION: &str = "## Solution";

/// Writes one document.
pub(super) fn render(mut entry: Entry) -> Result<String, PipelineError> {
    // Both are text below the front matter.
    let description = escaped(&mem::take(&mut entry.description));
    let solution_code = mem::take(&mut entry.solution_code);
    let fence = fence_around(&solution_code);
    let front = serde_saphyr::to_string(&entry).map_err(unwritable)?;
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
    let mut lines = Lines { all: text.split('\n').collect(), next: 0, has_returns };
    let mut spells = Vec::new();
    loop {
        lines.skip_blank();
        if lines.next == lines.all.len() {
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
    let entry: Entry = serde_saphyr::from_str(&front.join("\n"))
        .map_err(|error| malformed(&format!("the front matter at line {place}: {error}")))?;
    if !entry.description.is_empty() || !entry.solution_code.is_empty() {
        return Err(at("has its description or solution in the front matter; they belong below it"));
    }
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
        description: description.join("\n"),
        solution_code: solution.join("\n"),
        ..entry.into_fields()
    })
}

struct Lines<'t> {
    all: Vec<&'t str>,
    next: usize,
    has_returns: bool,
}

impl<'t> Lines<'t> {
    /// The next line, without the carriage return that some editors write.
    fn take(&mut self) -> Option<&'t str> {
        let line = self.all.get(self.next)?;
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
        if self.all.get(self.next).is_some_and(|line| line.trim().is_empty()) {
            self.next += 1;
        }
    }

    fn skip_blank(&mut self) {
        while self.all.get(self.next).is_some_and(|line| line.trim().is_empty()) {
            self.next += 1;
        }
    }
}
