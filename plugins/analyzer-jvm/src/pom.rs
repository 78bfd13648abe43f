//! Maven's errors about invalid POMs.
//!
//! ```text
//! [ERROR] [ERROR] Some problems were encountered while processing the POMs:
//! [FATAL] Non-resolvable parent POM for org.example:pot:1.0: Could not find artifact … @ line 12, column 11
//! [ERROR] The build could not read 1 project -> [Help 1]
//! [ERROR]   The project org.example:pot:1.0 (/src/pom.xml) has 1 error
//! [ERROR]     'dependencies.dependency.version' for org.example:kettle:jar is missing. @ line 25, column 21
//! ```
//!
//! The second list repeats the first one and names the file.

use crate::{reason::kind_of, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location,
    text::{Needle, extension, leading_number},
};

#[derive(Debug, Default)]
pub(crate) struct Poms {
    /// The file of the list.
    file: Option<String>,
    /// Problems that wait for the list with their files.
    found: Vec<Diagnostic>,
}

impl Poms {
    /// Maximum number of kept problems.
    const PROBLEMS: usize = 64;

    /// Reads a line; returns whether it is a problem.
    pub(crate) fn line(&mut self, text: &Text<'_>) -> bool {
        static PROJECT: Needle = Needle::new("The project ");
        static PLACE: Needle = Needle::new(", column ");
        if !text.is_error() {
            return false;
        }
        if text.words.starts_with(PROJECT.text())
            && let Some((_, rest)) = text.words.split_once(" (")
            && let Some((file, rest)) = rest.split_once(") has ")
            && rest.contains("error")
        {
            self.file = Some(file.to_owned());
            return true;
        }
        if PLACE.find_among(text.characters, text.words).is_none() {
            return false;
        }
        let line = text.words.split(" -> [Help ").next().unwrap_or_default();
        let Some((message, place)) = line.rsplit_once("@ ") else { return false };
        // `org.example:parent:1.0, /src/pom.xml, line 25, column 21` or less.
        let Some((before, place)) = place.rsplit_once("line ") else { return false };
        let Some((line, rest)) = leading_number(place) else { return false };
        let Some((column, rest)) = rest.strip_prefix(", column ").and_then(leading_number) else {
            return false;
        };
        let message = message.trim();
        if !rest.trim().is_empty() || message.is_empty() {
            return false;
        }
        let named =
            before.split(", ").map(str::trim).find(|part| extension(part) == "xml" || part.contains('/'));
        let file = named.map(str::to_owned).or_else(|| self.file.clone());
        let location = Location::at(file.as_deref().unwrap_or("pom.xml"), line, Some(column));
        if let Some(known) = self.found.iter_mut().find(|known| known.message == message) {
            if file.is_some() {
                known.location = Some(location);
            }
            return true;
        }
        if self.found.len() < Self::PROBLEMS {
            let kind = kind_of(message);
            self.found.push(Diagnostic {
                tool: "maven".to_owned(),
                error_type: "pom".to_owned(),
                message: message.to_owned(),
                kind: if kind == Kind::Unknown { Kind::Configuration } else { kind },
                location: Some(location),
                context: text.raw.to_owned(),
                span: text.span,
                ..Diagnostic::default()
            });
        }
        true
    }

    pub(crate) fn finish(&mut self, session: &mut Session, out: &mut Vec<Diagnostic>) {
        for found in self.found.drain(..) {
            session.report_once(found, out);
        }
    }
}
