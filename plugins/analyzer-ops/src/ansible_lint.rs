//! ansible-lint: a rule with its message, and the location on the next line.
//!
//! ```text
//! fqcn[action-core]: Use FQCN for builtin module actions (command).
//! tasks/main.yml:3 Use `ansible.builtin.command` instead.
//!
//! name[casing]: All names should start with an uppercase letter. (warning)
//! roles/till/tasks/main.yml:12:5 Task/Handler: open the till
//!
//! [701] Role info should contain platforms
//! meta/main.yml:1
//!
//! tasks/main.yml:8: package-latest Package installs should not use latest
//! tasks/main.yml:41: no-changed-when: Commands should not change things if nothing needs doing.
//! tasks/main.yml:2: [EANSIBLE0002] Trailing whitespace
//! ```

use crate::{
    sink::{Block, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity, Span,
    text::{Beginnings, Needle, extension, place_at_start},
};

/// A finding whose location is still to come.
#[derive(Debug)]
pub(crate) struct Finding {
    rule: String,
    message: String,
    location: Option<Location>,
    span: Span,
}

impl Block for Finding {
    fn start(line: &Text<'_>) -> Option<Self> {
        let (rule, message) = if let Some(rest) = line.line.strip_prefix('[') {
            let (number, message) = rest.split_once("] ")?;
            (number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
                .then_some((number, message))?
        } else {
            line.head.filter(|(rule, _)| is_rule(rule))?
        };
        Some(Self {
            rule: rule.to_owned(),
            message: message.trim().to_owned(),
            location: None,
            span: line.span,
        })
    }

    fn line(&mut self, line: &Text<'_>) -> bool {
        if self.location.is_some() {
            return false;
        }
        let Some(place) = place_at_start(line.text) else { return false };
        if !matches!(extension(place.path), "yml" | "yaml" | "j2" | "json") {
            return false;
        }
        self.location = Some(place.location());
        self.span = self.span.to(line.span);
        true
    }

    fn finish(self, sink: &mut Sink) {
        if self.location.is_none() {
            return;
        }
        let (message, severity) = match self.message.strip_suffix(" (warning)") {
            Some(message) => (message, Severity::Warning),
            None => (self.message.as_str(), Severity::Error),
        };
        sink.block(Diagnostic {
            code: Some(self.rule.clone()),
            severity,
            location: self.location,
            ..found("ansible-lint", &self.rule, Kind::Lint, message, &self.message, self.span)
        });
    }

    fn begins(&self) -> u64 {
        self.span.start
    }
}

/// A finding on one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    static FILES: [Needle; 2] = [Needle::new(".yml:"), Needle::new(".yaml:")];
    FILES.iter().find(|file| file.find_among(line.characters, line.text).is_some())?;
    let place = place_at_start(line.text).filter(|place| matches!(extension(place.path), "yml" | "yaml"))?;
    let rest = place.rest.trim();
    let (rule, message) = if let Some(inner) = rest.strip_prefix('[') {
        let (code, message) = inner.split_once("] ")?;
        let number = code.trim_start_matches("EANSIBLE").trim_start_matches('E');
        let good = number.len() >= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        good.then_some((code, message))?
    } else {
        let end = rest.find([':', ' '])?;
        let (rule, message) = rest.split_at(end);
        let good = is_known(rule) && message.len() > 2;
        good.then(|| (rule, message.trim_start_matches(':').trim()))?
    };
    let (message, severity) = match message.strip_suffix(" (warning)") {
        Some(message) => (message, Severity::Warning),
        None => (message, Severity::Error),
    };
    Some(Diagnostic {
        code: Some(rule.to_owned()),
        severity,
        location: Some(place.location()),
        ..line.found("ansible-lint", rule, Kind::Lint, message)
    })
}

/// Returns true if a word is a rule: other linters print ordinary words in its position.
fn is_known(rule: &str) -> bool {
    static STARTS: Beginnings = Beginnings::new(&[
        "args[",
        "command-instead-of-",
        "deprecated-",
        "empty-string-compare",
        "fqcn",
        "galaxy[",
        "git-latest",
        "hg-latest",
        "ignore-errors",
        "inline-env-var",
        "internal-error",
        "jinja[",
        "key-order",
        "latest[",
        "literal-compare",
        "load-failure",
        "meta-",
        "name[",
        "no-",
        "package-latest",
        "parser-error",
        "partial-become",
        "playbook-extension",
        "risky-",
        "role-name",
        "run-once",
        "schema[",
        "syntax-check",
        "unnamed-task",
        "var-",
        "yaml[",
    ]);
    STARTS.begin(rule) && (is_rule(rule) || rule == "fqcn")
}

/// `fqcn[action-core]`, `no-changed-when`, `internal-error`.
pub(crate) fn is_rule(text: &str) -> bool {
    let (name, tag) = match text.split_once('[') {
        Some((name, tag)) => (name, tag.strip_suffix(']')),
        None => (text, None),
    };
    let is_word = |word: &str| {
        word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'))
    };
    is_word(name)
        && match tag {
            Some(tag) => !tag.is_empty() && !tag.contains(' '),
            None => text.contains('-') && !text.contains('['),
        }
}
