//! Mocha's and Cypress's list of failures: a number, the suites and the test, then the exception.
//!
//! ```text
//!   1 failing
//!
//!   1) basket
//!        adds the deposit:
//!      AssertionError: expected 3 to equal 4
//!       at Context.<anonymous> (test/basket.spec.js:4:29)
//! ```

use grimoire_plugin_sdk::text::{Characters, Needle, leading_number, trim};
use grimoire_plugin_sdk::{Diagnostic, Span};

use crate::stack::Stacks;

/// Maximum number of lines of one title.
const TITLE: usize = 12;

/// Recognises the titles of failed tests.
#[derive(Default)]
pub(crate) struct Mocha {
    /// Failures are listed.
    failing: bool,
    cypress: bool,
    title: Option<(Vec<String>, Span)>,
}

impl Mocha {
    /// Reads a line; returns true if it is part of a title.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        stacks: &mut Stacks,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        static CYPRESS: Needle = Needle::new("Cypress:");
        let trimmed = trim(text);
        // WebdriverIO reports each failure as it happens, and again at the end with another prefix.
        if let Some(name) = text.strip_prefix("Error in \"").and_then(|rest| rest.strip_suffix('"')) {
            stacks.finish(out);
            stacks.begin_test(name, "webdriverio", span, out);
            return true;
        }
        if let Some((count, rest)) = leading_number(trimmed)
            && rest == " failing"
        {
            self.failing = count > 0;
            return true;
        }
        if !self.failing {
            self.cypress |= CYPRESS.find_among(among, trimmed).is_some() && trimmed.starts_with('│')
                || trimmed == "(Run Starting)";
            return false;
        }
        if !text.starts_with([' ', '\t']) && !trimmed.is_empty() && !stacks.is_waiting() {
            self.failing = false;
            self.title = None;
            stacks.finish(out);
            stacks.in_list(false);
            return false;
        }
        let tool = if self.cypress { "cypress" } else { "mocha" };
        if let Some((number, rest)) = leading_number(trimmed)
            && number > 0
            && let Some(name) = rest.strip_prefix(") ")
        {
            self.title = Some((vec![name.to_owned()], span));
            self.complete(name, tool, stacks, out);
            return true;
        }
        let Some((parts, _)) = &mut self.title else { return false };
        if trimmed.is_empty() || parts.len() == TITLE {
            self.title = None;
            return false;
        }
        parts.push(trimmed.to_owned());
        self.complete(trimmed, tool, stacks, out);
        true
    }

    /// A title ends with a colon.
    fn complete(&mut self, last: &str, tool: &'static str, stacks: &mut Stacks, out: &mut Vec<Diagnostic>) {
        if last.ends_with(':')
            && let Some((parts, span)) = self.title.take()
        {
            let name = parts.join(" ");
            stacks.begin_test(name.trim_end_matches(':'), tool, span, out);
            stacks.in_list(true);
        }
    }
}
