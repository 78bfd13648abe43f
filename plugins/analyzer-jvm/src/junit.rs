//! Failed tests as printed by JUnit itself: its console launcher, its old text runner, Ant's task,
//! the randomized runner.
//!
//! ```text
//! Failures (1):
//!   JUnit Jupiter:PotTest:holdsTwoCups()
//!     MethodSource [className = 'org.example.PotTest', methodName = 'holdsTwoCups', methodParameterTypes = '']
//!     => org.opentest4j.AssertionFailedError: expected: <2> but was: <1>
//!        org.example.PotTest.holdsTwoCups(PotTest.java:21)
//!
//! 1) holdsTwoCups(org.example.PotTest)
//! java.lang.AssertionError: expected:<2> but was:<1>
//!
//! [junit] Testcase: holdsTwoCups(org.example.PotTest):    FAILED
//! [junit] expected:<2> but was:<1>
//!
//! FAILURE 0.02s J1 | PotTest.holdsTwoCups <<<
//!    > Throwable #1: java.lang.AssertionError: expected:<2> but was:<1>
//! ```
//!
//! The launcher's tree (`'-- holdsTwoCups() [X] expected: <2> but was: <1>`) counts if nothing else was found.

use crate::{frames::class_and_method, header::Header, session::Session, text::Text};
use grimoire_plugin_sdk::{Diagnostic, Kind};

#[derive(Debug, Default)]
pub(crate) struct JUnit {
    /// Below `Failures (1):`.
    in_failures: bool,
    /// Failed tests of the tree.
    tree: Vec<Diagnostic>,
    /// Ant: the class and the test that was started.
    class: String,
    case: String,
}

impl JUnit {
    /// Maximum number of tests of the tree that are kept.
    const TREE: usize = 64;

    pub(crate) fn header<'a>(&mut self, text: &Text<'a>) -> Option<Header<'a>> {
        let line = text.words;
        match line.as_bytes().first()? {
            b'F' if line.starts_with("Failures (") && line.ends_with("):") => {
                self.in_failures = true;
                self.tree.clear();
                None
            }
            b'J' if self.in_failures && line.starts_with("JUnit ") && line.contains(':') => {
                let (_, test) = line.split_once(':')?;
                Some(Header {
                    test: test.replace(':', " > "),
                    tool: "junit",
                    indent: Some(text.indent),
                    bare_frames: true,
                    ..Header::default()
                })
            }
            b'0'..=b'9' => numbered(line),
            b'T' => self.ant(line),
            b'F' | b'E' if line.ends_with(" <<<") => randomized(text),
            b'F' | b'C' if !self.case.is_empty() && matches!(line, "FAILED" | "Caused an ERROR") => {
                let test = format!("{}({})", std::mem::take(&mut self.case), self.class);
                Some(Header { test, tool: "junit", ..Header::default() })
            }
            _ => {
                self.branch(text);
                None
            }
        }
    }

    /// Ant: `Testsuite: org.example.PotTest`, `Testcase: holds(org.example.PotTest):    FAILED`,
    /// `Testcase: holds took 0.1 sec`.
    fn ant(&mut self, line: &str) -> Option<Header<'static>> {
        if let Some(class) = line.strip_prefix("Testsuite: ") {
            class.clone_into(&mut self.class);
            return None;
        }
        let rest = line.strip_prefix("Testcase: ")?;
        self.case.clear();
        if let Some((name, _)) = rest.split_once(" took ") {
            name.split('(').next().unwrap_or_default().clone_into(&mut self.case);
            return None;
        }
        let (test, result) = rest.split_once("):")?;
        matches!(result.trim(), "FAILED" | "Caused an ERROR").then(|| Header {
            test: format!("{test})"),
            tool: "junit",
            ..Header::default()
        })
    }

    /// `|  '-- holdsTwoCups() [X] expected: <2> but was: <1>`.
    fn branch(&mut self, text: &Text<'_>) {
        let Some((before, message)) = text.words.split_once(" [X]") else { return };
        let drawn = before.trim_start_matches(['|', '+', '-', '\'', '`', ' ', '│', '├', '└', '─']);
        if drawn.len() == before.len() || self.in_failures || self.tree.len() >= Self::TREE {
            return;
        }
        let message = message.trim();
        self.tree.push(Diagnostic {
            tool: "junit".to_owned(),
            error_type: "test".to_owned(),
            message: if message.is_empty() { format!("{drawn} failed") } else { message.to_owned() },
            kind: Kind::Test,
            test: Some(drawn.to_owned()),
            context: text.raw.to_owned(),
            span: text.span,
            ..Diagnostic::default()
        });
    }

    pub(crate) fn finish(&mut self, session: &mut Session, out: &mut Vec<Diagnostic>) {
        for found in self.tree.drain(..) {
            if session.is_new_test(found.test.as_deref().unwrap_or_default()) {
                session.hold_test(found, out);
            }
        }
    }
}

/// `FAILURE 0.02s J1 | PotTest.holdsTwoCups <<<`, of the runner of Lucene and related projects.
fn randomized<'a>(text: &Text<'a>) -> Option<Header<'a>> {
    let (verdict, test) = text.words.strip_suffix(" <<<")?.split_once(" | ")?;
    let is_verdict = verdict.starts_with("FAILURE ") || verdict.starts_with("ERROR ");
    is_verdict.then(|| Header {
        test: test.trim().to_owned(),
        tool: "junit",
        indent: Some(text.indent),
        quoted: true,
        ..Header::default()
    })
}

/// `1) holdsTwoCups(org.example.PotTest)`.
fn numbered(line: &str) -> Option<Header<'static>> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(") ")?;
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$' | b'[' | b']'))
    };
    let (method, class) = rest.strip_suffix(')')?.split_once('(')?;
    let (simple, _) = class_and_method(rest);
    (is_name(method) && is_name(class) && simple.starts_with(|c: char| c.is_ascii_uppercase()))
        .then(|| Header { test: rest.to_owned(), tool: "junit", ..Header::default() })
}
