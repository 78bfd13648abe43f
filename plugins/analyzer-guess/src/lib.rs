//! The last resort: if no analyzer recognises anything in a failed run, it reports the line that most looks like
//! the cause, with the lines around it, marked as a guess. The host shows it only if nothing else was found.
//!
//! No single sign is trusted: words of failure, closeness to the end of the step, and uniqueness of a
//! line are weighed together, as LogSage does with the key lines of CI logs (arXiv 2506.03691).

#![deny(unsafe_code)]

mod sentence;
mod signs;
mod verdict;
mod words;

use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Line, LineAnalyzer, LineScan, Marker, Span, Steps, export_analyzer,
    text::{Context, cut, kind_of, trim},
};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use verdict::{Verdict, verdict};

/// Maximum number of guesses per log.
const MOST: usize = 500;
/// Number of lines kept before and after a candidate.
const BEFORE: usize = 4;
const AFTER: usize = 6;
/// Maximum number of consecutive lines that a headline announces.
const CHAIN: usize = 3;
/// Number of blank lines that separate a headline from unrelated text.
const APART: usize = 2;
/// Maximum number of candidates kept per step.
const CANDIDATES: usize = 12;
/// Maximum number of bytes kept of a line; the reason is at its start.
const LINE: usize = 400;
/// Maximum number of line templates whose repetitions are counted; later ones count as new.
const TEMPLATES: usize = 4096;
/// Minimum weight of a line's words for a candidate.
const LEAST: f32 = 3.0;
/// The minimum weight if nothing says that the run failed.
const SURE: f32 = 6.0;
/// The same among the last lines: an excerpt usually ends with the failure, or soon after it.
const SURE_AT_END: f32 = 4.0;
const END: u32 = 15;
/// Number of lines after which the weight of the distance to the step's end has fallen to less than half.
const NEAR: f32 = 40.0;

/// Follows the log and keeps lines that may be the cause.
#[derive(Debug, Default)]
pub struct Guesses {
    /// The last lines, for the context of the next candidate.
    before: VecDeque<String>,
    step: Step,
    steps: Steps,
    /// Number of guesses made: one per step.
    made: usize,
}

#[derive(Debug, Default)]
struct Step {
    lines: u32,
    candidates: Vec<Candidate>,
    templates: HashMap<u64, u32, BuildHasherDefault<DefaultHasher>>,
    /// True if a line says that the step failed.
    failed: bool,
    /// True if a line says that everything passed.
    passed: bool,
}

#[derive(Clone, Debug)]
struct Candidate {
    weight: f32,
    template: u64,
    at: u32,
    text: String,
    context: Context,
    after: usize,
    /// True after the second line of a wrapped sentence was added.
    wrapped: bool,
    /// Number of added lines that a headline announced.
    chained: usize,
    /// True if the last line announced the cause of what the candidate says.
    is_caused: bool,
    /// Number of blank lines since the last added one.
    blank: usize,
    span: Span,
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Guesses>;

export_analyzer!(Scan);

impl LineAnalyzer for Guesses {
    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        let steps = self.steps.count();
        self.steps.line(line);
        if self.steps.count() > steps {
            self.end_step(out);
        }
        if line.echoed
            || matches!(line.marker, Some(Marker::Debug | Marker::Command | Marker::Group | Marker::EndGroup))
        {
            return;
        }
        let text = trim(&line.text);
        if text.is_empty() {
            for candidate in self.step.candidates.iter_mut().filter(|candidate| candidate.after < AFTER) {
                candidate.blank += 1;
            }
            return;
        }
        self.step.lines += 1;
        let weight = words::weight(text, line.marker, line.red);
        let announces_cause = matches!(text, "Caused by:" | "caused by:");
        for candidate in self.step.candidates.iter_mut().filter(|candidate| candidate.after < AFTER) {
            if std::mem::replace(&mut candidate.is_caused, announces_cause) && !announces_cause {
                candidate.text = format!("{}: {}", cut(&candidate.text, LINE), cut(text, LINE));
                candidate.context.push(cut(text, LINE));
                candidate.after += 1;
                continue;
            }
            let blank = std::mem::take(&mut candidate.blank);
            let is_next = candidate.after == usize::from(candidate.wrapped) + candidate.chained;
            if candidate.after == 0 && blank == 0 && sentence::goes_on(&candidate.text, text) {
                candidate.text = format!("{} {}", cut(&candidate.text, LINE), cut(text, LINE));
                candidate.wrapped = true;
            } else if is_next
                // A headline announces the next line, which may announce another one.
                && blank < APART
                && candidate.chained < CHAIN
                && (!text.starts_with(['=', '#', '*']) || text.starts_with("* "))
                && let Some(headline) = sentence::headline(&candidate.text)
            {
                let next = sentence::bare(text).trim_start_matches(['-', '*', ' ', '>']);
                candidate.text = format!("{}: {}", cut(headline, LINE), cut(next, LINE));
                candidate.chained += 1;
                // Together they say more than either alone.
                candidate.weight = candidate.weight.max(weight) + 0.5;
            }
            candidate.context.push(cut(text, LINE));
            candidate.after += 1;
        }
        match verdict(text, line.marker) {
            Some(Verdict::Failed) => self.step.failed = true,
            Some(Verdict::Passed) => self.step.passed = true,
            None => {}
        }
        if weight >= LEAST {
            self.add(text, weight, line.span);
        }
        // Reuses the memory of the oldest line.
        let oldest = if self.before.len() == BEFORE { self.before.pop_front() } else { None };
        let mut last = oldest.unwrap_or_default();
        last.clear();
        last.push_str(cut(text, LINE));
        self.before.push_back(last);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.end_step(out);
    }
}

impl Guesses {
    fn add(&mut self, text: &str, weight: f32, span: Span) {
        let template = template(text);
        let step = &mut self.step;
        if let Some(count) = step.templates.get_mut(&template) {
            *count += 1;
            // Repeated lines are known.
            return;
        }
        if step.templates.len() < TEMPLATES {
            step.templates.insert(template, 1);
        }
        if step.candidates.len() == CANDIDATES {
            let lines = step.lines;
            let weakest = (0..CANDIDATES)
                .min_by(|&one, &other| {
                    step.candidates[one].score(lines).total_cmp(&step.candidates[other].score(lines))
                })
                .unwrap_or_default();
            step.candidates.remove(weakest);
        }
        let mut context = Context::default();
        for line in &self.before {
            context.push(line);
        }
        context.push(cut(text, LINE));
        step.candidates.push(Candidate {
            weight,
            template,
            at: step.lines,
            text: sentence::bare(text).trim_start_matches("* ").to_owned(),
            context,
            after: 0,
            wrapped: false,
            chained: 0,
            blank: 0,
            is_caused: false,
            span,
        });
    }

    /// Ends a step: reports its guess, which the host uses if the step failed and nothing else was found.
    fn end_step(&mut self, out: &mut Vec<Diagnostic>) {
        let step = std::mem::take(&mut self.step);
        if self.made == MOST {
            return;
        }
        let best = if step.failed {
            step.best(|_| true)
        } else if step.passed {
            None
        } else {
            // The steps of a whole run say themselves that they failed.
            let end = if self.steps.count() <= 1 { step.lines.saturating_sub(END) } else { u32::MAX };
            step.best(|candidate| candidate.weight >= if candidate.at > end { SURE_AT_END } else { SURE })
        };
        let Some(best) = best else { return };
        self.made += 1;
        let message = sentence::without_leader(sentence::message(&best.text));
        out.push(Diagnostic {
            tool: "log".to_owned(),
            error_type: "guess".to_owned(),
            kind: kind_of(&message),
            message: message.into_owned(),
            confidence: Confidence::Guess,
            context: best.context.as_str().to_owned(),
            span: best.span,
            ..Diagnostic::default()
        });
    }
}

impl Step {
    /// The most likely of the candidates that are sure enough.
    fn best(&self, is_sure: impl Fn(&Candidate) -> bool) -> Option<Candidate> {
        let score = |candidate: &Candidate| {
            let repeated = self.templates.get(&candidate.template).copied().unwrap_or(1);
            candidate.score(self.lines) / if repeated > 3 { 2.0 } else { 1.0 }
        };
        // The first one of equals: later ones repeat it.
        self.candidates
            .iter()
            .rev()
            .filter(|candidate| is_sure(candidate))
            .max_by(|one, other| score(one).total_cmp(&score(other)))
            .cloned()
    }
}

impl Candidate {
    /// The weight of its words, reduced by the distance from the end.
    fn score(&self, lines: u32) -> f32 {
        let distance = f32::from(u16::try_from(lines.saturating_sub(self.at)).unwrap_or(u16::MAX));
        self.weight * (0.4 + 0.6 * NEAR / (NEAR + distance))
    }
}

/// A line without the parts that vary between repetitions: numbers.
fn template(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for byte in text.bytes().filter(|byte| !byte.is_ascii_digit()) {
        byte.hash(&mut hasher);
    }
    hasher.finish()
}
