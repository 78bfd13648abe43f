//! helm-unittest: one diagnostic per failed test. The output has tabs instead of the blanks shown here.
//!
//! ```text
//!  FAIL  till service    charts/till/tests/service_test.yaml
//!     - should expose the port
//!
//!         - asserts[0] `equal` fail
//!             Template:    till/templates/service.yaml
//!             Path:    spec.ports[0].port
//!             Expected to equal:
//!                 8080
//!             Actual:
//!                 80
//! ```

use crate::{
    sink::{Recogniser, Sink},
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Span,
    text::{Context, Needle, looks_like_path},
};

/// Maximum number of lines of one assertion.
const LINES: usize = 40;

/// Reads suites, tests and assertions.
#[derive(Debug, Default)]
pub(crate) struct HelmUnittest {
    suite: String,
    path: String,
    test: String,
    open: Option<Assertion>,
}

#[derive(Debug)]
struct Assertion {
    name: String,
    place: String,
    expected: Vec<String>,
    actual: Vec<String>,
    part: Part,
    context: Context,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Head,
    Expected,
    Actual,
    Rest,
}

impl Recogniser for HelmUnittest {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        static ASSERTS: Needle = Needle::new("- asserts[");
        let text = line.line.trim();
        if let Some(rest) = text.strip_prefix("FAIL ") {
            self.finish(sink);
            let (suite, path) = rest.trim().rsplit_once('\t').unwrap_or(("", ""));
            if looks_like_path(path) {
                suite.trim().clone_into(&mut self.suite);
                path.clone_into(&mut self.path);
                self.test.clear();
            }
            return;
        }
        if self.path.is_empty() {
            return;
        }
        if ASSERTS.find_among(line.characters, text) == Some(0) && text.ends_with(" fail") {
            self.finish(sink);
            let mut context = Context::default();
            context.push(line.line);
            self.open = Some(Assertion {
                name: text["- ".len()..text.len() - " fail".len()].to_owned(),
                place: String::new(),
                expected: Vec::new(),
                actual: Vec::new(),
                part: Part::Head,
                context,
                span: line.span,
            });
        } else if let Some(test) = text.strip_prefix("- ").filter(|_| line.line.starts_with(['\t', ' '])) {
            self.finish(sink);
            test.clone_into(&mut self.test);
        } else if text.starts_with("PASS ") || text.starts_with("Charts: ") {
            self.finish(sink);
            self.path.clear();
        } else if let Some(assertion) = &mut self.open
            && !assertion.take(text, line)
        {
            self.finish(sink);
        }
    }

    fn finish(&mut self, sink: &mut Sink) {
        let Some(mut assertion) = self.open.take() else { return };
        let test = format!("{} › {}", self.suite, self.test);
        sink.block(Diagnostic {
            test: Some(test),
            location: Some(Location::file(&self.path)),
            ..found(
                "helm-unittest",
                "assertion",
                Kind::Test,
                &assertion.message(),
                &assertion.context.take(),
                assertion.span,
            )
        });
    }

    fn since(&self) -> Option<u64> {
        self.open.as_ref().map(|assertion| assertion.span.start)
    }

    fn is_open(&self) -> bool {
        !self.path.is_empty()
    }
}

impl Assertion {
    fn take(&mut self, text: &str, line: &Text<'_>) -> bool {
        if self.context.lines() >= LINES {
            return false;
        }
        if text.is_empty() {
            return true;
        }
        if let Some(place) = text.strip_prefix("Path:") {
            place.trim().clone_into(&mut self.place);
        } else if text.starts_with("Expected") {
            self.part = Part::Expected;
            self.expected.push(text.to_owned());
        } else if text.starts_with("Actual") {
            self.part = Part::Actual;
        } else if text.starts_with("Diff:") {
            self.part = Part::Rest;
        } else if text.starts_with("Template:")
            || text.starts_with("DocumentIndex:")
            || text.starts_with("ValuesIndex:")
        {
            // The position that the assertion looked at.
        } else {
            match self.part {
                Part::Head | Part::Expected => self.expected.push(text.to_owned()),
                Part::Actual => self.actual.push(text.to_owned()),
                Part::Rest => {}
            }
        }
        self.context.push(line.line);
        self.span = self.span.to(line.span);
        true
    }

    fn message(&self) -> String {
        let mut message = self.name.clone();
        if !self.place.is_empty() {
            message = format!("{message}: {}", self.place);
        }
        if !self.expected.is_empty() {
            message = format!("{message}: {}", self.expected.join(" "));
        }
        if !self.actual.is_empty() {
            message = format!("{message}, actual: {}", self.actual.join(" "));
        }
        message
    }
}
