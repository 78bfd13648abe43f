//! Errors of Godot.
//!
//! ```text
//! SCRIPT ERROR: Parse Error: Identifier "kettle" not declared
//!    at: GDScript::reload (res://brew.gd:14)
//! ```

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Severity,
    recognise::panel::{Draft, Reader, Seen},
    text::{extension, place_at_start},
};

/// The maximum number of lines of an error above its location.
const LINES: usize = 6;

/// Reads Godot's errors, whose location is printed below: a location in the engine's own sources does not concern the
/// user. Messages at its exit are not errors of the run.
#[derive(Debug, Default)]
pub(crate) struct Godot {
    open: Option<Draft>,
}

impl Reader for Godot {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let message = ["SCRIPT ERROR: ", "USER SCRIPT ERROR: ", "ERROR: "]
            .iter()
            .find_map(|start| line.start.strip_prefix(start));
        if let Some(draft) = &mut self.open
            && message.is_none()
            && !line.start.starts_with("at: ")
            && draft.lines() < LINES
        {
            if !line.start.is_empty() {
                draft.take(line);
                draft.say(line.start);
            }
            return;
        }
        if let Some(mut draft) = self.open.take()
            && let Some(rest) = line.start.strip_prefix("at: ")
        {
            draft.take(line);
            let inner = rest.rsplit_once('(').map_or("", |(_, inner)| inner.trim_end_matches(')'));
            let path = inner.strip_prefix("res://").unwrap_or(inner);
            let place = place_at_start(path).filter(|place| extension(place.path) != "cpp");
            draft.found.location = place.map(|place| place.location());
            out.push(draft.done());
            return;
        }
        let Some(message) = message else { return };
        let mut draft = Draft::new("godot", Kind::Crash, line);
        if message.contains("still in use at exit") || message.contains("leaked at exit") {
            draft.found.severity = Severity::Warning;
            draft.say(message);
            // Some of these have no location below them.
            out.push(draft.done());
            return;
        }
        let is_closing = message.starts_with("Project export for preset ") && message.ends_with(" failed.");
        if message.starts_with("Failed to load script") || is_closing {
            draft.found.role = Role::Consequence;
        }
        draft.say(message);
        self.open = Some(draft);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }
}
