//! Reports of unittest, Django and nose: the test that a traceback belongs to, and the outcome of the run.
//!
//! ```text
//! ======================================================================
//! FAIL: test_sum (tests.test_sum.SumTest.test_sum)
//! ----------------------------------------------------------------------
//! Traceback (most recent call last):
//! …
//! Ran 2 tests in 0.010s
//!
//! FAILED (failures=1, errors=1)
//! ```

use grimoire_plugin_sdk::text::{leading_number, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Span};

use crate::found::summary;

/// Follows a run to its end.
#[derive(Default)]
pub(crate) struct Unittest {
    /// `Ran 2 tests in 0.010s` was read; the outcome follows.
    ran: u32,
}

impl Unittest {
    /// Reads a line; returns true if it ends a test run.
    pub(crate) fn ends(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some((count, rest)) = text.strip_prefix("Ran ").and_then(leading_number) {
            let is_total = rest.starts_with(" test") && rest.contains(" in ");
            self.ran = if is_total && count > 0 { 4 } else { 0 };
            return false;
        }
        if self.ran == 0 {
            return false;
        }
        self.ran -= 1;
        let trimmed = trim(text);
        if trimmed.starts_with("FAILED (") && trimmed.ends_with(')') {
            out.push(summary("unittest", Kind::Test, trimmed, span));
            self.ran = 0;
            return true;
        }
        let passed = trimmed == "OK" || trimmed.starts_with("OK (");
        if passed {
            self.ran = 0;
        }
        passed
    }
}

/// The test named by a header, in the form used to run it again: `tests.test_sum.SumTest.test_sum`.
/// Trial names the test below the traceback: the name is empty here.
pub(crate) fn failed_test(text: &str, previous: &str) -> Option<String> {
    let after_rule = previous.starts_with("==========");
    if after_rule && matches!(text, "[FAIL]" | "[ERROR]") {
        return Some(String::new());
    }
    let rest = text.strip_prefix("FAIL: ").or_else(|| text.strip_prefix("ERROR: "))?.trim_end();
    let Some((name, inside)) = rest.split_once(" (") else {
        // nose and others print the full name without parentheses.
        let is_name = after_rule && rest.contains('.') && !rest.contains([' ', '/', ':']);
        return is_name.then(|| rest.to_owned());
    };
    let (class, part) = inside.split_once(')')?;
    let is_part = part.is_empty() || part.starts_with(" (") || part.starts_with(" [");
    if name.contains(' ') || class.contains(' ') || !is_part || !(class.contains('.') || after_rule) {
        return None;
    }
    // The loader's own class represents a module that cannot be imported.
    if class.starts_with("unittest.loader.")
        || class.starts_with("unittest.") && class.contains("_FailedTest")
    {
        return Some(name.to_owned());
    }
    if matches!(name, "setUpClass" | "tearDownClass" | "setUpModule" | "tearDownModule") {
        return Some(format!("{name} ({class})"));
    }
    let whole =
        if class.rsplit('.').next() == Some(name) { class.to_owned() } else { format!("{class}.{name}") };
    Some(format!("{whole}{part}"))
}

/// `package.module.Class.test`, the form in which Trial names a test.
pub(crate) fn is_dotted(text: &str) -> bool {
    text.split('.').count() >= 3
        && text.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::failed_test;

    #[test]
    fn tests_are_named_as_one_runs_them() {
        let rule = "======================================================================";
        for (text, name) in [
            ("FAIL: test_a (tests.jar.JarTest)", Some("tests.jar.JarTest.test_a")),
            ("FAIL: test_a (tests.jar.JarTest.test_a)", Some("tests.jar.JarTest.test_a")),
            ("FAIL: test_a (tests.jar.JarTest.test_a) (i=1)", Some("tests.jar.JarTest.test_a (i=1)")),
            ("ERROR: tests.jar (unittest.loader._FailedTest.tests.jar)", Some("tests.jar")),
            ("ERROR: setUpClass (tests.jar.JarTest)", Some("setUpClass (tests.jar.JarTest)")),
            ("ERROR: could not connect (host db.local)", None),
        ] {
            assert_eq!(failed_test(text, rule).as_deref(), name, "{text}");
        }
        assert_eq!(failed_test("FAIL: jar.test_lid", rule).as_deref(), Some("jar.test_lid"));
        assert_eq!(failed_test("FAIL: jar.test_lid", ""), None);
    }
}
