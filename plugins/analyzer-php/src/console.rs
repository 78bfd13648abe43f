//! Symfony's console, which Composer, Doctrine, PHPStan and many others use: exceptions, and boxes.
//!
//! ```text
//! In Connection.php line 70:
//!
//!   An exception occurred in the driver: connection refused
//!
//!   [RuntimeException]                     [ERROR] The database schema is not in sync with
//!   there is no lid                                the current mapping file.
//! ```

use crate::{
    panel::{Draft, Reader, Seen},
    trace,
};
use grimoire_plugin_sdk::{Confidence, Diagnostic, Kind, Location, Role, text::leading_number};

/// Maximum number of lines of one message.
const LINES: usize = 30;

/// Reads exceptions.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    open: Option<(Draft, State)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the message.
    Before,
    Message,
    /// After the message: a cause or a trace may follow.
    After,
}

/// `In Connection.php line 70:`
fn place(start: &str) -> Option<Location> {
    let (path, number) = start.strip_prefix("In ")?.strip_suffix(':')?.rsplit_once(" line ")?;
    let (number, rest) = leading_number(number)?;
    (rest.is_empty() && trace::is_php(path)).then(|| Location::at(path, number, None))
}

/// `[Doctrine\DBAL\Exception (1045)]` on a separate line.
fn boxed(start: &str) -> Option<&str> {
    let inner = start.strip_prefix('[')?.strip_suffix(']')?;
    let name = inner.split(" (").next().unwrap_or(inner);
    let class = trace::class(name)?;
    (name.contains('\\') || class.ends_with("Exception") || class.ends_with("Error")).then_some(class)
}

/// Files of frameworks, which are named without their folder.
fn is_framework(name: &str) -> bool {
    const ENDINGS: [&str; 12] = [
        "Connection.php",
        "Connector.php",
        "Driver.php",
        "Converter.php",
        "Container.php",
        "ContainerBuilder.php",
        "Application.php",
        "ErrorHandler.php",
        "Loader.php",
        "Pass.php",
        "Process.php",
        "Parser.php",
    ];
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

impl Exceptions {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, state)) = self.open.take() else { return };
        if state == State::Before {
            return;
        }
        let found = &mut draft.found;
        found.location =
            found.location.take().filter(|place| trace::is_own(&place.path) && !is_framework(&place.path));
        found.kind = trace::kind(&found.error_type, &found.message, Kind::Crash);
        if found.error_type.is_empty() {
            "Exception".clone_into(&mut found.error_type);
        }
        out.push(draft.done());
    }
}

impl Reader for Exceptions {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if !start.is_empty() {
            if let Some(place) = place(start) {
                // A cause is printed below its effect, and is more specific.
                match &mut self.open {
                    Some((draft, state)) if *state == State::After && draft.found.location.is_some() => {
                        draft.take(line);
                        draft.found.message.clear();
                        draft.found.error_type.clear();
                        draft.found.location = Some(place);
                        *state = State::Before;
                    }
                    _ => {
                        self.close(out);
                        let mut draft = Draft::new("symfony", Kind::Crash, line);
                        draft.found.location = Some(place);
                        self.open = Some((draft, State::Before));
                    }
                }
                return;
            }
            if let Some(class) = boxed(start) {
                if let Some((draft, State::Before)) = &mut self.open {
                    draft.take(line);
                    class.clone_into(&mut draft.found.error_type);
                } else {
                    self.close(out);
                    let mut draft = Draft::new("symfony", Kind::Crash, line);
                    class.clone_into(&mut draft.found.error_type);
                    self.open = Some((draft, State::Before));
                }
                return;
            }
        }
        let Some((draft, state)) = &mut self.open else { return };
        match (*state, start.is_empty()) {
            (_, true) => {
                if *state == State::Message {
                    *state = State::After;
                }
                return;
            }
            (State::After, false) => return self.close(out),
            (_, false) if line.indent == 0 || draft.lines() >= LINES => return self.close(out),
            (State::Before, false) => draft.say(start),
            // The message is wrapped in a box of the terminal's width.
            (State::Message, false) => draft.go_on(start),
        }
        *state = State::Message;
        draft.take(line);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Reads boxes of errors: ` [ERROR] message`, wrapped.
#[derive(Debug, Default)]
pub(crate) struct Boxes {
    open: Option<(Draft, usize)>,
}

impl Reader for Boxes {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some((draft, indent)) = &mut self.open {
            if line.indent > *indent + 7 && draft.lines() < LINES {
                draft.take(line);
                draft.go_on(line.start);
                return;
            }
            self.finish(out);
        }
        // Maven and log files have no space before it.
        let Some(message) = line.start.strip_prefix("[ERROR] ").filter(|_| line.indent > 0) else { return };
        let mut draft = Draft::new("symfony", Kind::Unknown, line);
        draft.found.confidence = Confidence::Likely;
        draft.say(message);
        self.open = Some((draft, line.indent));
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, _)) = self.open.take() else { return };
        let found = &mut draft.found;
        let counted = found.message.strip_prefix("Found ").and_then(leading_number);
        if counted.is_some_and(|(_, rest)| rest.trim_start().starts_with("error") || rest.contains(" error"))
        {
            "phpstan".clone_into(&mut found.tool);
            found.kind = Kind::Lint;
            found.role = Role::Summary;
        } else if found.message.contains("MSI") {
            "infection".clone_into(&mut found.tool);
            found.kind = Kind::Test;
            found.confidence = Confidence::Certain;
        }
        "error".clone_into(&mut found.error_type);
        out.push(draft.done());
    }
}
