//! The Eclipse compiler: number, location, source, carets, message.
//!
//! ```text
//! 1. ERROR in /repo/src/Brew.java (at line 14)
//!     Kettle k = new Kettle();
//!     ^^^^^^
//! Kettle cannot be resolved to a type
//! ----------
//! ```

use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Severity,
    recognise::panel::{Draft, Reader, Seen},
    text::leading_number,
};

/// Maximum number of lines of one problem.
const LINES: usize = 12;

/// Reads the problems.
#[derive(Debug, Default)]
pub(crate) struct Eclipse {
    open: Option<Draft>,
}

impl Eclipse {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| !draft.found.message.is_empty()).map(Draft::done));
    }
}

impl Reader for Eclipse {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some((severity, location)) = heading(line.start) {
            self.close(out);
            let mut draft = Draft::new("ecj", Kind::Compile, line);
            draft.found.severity = severity;
            draft.found.location = Some(location);
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        if line.start.starts_with("-----") || line.start.is_empty() || draft.lines() > LINES {
            return self.close(out);
        }
        draft.take(line);
        // The source and the carets are indented.
        if line.indent == 0 {
            draft.go_on(line.start);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// `1. ERROR in /repo/src/Brew.java (at line 14)`.
fn heading(start: &str) -> Option<(Severity, Location)> {
    // Ant and Maven print their own names before it.
    let start = start.rsplit_once("] ").map_or(start, |(_, rest)| rest);
    let (_, rest) = leading_number(start)?;
    let (word, rest) = rest.strip_prefix(". ")?.split_once(" in ")?;
    let severity = match word {
        "ERROR" => Severity::Error,
        "WARNING" => Severity::Warning,
        "INFO" => Severity::Info,
        _ => return None,
    };
    let (path, rest) = rest.rsplit_once(" (at line ")?;
    let (number, _) = leading_number(rest)?;
    Some((severity, Location::at(path, number, None)))
}
