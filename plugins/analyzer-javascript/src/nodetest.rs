//! The spec reporter of `node --test`: `✖ name (1.9ms)` and the exception below it, once while the tests
//! run and once below `✖ failing tests:`. TODO tests are expected to fail.
//!
//! ```text
//! test at basket.test.js:2:1
//! ✖ adds (1.94ms)
//!   AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
//! ```

use grimoire_plugin_sdk::text::trim;
use grimoire_plugin_sdk::{Diagnostic, Span};

use crate::stack::Stacks;

/// Recognises the names of failed tests.
#[derive(Default)]
pub(crate) struct NodeTest {
    /// The indentation of a TODO test's name: output below it is not an error.
    skipped: Option<usize>,
}

impl NodeTest {
    /// Reads a line; returns true if no other recogniser should read it.
    pub(crate) fn line(
        &mut self,
        text: &str,
        span: Span,
        stacks: &mut Stacks,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        let indent = text.len() - text.trim_start().len();
        if let Some(least) = self.skipped {
            if trimmed.is_empty() || indent > least {
                return true;
            }
            self.skipped = None;
        }
        let Some(rest) = trimmed.strip_prefix("✖ ").or_else(|| trimmed.strip_prefix("⚠ ")) else {
            return false;
        };
        let (name, remark) = rest.split_once(" # ").unwrap_or((rest, ""));
        let Some((name, time)) = name.trim_end().rsplit_once(" (") else { return false };
        if !time.ends_with("ms)") || !time.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        stacks.finish(out);
        if remark.starts_with("TODO") || remark.starts_with("SKIP") || trimmed.starts_with('⚠') {
            self.skipped = Some(indent);
        } else {
            stacks.begin_test(name, "node", span, out);
        }
        true
    }
}
