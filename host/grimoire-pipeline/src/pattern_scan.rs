//! A spell finds its own error: the patterns of all active spells are tried on the lines of a log while the
//! analyzers read it. A line that no diagnostic tells of and that a spell knows becomes one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Role, Severity, Span};
use grimoire_domain::spell::SpellId;
use grimoire_domain::text;

use crate::pattern_book::Patterns;
use crate::{Pipeline, PipelineError};

/// The most lines that are kept, of all spells and of one.
const LINES: usize = 256;
const LINES_OF_A_SPELL: usize = 3;
/// How often one spell's pattern is tried in vain before it is given up for this log.
const TRIES: u32 = 20_000;
/// The least that a pattern's find must tell, in letters, to be an error that nothing else speaks of.
const TELLING: u32 = 10;
/// Bytes of a line that become a message.
const MESSAGE: usize = 8_192;
/// Lines of one spell that are nearer than this many bytes are about one failure.
const NEAR: u64 = 2_048;

/// Reads the lines of one log.
pub struct PatternScan {
    pipeline: Pipeline,
    patterns: Arc<Patterns>,
    lines: Vec<Hit>,
    of_spell: HashMap<SpellId, Tried>,
}

/// A line that a spell's pattern is found in.
struct Hit {
    spell: SpellId,
    line: String,
    span: Span,
}

#[derive(Default)]
struct Tried {
    in_vain: u32,
    found: usize,
    last_end: u64,
}

impl Pipeline {
    /// Begins to read a log with the patterns of the spells that are active now.
    pub async fn pattern_scan(&self) -> Result<PatternScan, PipelineError> {
        let patterns = self.pattern_book().await?;
        Ok(PatternScan { pipeline: self.clone(), patterns, lines: Vec::new(), of_spell: HashMap::new() })
    }
}

impl PatternScan {
    /// Takes the next line, cleaned of clocks, escape codes and markers, and where it stands in the artifact.
    /// Lines that echo a script are not to be given. Memory does not grow with the log.
    pub fn line(&mut self, line: &str, start: u64, end: u64) {
        if self.lines.len() >= LINES || line.len() < 4 {
            return;
        }
        let mut best: Option<(u32, SpellId)> = None;
        for entry in self.patterns.windows_in(line).into_iter().filter(|entry| entry.distinct) {
            let tried = self.of_spell.entry(entry.spell).or_default();
            if tried.in_vain >= TRIES || tried.found >= LINES_OF_A_SPELL {
                continue;
            }
            let pattern = self.pipeline.patterns().pattern(entry.spell, entry.revision, &entry.source);
            match pattern.find(line).map(|found| pattern.telling(found)) {
                Some(telling) if telling >= TELLING => {
                    best = best.max(Some((telling, entry.spell)));
                }
                _ => tried.in_vain += 1,
            }
        }
        let Some((_, spell)) = best else { return };
        let tried = self.of_spell.entry(spell).or_default();
        let near = tried.found > 0 && start.saturating_sub(tried.last_end) < NEAR;
        tried.last_end = end;
        if !near {
            tried.found += 1;
            let line = text::cut(line.trim(), MESSAGE).to_owned();
            self.lines.push(Hit { spell, line, span: Span { start, end } });
        }
    }

    /// The diagnostics that lines became of which none of the `found` ones tells: neither does one stand
    /// there, nor does the same spell know one. `counts` says of an offset whether what stands there may
    /// be an error of the run: not in a step that passed.
    pub fn finish(self, found: &[Diagnostic], counts: impl Fn(u64) -> bool) -> Vec<Diagnostic> {
        if self.lines.is_empty() {
            return Vec::new();
        }
        let known: HashSet<SpellId> =
            found.iter().flat_map(|diagnostic| self.spells_in(&diagnostic.searchable_text())).collect();
        let told = |span: Span| {
            found
                .iter()
                .any(|diagnostic| diagnostic.span.start < span.end && span.start < diagnostic.span.end)
        };
        let mut diagnostics = Vec::new();
        for hit in &self.lines {
            if !known.contains(&hit.spell) && !told(hit.span) && counts(hit.span.start) {
                diagnostics.extend(self.diagnostic(hit));
            }
        }
        diagnostics
    }

    /// The spells of the kept lines whose pattern is found in a text.
    fn spells_in(&self, text: &str) -> Vec<SpellId> {
        let hits: HashSet<SpellId> = self.lines.iter().map(|hit| hit.spell).collect();
        let entries = self.patterns.windows_in(text).into_iter().filter(|entry| hits.contains(&entry.spell));
        let found = entries.filter(|entry| {
            self.pipeline.patterns().pattern(entry.spell, entry.revision, &entry.source).find(text).is_some()
        });
        found.map(|entry| entry.spell).collect()
    }

    fn diagnostic(&self, hit: &Hit) -> Option<Diagnostic> {
        let entry = self.patterns.get(hit.spell)?;
        let warning = is_warning(&hit.line);
        Some(Diagnostic {
            tool: entry.tool.to_string(),
            message: hit.line.clone(),
            severity: if warning { Severity::Warning } else { Severity::Error },
            role: if warning { Role::Warning } else { Role::Root },
            confidence: Confidence::Likely,
            span: hit.span,
            ..Diagnostic::default()
        })
    }
}

/// Whether a line says that it is a warning: `warning: …`, `npm WARN …`, `[WARNING] …`, `DeprecationWarning: …`.
fn is_warning(line: &str) -> bool {
    let mut words =
        line.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.by_ref().take(3).any(|word| {
        let word = word.to_ascii_lowercase();
        word == "warn" || word.ends_with("warning") || word == "deprecated"
    })
}
