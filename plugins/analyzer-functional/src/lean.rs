//! Lean and its build tool Lake:
//!
//! ```text
//! error: ././././Pot/Lid.lean:12:4: unknown identifier 'cup'
//! ./Pot/Lid.lean:12:4: error: unknown identifier 'cup'
//! error: Lean exited with code 1
//! ```

use crate::{
    panel::{Draft, Reader, Seen, single},
    sentence::{Sentence, Sentences},
};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{Compile, Crash, Unknown},
    Location, Role,
    text::{Needle, extension, place_at_start},
};

/// Maximum number of lines of a message: goals can be long.
const LINES: usize = 12;

/// Lake's sentences.
pub(crate) fn lake() -> Sentences {
    Sentences::new("lake", LAKE).after(&["error: "])
}

const LAKE: &[Sentence] = &[
    // The command that Lake ran, and the headings of what it printed, were printed as errors once.
    Sentence::new("> LEAN_PATH=*", Unknown, "command").summary(),
    Sentence::new("external command `*lean` exited with code *", Compile, "command").summary(),
    Sentence::new("external command '*lean' exited with code *", Compile, "command").summary(),
    Sentence::new("Some builds logged failures:", Compile, "build").then(&["- "]).summary(),
    Sentence::new("Some required builds logged failures:", Compile, "build").then(&["- "]).summary(),
];

/// Reads the compiler's messages, and what is Lake's only in its logs.
#[derive(Debug, Default)]
pub(crate) struct Lean {
    open: Option<Draft>,
    /// True after a line that only Lake prints.
    is_lake: bool,
}

impl Reader for Lean {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static SOURCE: Needle = Needle::new(".lean:");
        static OWN: [Needle; 2] = [Needle::new("LEAN_PATH="), Needle::new("logged failures:")];
        let start = line.start;
        let error = start.strip_prefix("error: ");
        if SOURCE.find_among(line.characters, start).is_some() {
            self.finish(out);
            self.is_lake = true;
            let place =
                place_at_start(error.unwrap_or(start)).filter(|place| extension(place.path) == "lean");
            let Some(place) = place else { return };
            let rest = place.rest.trim_start_matches([':', ' ']);
            let Some(message) = rest.strip_prefix("error: ").or(error.map(|_| rest)) else { return };
            let mut draft = Draft::new("lean", Compile, line);
            "compile".clone_into(&mut draft.found.error_type);
            // Lake joins the folders of its workspace, which are all `.`.
            let path = place.path.trim_start_matches("./");
            draft.found.location = Some(Location::at(path, place.line, place.column));
            draft.say(message);
            self.open = Some(draft);
            return;
        }
        if let Some(draft) = &mut self.open
            && draft.lines() < LINES
            && (line.indent > 0 || is_more(start))
        {
            draft.take(line);
            draft.say(start);
            return;
        }
        self.finish(out);
        self.is_lake = self.is_lake || OWN.iter().any(|own| own.find_among(line.characters, start).is_some());
        let Some(message) = error else { return };
        if let Some(code) = message.strip_prefix("Lean exited with code ") {
            self.is_lake = true;
            // Errors in the source end it with 1.
            let is_crash = code != "1";
            let mut found = single("lean", if is_crash { Crash } else { Compile }, message, line);
            "exit".clone_into(&mut found.error_type);
            found.role = if is_crash { Role::Root } else { Role::Summary };
            out.push(found);
        } else if self.is_lake && matches!(message, "build failed" | "stdout:" | "stderr:") {
            let mut found = single("lake", Unknown, message, line);
            "build".clone_into(&mut found.error_type);
            found.role = Role::Summary;
            out.push(found);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}

/// Returns true for lines that go on with a message although they are not indented.
fn is_more(start: &str) -> bool {
    start.starts_with("has type")
        || start.starts_with("but is expected to have type")
        || start.starts_with("but is not expected")
        || start.starts_with("⊢ ")
        || start.starts_with("case ")
}
