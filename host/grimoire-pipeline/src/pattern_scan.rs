//! Finds errors by the spells themselves: the patterns of all active spells are searched in the lines of a
//! log while the analyzers read it. A matching line that no diagnostic covers becomes a diagnostic.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Role, Severity, Span};
use grimoire_domain::ranking::{LanguageEvidence, Languages};
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::spell::SpellId;
use grimoire_domain::text;

use crate::merge::CountedDiagnostic;
use crate::pattern_book::Patterns;
use crate::pattern_set::Entry;
use crate::{Pipeline, PipelineError};

/// Maximum number of lines that are kept, for all spells together and for each one.
const LINES: usize = 256;
const LINES_OF_A_SPELL: usize = 3;
/// Number of unsuccessful tries after which a spell's pattern is given up for this log.
const TRIES: u32 = 20_000;
/// Minimum specificity, in letters, of a match that becomes an error of its own.
const MIN_SPECIFICITY: u32 = 10;
/// Maximum number of bytes of a line that are searched and become a message.
const MESSAGE: usize = 8_192;
/// Lines within this many bytes of each other belong to one failure.
const NEAR: u64 = 1_024;
/// Maximum size in bytes of a context that lines are added to.
const CONTEXT: usize = 16_384;
/// Up to this many bytes, a log is taken for lines that somebody has cut out of one.
const EXCERPT: u64 = 2_048;
/// The plugin name of errors that no analyzer found.
const PLUGIN: &str = "spellbook";

/// Reads the lines of one log.
pub struct PatternScan {
    pipeline: Pipeline,
    patterns: Arc<Patterns>,
    repository: Option<RepositoryName>,
    lines: Vec<Hit>,
    of_spell: HashMap<SpellId, Tried>,
    /// True if one of the first lines says that something went well.
    succeeds: bool,
}

/// A line that a spell's pattern matches.
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
    /// Starts a scan of a repository's log with the patterns of the spells that are active now.
    pub async fn pattern_scan(
        &self,
        repository: Option<RepositoryName>,
    ) -> Result<PatternScan, PipelineError> {
        Ok(PatternScan {
            pipeline: self.clone(),
            patterns: self.pattern_book().await?,
            repository,
            lines: Vec::new(),
            of_spell: HashMap::new(),
            succeeds: false,
        })
    }
}

impl PatternScan {
    /// Reads the next line, without clocks, escape codes and markers, with its position in the artifact.
    /// Lines that echo a script must be left out by the caller. Memory use does not grow with the log.
    pub fn line(&mut self, line: &str, start: u64, end: u64) {
        let line = &*text::composed(text::cut(line, MESSAGE));
        self.succeeds |= start < EXCERPT && tells_success(line);
        if self.lines.len() >= LINES || line.len() < 4 || is_no_error(line) {
            return;
        }
        let mut best: Option<(u32, SpellId)> = None;
        let repository = self.repository.as_ref();
        let entries = self.patterns.distinct_needles_in(line).into_iter();
        for entry in entries.filter(|entry| entry.scope.contains(repository)) {
            let tried = self.of_spell.entry(entry.spell).or_default();
            if tried.in_vain >= TRIES || tried.found >= LINES_OF_A_SPELL {
                continue;
            }
            let pattern = self.pipeline.patterns().pattern(entry.spell, entry.revision, &entry.source);
            match pattern.find(line).map(|found| pattern.specificity(found)) {
                Some(specificity) if specificity >= MIN_SPECIFICITY => {
                    best = best.max(Some((specificity, entry.spell)));
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

    /// True for a few lines of which none says that something went well: an error that somebody asks about.
    pub fn is_excerpt(&self, bytes: u64) -> bool {
        bytes <= EXCERPT && !self.succeeds
    }

    /// Adds the matching lines to the analyzers' findings. A line whose spell matches no diagnostic becomes
    /// one itself or, within or near an error, a part of that error's context, unless another spell matches
    /// the error already. `counts` tells whether text at an offset may be an error of the run: not in a step
    /// that passed.
    pub fn finish(
        self,
        mut found: Vec<CountedDiagnostic>,
        counts: impl Fn(u64) -> bool,
    ) -> Vec<CountedDiagnostic> {
        if self.lines.is_empty() {
            return found;
        }
        let known: Vec<HashSet<SpellId>> =
            found.iter().map(|found| self.spells_in(&found.diagnostic.searchable_text())).collect();
        let mut added = Vec::new();
        for hit in &self.lines {
            if !counts(hit.span.start) || known.iter().any(|spells| spells.contains(&hit.spell)) {
                continue;
            }
            let Some(entry) = self.patterns.get(hit.spell) else { continue };
            let diagnostic = diagnostic(entry, hit);
            let near = (0..found.len()).filter(|index| is_near(&found[*index].diagnostic, &diagnostic));
            match near.min_by_key(|index| distance(found[*index].diagnostic.span, hit.span)) {
                Some(index) if known[index].is_empty() => {
                    let context = &mut found[index].diagnostic.context;
                    if context.len() + hit.line.len() < CONTEXT {
                        if !context.is_empty() {
                            context.push('\n');
                        }
                        context.push_str(&hit.line);
                    }
                }
                Some(_) => {}
                None => added.push(CountedDiagnostic { diagnostic, count: 1, plugin: PLUGIN.to_owned() }),
            }
        }
        if !added.is_empty() {
            found.extend(added);
            found.sort_by_key(|found| (found.diagnostic.span.start, found.diagnostic.span.end));
        }
        found
    }

    /// The spells whose pattern matches a text.
    fn spells_in(&self, text: &str) -> HashSet<SpellId> {
        let found = self.patterns.needles_in(text).into_iter().filter(|entry| {
            if !entry.scope.contains(self.repository.as_ref()) {
                return false;
            }
            let pattern = self.pipeline.patterns().pattern(entry.spell, entry.revision, &entry.source);
            pattern.find(text).is_some_and(|found| pattern.specificity(found) >= MIN_SPECIFICITY)
        });
        found.map(|entry| entry.spell).collect()
    }
}

fn diagnostic(entry: &Entry, hit: &Hit) -> Diagnostic {
    let warning = is_warning(&hit.line);
    Diagnostic {
        tool: entry.tool.to_string(),
        message: hit.line.clone(),
        severity: if warning { Severity::Warning } else { Severity::Error },
        role: if warning { Role::Warning } else { Role::Root },
        confidence: Confidence::Likely,
        span: hit.span,
        ..Diagnostic::default()
    }
}

/// Returns true if a line is close enough to an error to belong to the same failure, and not of another
/// language. Beside a guess, a summary or a consequence, the line is the cause.
fn is_near(error: &Diagnostic, line: &Diagnostic) -> bool {
    let languages = Languages::of_diagnostic(error).compare(Languages::of_diagnostic(line));
    error.role == Role::Root
        && error.severity >= Severity::Error
        && error.confidence > Confidence::Guess
        && distance(error.span, line.span) < NEAR
        && !matches!(languages, LanguageEvidence::Other(_))
}

/// Number of bytes between two spans; 0 if they overlap.
fn distance(one: Span, other: Span) -> u64 {
    one.start.saturating_sub(other.end).max(other.start.saturating_sub(one.end))
}

/// True for `ok 3 …`, `PASS src/a.test.ts`, `5 passed in 0.1s`, `Build succeeded.`.
fn tells_success(line: &str) -> bool {
    const WORDS: [&str; 6] = ["ok", "pass", "passed", "succeeded", "successful", "successfully"];
    let mut words = line.split(|character: char| !character.is_ascii_alphanumeric());
    words.any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// True for an explicit non-error: `SKIPPED [1] test.py:3: …`, `PASS src/a.test.ts`, `[INFO] …`, `ok 3 …`.
fn is_no_error(line: &str) -> bool {
    const WORDS: [&str; 13] = [
        "skipped", "skip", "xfail", "xpass", "passed", "pass", "ok", "info", "debug", "trace", "notice",
        "verbose", "note",
    ];
    let word = line.split(|character: char| !character.is_ascii_alphanumeric()).find(|word| !word.is_empty());
    word.is_some_and(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// True for lines that are warnings: `warning: …`, `npm WARN …`, `[WARNING] …`, `DeprecationWarning: …`.
fn is_warning(line: &str) -> bool {
    let mut words =
        line.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.by_ref().take(3).any(|word| {
        let word = word.to_ascii_lowercase();
        word == "warn" || word.ends_with("warning") || word == "deprecated"
    })
}
