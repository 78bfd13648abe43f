//! Publishing: signatures that could not be made, and the rules of a repository that an upload broke.
//!
//! ```text
//! [INFO] gpg: signing failed: Not a tty
//! [ERROR] Nexus Staging Rules Failure Report
//! [ERROR]   Rule "signature-staging" failures
//! [ERROR]     * Missing Signature: '/org/example/pot-1.0.jar.asc' does not exist for 'pot-1.0.jar'.
//! [ERROR] pkg:maven/org.example/pot@1.0:
//! [ERROR]  - Javadocs must be provided but not found in entries
//! ```

use crate::{Record, Step, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Span,
    text::{Beginnings, Context},
};

/// Maximum number of lines of a report, and of broken rules that the message names.
const LINES: usize = 60;
const NAMED: usize = 12;

/// Who reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reporter {
    Gpg,
    Nexus,
    /// The portal of Maven Central.
    Portal,
}

/// A report being read.
#[derive(Debug)]
pub(crate) struct Block {
    reporter: Reporter,
    error_type: String,
    said: Vec<String>,
    /// The package whose broken rules follow.
    package: String,
    /// False if nothing but the words of a rule can show that this is an error: scanners list packages, too.
    sure: bool,
    lines: usize,
    context: Context,
    span: Span,
}

impl Block {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        static STARTS: Beginnings = Beginnings::new(&[
            "gpg: signing failed: ",
            "gpg: no default secret key: ",
            "Nexus Staging Rules Failure Report",
            "Rule failure while trying to close staging repository ",
            "pkg:maven/",
        ]);
        let (reporter, error_type) = match STARTS.position(text.words)? {
            // On a line of its own gpg speaks for itself.
            0 | 1 if text.level.is_none() => return None,
            0 | 1 => (Reporter::Gpg, "signing"),
            2 | 3 => (Reporter::Nexus, "staging"),
            _ => (Reporter::Portal, "validation"),
        };
        let mut context = Context::default();
        context.push(text.raw);
        let mut block = Self {
            reporter,
            error_type: error_type.to_owned(),
            said: Vec::new(),
            package: String::new(),
            sure: reporter != Reporter::Portal || text.is_error(),
            lines: 0,
            context,
            span: text.span,
        };
        match reporter {
            Reporter::Gpg => block.said.push(text.words.to_owned()),
            Reporter::Nexus => {}
            Reporter::Portal => block.portal(text.words).then_some(())?,
        }
        Some(block)
    }

    fn say(&mut self, rule: String) {
        if self.said.len() < NAMED {
            self.said.push(rule);
        }
    }

    /// `Repository "org-1" failures`, `Rule "signature-staging" failures`, `* Missing Signature: …`.
    fn nexus(&mut self, line: &str) -> bool {
        if let Some(rule) = line.strip_prefix("* ") {
            self.say(rule.to_owned());
            return true;
        }
        if let Some(name) = quoted(line, "Rule \"") {
            // The first rule gives the type.
            if self.said.is_empty() {
                name.clone_into(&mut self.error_type);
            }
            return true;
        }
        quoted(line, "Repository \"").is_some()
            || line.starts_with("Nexus Staging Rules Failure Report")
            || line.bytes().all(|byte| byte == b'=')
    }

    /// `pkg:maven/org.example/pot@1.0:` with `- rule` below it, `pkg:maven/org.example/pot@1.0: rule`.
    fn portal(&mut self, line: &str) -> bool {
        if let Some(rule) = line.strip_prefix("- ").filter(|_| !self.package.is_empty()) {
            self.say(format!("{}: {rule}", self.package));
            return true;
        }
        let name = line.split([' ', '\t']).next().unwrap_or_default();
        let Some(package) = name.strip_suffix(':').filter(|name| name.starts_with("pkg:maven/")) else {
            return false;
        };
        package.clone_into(&mut self.package);
        if line.len() > name.len() {
            self.say(line.to_owned());
        }
        true
    }
}

impl Record for Block {
    fn line(&mut self, text: &Text<'_>) -> Step {
        if self.reporter == Reporter::Gpg || self.lines >= LINES {
            return Step::Over;
        }
        if text.is_blank() {
            return Step::Waits;
        }
        let belongs = match self.reporter {
            Reporter::Portal => self.portal(text.words),
            _ => self.nexus(text.words),
        };
        if !belongs {
            return Step::Over;
        }
        self.lines += 1;
        self.context.push(text.raw);
        self.span = self.span.to(text.span);
        Step::Taken
    }

    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        const RULES: [&str; 3] = ["must be provided but not found", "nvalid signature", "issing signature"];
        let mut block = *self;
        let is_rule = |said: &String| RULES.iter().any(|rule| said.contains(rule));
        if block.said.is_empty() || !block.sure && !block.said.iter().any(is_rule) {
            return;
        }
        let tool = match block.reporter {
            Reporter::Gpg => "gpg",
            Reporter::Nexus => "nexus",
            Reporter::Portal => "maven-central",
        };
        let found = Diagnostic {
            tool: tool.to_owned(),
            error_type: block.error_type,
            message: block.said.join("\n"),
            kind: Kind::Configuration,
            context: block.context.take(),
            span: block.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}

/// The name in `Rule "signature-staging" failures`.
fn quoted<'a>(line: &'a str, before: &str) -> Option<&'a str> {
    line.strip_prefix(before)?.strip_suffix("\" failures")
}
