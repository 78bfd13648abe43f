//! One tool's expressions: a line that matches the only one is an error, or lines that match one after another.

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Severity, Span,
    text::{Context, kind_of},
};
use memchr::memmem::Finder;

use crate::expression::Expression;
use crate::fields::{Field, Fields};
use crate::severity;

/// One expression, and what its groups are.
pub(crate) struct Pattern {
    expression: Expression,
    /// The group of each field that it sets.
    fields: Vec<(Field, usize)>,
    /// Searches for the texts of which a match contains one: most lines have none, and that is found out much faster.
    finders: Vec<Finder<'static>>,
}

impl Pattern {
    pub(crate) fn new(expression: Expression, fields: Vec<(Field, usize)>) -> Self {
        let texts = expression.needed.texts().unwrap_or_default();
        let finders = texts.iter().map(|text| Finder::new(text).into_owned()).collect();
        Self { expression, fields, finders }
    }

    pub(crate) fn sets(&self, wanted: Field) -> bool {
        self.fields.iter().any(|(field, _)| *field == wanted)
    }

    /// What a line says after what the lines before it have said.
    fn read(&self, text: &str, span: Span, before: Option<&Running>) -> Option<Running> {
        let may_match = self.finders.is_empty()
            || self.finders.iter().any(|finder| finder.find(text.as_bytes()).is_some());
        let captures = may_match.then(|| self.expression.regex.captures(text)).flatten()?;
        let mut running = match before {
            Some(before) => Running { span: before.span.to(span), ..before.clone() },
            None => Running { span, ..Running::default() },
        };
        running.context.push(text);
        for &(field, group) in &self.fields {
            running.fields.set(field, captures.get(group).map_or("", |found| found.as_str()));
        }
        Some(running)
    }
}

/// The lines of an error so far.
#[derive(Clone, Debug, Default)]
struct Running {
    fields: Fields,
    context: Context,
    span: Span,
}

/// The expressions of one tool's errors.
pub(crate) struct Matcher {
    tool: String,
    /// For errors without a severity of their own.
    severity: Severity,
    kind: Option<Kind>,
    patterns: Vec<Pattern>,
    /// True if the last expression may match on several lines, each of which is an error.
    loops: bool,
    /// What the lines before have matched of all expressions but the last.
    state: Vec<Option<Running>>,
}

impl Matcher {
    /// Makes a matcher of at least one pattern.
    pub(crate) fn new(
        tool: &str,
        severity: Severity,
        kind: Option<Kind>,
        patterns: Vec<Pattern>,
        loops: bool,
    ) -> Self {
        let state = vec![None; patterns.len().saturating_sub(1)];
        Self { tool: tool.to_lowercase(), severity, kind, patterns, loops, state }
    }

    pub(crate) fn tool(&self) -> &str {
        &self.tool
    }

    /// Texts of which an error contains at least one: those of the expression that says most, because all of them match.
    pub(crate) fn probes(&self) -> Option<&[String]> {
        let best = self.patterns.iter().map(|pattern| &pattern.expression.needed);
        best.reduce(|best, needed| best.better_of(needed)).and_then(|needed| needed.texts())
    }

    /// Forgets what the lines before have matched.
    pub(crate) fn reset(&mut self) {
        self.state.fill(None);
    }

    /// Reads a line. Returns the error that it completes.
    ///
    /// Expressions are tried from the last to the first, so that a line continues an error rather than begin one, as in
    /// GitHub's runner.
    pub(crate) fn line(&mut self, text: &str, span: Span) -> Option<Diagnostic> {
        let last = self.patterns.len() - 1;
        for index in (0..=last).rev() {
            let before = match index.checked_sub(1) {
                None => None,
                Some(earlier) => match &self.state[earlier] {
                    None => continue,
                    before => before.as_ref(),
                },
            };
            let read = self.patterns[index].read(text, span, before);
            if index < last {
                self.state[index] = read;
                continue;
            }
            let Some(running) = read else {
                if let Some(before) = self.state.last_mut() {
                    *before = None;
                }
                continue;
            };
            let header = self.state.last_mut().and_then(Option::take);
            self.reset();
            if self.loops
                && let Some(before) = self.state.last_mut()
            {
                *before = header;
            }
            return self.diagnostic(running);
        }
        None
    }

    /// The error of some lines, unless they have no message.
    fn diagnostic(&self, running: Running) -> Option<Diagnostic> {
        let Running { fields, mut context, span } = running;
        let message = fields.get(Field::Message)?.to_owned();
        let printed = fields.get(Field::Severity).and_then(severity::of_word);
        let code = fields.get(Field::Code).map(str::to_owned);
        Some(Diagnostic {
            tool: self.tool.clone(),
            error_type: code.clone().unwrap_or_default(),
            code,
            severity: printed.unwrap_or(self.severity),
            kind: self.kind.unwrap_or_else(|| kind_of(&message)),
            message,
            role: Role::Root,
            test: fields.get(Field::Test).map(str::to_owned),
            location: fields.location(),
            context: context.take(),
            span,
            ..Diagnostic::default()
        })
    }
}
