//! Failed tests of Scala's frameworks, alone or after sbt's `[info] `.
//!
//! ```text
//! PotSpec:
//! A pot
//! - should hold two cups *** FAILED ***
//!   1 did not equal 2 (PotSpec.scala:12)
//!
//! [error]   x hold two cups
//! [error]    1 != 2 (PotSpec.scala:12)
//!
//! ==> X org.example.PotSuite.holds two cups  0.03s munit.ComparisonFailException: /src/PotSuite.scala:12
//! ```

use crate::{header::Header, text::Text};
use grimoire_plugin_sdk::text::Needle;

#[derive(Debug, Default)]
pub(crate) struct ScalaTests {
    suite: String,
    subject: String,
}

impl ScalaTests {
    pub(crate) fn header<'a>(&mut self, text: &Text<'a>) -> Option<Header<'a>> {
        static FAILED: Needle = Needle::new("*** FAILED ***");
        let line = text.words;
        if let Some((name, _)) = FAILED.split_among(text.characters, line) {
            let name = name.strip_prefix("- ").or_else(|| name.strip_prefix("• "))?.trim();
            return Some(Header {
                test: self.named(name),
                tool: "scalatest",
                indent: Some(text.indent),
                ..Header::default()
            });
        }
        match line.as_bytes().first()? {
            b'x' | b'!' if text.is_error() => {
                let name = line.strip_prefix("x ").or_else(|| line.strip_prefix("! "))?;
                // An excerpt from a compiler: `x := y`.
                if name.starts_with([':', '=']) {
                    return None;
                }
                Some(Header {
                    test: self.named(name.trim()),
                    tool: "specs2",
                    indent: Some(text.indent),
                    ..Header::default()
                })
            }
            b'=' => {
                let rest = line.strip_prefix("==> X ")?;
                // The duration separates the name from the exception.
                let (name, rest) = rest.split_once("  ")?;
                let (_, thrown) = rest
                    .trim_start()
                    .split_once("s ")
                    .filter(|(time, _)| time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))?;
                Some(Header { test: name.to_owned(), tool: "munit", message: thrown, ..Header::default() })
            }
            // JUnit below sbt: `Test org.example.PotTest.holds failed: message, took 0.1 sec`.
            b'T' if text.is_error() && line.starts_with("Test ") => {
                let (test, rest) = line[5..].split_once(" failed: ")?;
                let message = rest.rsplit_once(", took ").map_or(rest, |(message, _)| message);
                let is_name = test.contains('.') && !test.contains(' ');
                is_name.then(|| Header { test: test.to_owned(), tool: "junit", message, ..Header::default() })
            }
            b'A'..=b'Z' => {
                self.remember(text);
                None
            }
            _ => None,
        }
    }

    /// Remembers `PotSpec:` and the subject below it, `A pot`.
    fn remember(&mut self, text: &Text<'_>) {
        let line = text.words;
        if text.indent > 0 || line.len() > 100 || text.is_error() {
            return;
        }
        let suite = line.strip_suffix(':').unwrap_or(line);
        if suite.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && suite.len() > 4 {
            suite.clone_into(&mut self.suite);
            self.subject.clear();
        } else if !self.suite.is_empty() {
            line.clone_into(&mut self.subject);
        }
    }

    fn named(&self, name: &str) -> String {
        match (self.suite.as_str(), self.subject.as_str()) {
            ("", _) => name.to_owned(),
            (suite, "") => format!("{suite} > {name}"),
            (suite, subject) => format!("{suite} > {subject} {name}"),
        }
    }
}
