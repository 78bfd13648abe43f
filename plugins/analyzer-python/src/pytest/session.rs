//! pytest's messages outside its report: about its arguments, about tests that hang.
//!
//! ```text
//! ERROR: file or directory not found: tests/nothing.py
//! ERROR: usage: pytest [options] [file_or_dir] [file_or_dir] [...]
//! pytest: error: unrecognized arguments: --cov=lid
//! +++++++++++++++++++++ Timeout +++++++++++++++++++++
//! ~~~~~~~~~~~~~~~~~ Stack of MainThread (1396) ~~~~~~~~~~~~~~~~~
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Context, place_at_start};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Span};

use crate::found::{file_line, finding, summary};
use crate::own::is_own;

/// Maximum number of lines of the stacks of all threads.
const LINES: u32 = 4_000;

struct Timeout {
    frames: Vec<Frame>,
    context: Context,
    main: bool,
    left: u32,
    span: Span,
}

/// Recognises these lines.
#[derive(Default)]
pub(super) struct Session {
    timeout: Option<Timeout>,
}

static STARTS: Beginnings = Beginnings::new(&[
    "ERROR: file or directory not found: ",
    "ERROR: not found: ",
    "ERROR: usage: ",
    "ERROR: Unknown config option",
    "ERROR: Error parsing ",
    "ERROR: /",
    "ERROR: pyproject.toml",
    "ERROR: pytest.ini",
    "ERROR: setup.cfg",
    "pytest.PytestConfigWarning",
    "ERROR: Wrong expression passed",
    "ERROR: Missing required plugins",
    "!!!!",
]);

impl Session {
    pub(super) fn line(&mut self, text: &str, span: Span, out: &mut Vec<Diagnostic>) -> bool {
        if let Some(timeout) = &mut self.timeout {
            if timeout.line(text, span) {
                return true;
            }
            self.finish(out);
        }
        if text.ends_with("+++") && text.contains("+++ Timeout +++") {
            self.timeout = Some(Timeout {
                frames: Vec::new(),
                context: Context::default(),
                main: false,
                left: LINES,
                span,
            });
            return true;
        }
        if !STARTS.begin(text) {
            return false;
        }
        if text.starts_with("!!!!") {
            let title = text.trim_matches(['!', ' ']);
            if title.starts_with("Interrupted: ")
                || title.starts_with("stopping after ")
                || title.starts_with("xdist.")
            {
                out.push(summary("pytest", Kind::Test, title, span));
                return true;
            }
            return false;
        }
        let message = text.trim_start_matches("ERROR: ");
        if message.starts_with("usage: ") {
            // The next line says what is wrong with the arguments.
            return true;
        }
        let settings = setting(message);
        // Other tools name files in the same way.
        if message.starts_with('/') && settings.is_none() {
            return false;
        }
        let mut found = finding("pytest", "usage", Kind::Configuration, message, span);
        if let Some((location, rest)) = settings {
            found.location = Some(location);
            rest.clone_into(&mut found.message);
        }
        out.push(found);
        true
    }

    pub(super) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some(mut timeout) = self.timeout.take() else { return };
        let mut found = finding("pytest", "Timeout", Kind::Timeout, "Timeout", timeout.span);
        let own = timeout
            .frames
            .iter()
            .rev()
            .find(|frame| frame.location.as_ref().is_some_and(|place| is_own(&place.path)));
        if let Some(frame) = own {
            found.location.clone_from(&frame.location);
            if let Some(function) = &frame.function {
                found.message = format!("Timeout in {function}");
            }
        }
        timeout.frames.reverse();
        found.stack_trace = timeout.frames;
        found.context = timeout.context.take();
        out.push(found);
    }
}

/// `/app/pytest.ini:2: message`, `/app/pyproject.toml: message`.
fn setting(message: &str) -> Option<(Location, &str)> {
    let is_setting = |path: &str| {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        matches!(
            name,
            "pytest.ini" | ".pytest.ini" | "pyproject.toml" | "setup.cfg" | "tox.ini" | "pytest.toml"
        )
    };
    if let Some(place) = place_at_start(message).filter(|place| is_setting(place.path)) {
        return Some((place.location(), place.rest.trim_start()));
    }
    let (path, rest) = message.split_once(": ")?;
    is_setting(path).then(|| (Location::file(path), rest))
}

impl Timeout {
    fn line(&mut self, text: &str, span: Span) -> bool {
        self.left -= 1;
        let is_rule = text.starts_with("~~~") && text.contains(" Stack of ");
        let ends = text.ends_with("+++") && text.contains("+++ Timeout +++");
        let belongs = self.left > 0 && (is_rule || ends || text.starts_with("  ") || text.is_empty());
        if is_rule {
            self.main = text.contains("MainThread");
        }
        if self.main
            && let Some((path, line, name)) = file_line(text)
        {
            self.frames.push(Frame {
                function: name.map(str::to_owned),
                location: Some(Location::at(path, line, None)),
                text: text.trim().to_owned(),
            });
        }
        if belongs {
            self.context.push(text);
            self.span = self.span.to(span);
        }
        if ends {
            self.left = 1;
        }
        belongs
    }
}
