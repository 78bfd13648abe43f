//! Failed tests as printed by Gradle and by its plugin `test-logger`.
//!
//! ```text
//! PotTest > holdsTwoCups() FAILED
//!     org.opentest4j.AssertionFailedError: expected: <2> but was: <1>
//!         at org.example.PotTest.holdsTwoCups(PotTest.java:21)
//! ```
//!
//! The short format has `java.lang.AssertionError at PotTest.java:21` instead. The plugin `test-logger` prints
//! the class on a separate line, then `  Test holdsTwoCups() FAILED` or `  ✘ holdsTwoCups()`.

use crate::{header::Header, session::Session, text::Text};

#[derive(Debug, Default)]
pub(crate) struct GradleTests {
    /// The class that was named alone on a line.
    class: String,
}

impl GradleTests {
    pub(crate) fn header(&mut self, text: &Text<'_>, session: &mut Session) -> Option<Header<'static>> {
        let line = text.words;
        if let Some(test) = line.strip_suffix(" PASSED") {
            if test.contains(" > ") {
                session.passed_again(own_name(test));
            }
            return None;
        }
        if let Some(name) =
            line.strip_suffix(" FAILED").or_else(|| without_duration(line)?.strip_suffix(" FAILED"))
        {
            if name.contains(" > ") && !name.starts_with("> ") {
                return Some(header(own_name(name).to_owned(), text.indent));
            }
            if let Some(name) = name.strip_prefix("Test ")
                && text.indent >= 2
                && !self.class.is_empty()
            {
                return Some(header(format!("{} > {name}", self.class), text.indent - 1));
            }
            // Tests for several platforms: `com.example.PotTest.holds[jvm] FAILED`.
            if name.ends_with(']') && name.contains('.') && !name.contains(' ') {
                return Some(header(name.to_owned(), text.indent));
            }
            return None;
        }
        if let Some(name) = line.strip_prefix("✘ ") {
            let name = without_duration(name).unwrap_or(name);
            if text.indent >= 2 && !self.class.is_empty() {
                return Some(header(format!("{} > {name}", self.class), text.indent - 1));
            }
            return None;
        }
        if is_class(text) {
            line.clone_into(&mut self.class);
        }
        None
    }
}

fn header(test: String, indent: usize) -> Header<'static> {
    Header { test, tool: "junit", indent: Some(indent), ..Header::default() }
}

/// The name without the run and the executor, which Gradle prints if all levels are requested.
fn own_name(name: &str) -> &str {
    let mut name = name;
    while name.starts_with("Gradle Test ")
        && let Some((_, rest)) = name.split_once(" > ")
    {
        name = rest;
    }
    name.trim()
}

/// `holds() FAILED (1.2s)` without the time.
fn without_duration(line: &str) -> Option<&str> {
    let (name, time) = line.strip_suffix(')')?.rsplit_once(" (")?;
    (time.ends_with('s') && time.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

/// A qualified class alone on its line.
fn is_class(text: &Text<'_>) -> bool {
    let line = text.words;
    text.indent == 0
        && line.len() < 300
        && line.rsplit_once('.').is_some_and(|(package, name)| {
            name.starts_with(|c: char| c.is_ascii_uppercase())
                && package.starts_with(|c: char| c.is_ascii_lowercase())
        })
        && line.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$'))
}
