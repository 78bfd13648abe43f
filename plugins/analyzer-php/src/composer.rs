//! Composer: the problems of its solver, and its sentences.
//!
//! ```text
//! Your requirements could not be resolved to an installable set of packages.
//!
//!   Problem 1
//!     - Root composer.json requires kettle/lid ^2.0 -> satisfiable by kettle/lid[2.0.0].
//!     - kettle/lid 2.0.0 requires ext-gmp * -> it is missing from your system.
//! ```

use crate::{
    panel::{Draft, Reader, Seen},
    sentence::{
        Reach::{Paragraph, Wrapped},
        Sentence, Sentences,
    },
};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{self, Configuration, Dependency, Network, Permission, Resource},
    text::Needle,
};

/// Maximum number of lines of one problem.
const LINES: usize = 60;
/// Minimum length in bytes of an entry that a box breaks.
const BOX: usize = 60;
/// Maximum number of message lines.
const WHOLE: usize = 6;

/// Reads problems, and lines of problems that stand alone.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    open: Option<(Draft, Vec<String>, usize)>,
}

/// Returns true if a line of a problem states the error rather than a requirement.
fn concludes(text: &str) -> bool {
    const SIGNS: [&str; 15] = [
        "-> no matching package found",
        " lock file",
        "does not satisfy",
        "is missing from your system",
        "could not be found",
        "it could not be found",
        "conflicts with",
        "but these conflict",
        "but it conflicts",
        "but the package is fixed to",
        "these were not loaded",
        "but it does not match",
        "is not loadable",
        "has the wrong version",
        "your php version",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// `Problem 2`.
fn is_numbered(start: &str) -> bool {
    start
        .strip_prefix("Problem ")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns true if an entry was broken in its list of versions, or before it says what is wrong with them.
fn is_unfinished(entry: &str) -> bool {
    is_open(entry) || entry.contains(" -> found ") && !entry.ends_with('.')
}

/// Returns true if a list of versions has no end.
fn is_open(entry: &str) -> bool {
    entry.rfind('[') > entry.rfind(']')
}

impl Problems {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, lines, _)) = self.open.take() else { return };
        if lines.is_empty() {
            return;
        }
        let conclusions: Vec<&String> = lines.iter().filter(|line| concludes(line)).collect();
        // The requirement goes into the excerpt; its violation is the message.
        let told: Vec<&str> = if conclusions.is_empty() {
            lines.iter().take(WHOLE).map(String::as_str).collect()
        } else {
            conclusions.into_iter().take(WHOLE).map(String::as_str).collect()
        };
        draft.found.message = told.join("\n");
        "requirements".clone_into(&mut draft.found.error_type);
        out.push(draft.done());
    }
}

impl Reader for Problems {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static ARROW: Needle = Needle::new(" -> ");
        let entry = line.start.strip_prefix("- ");
        if let Some((draft, lines, indent)) = &mut self.open {
            if let Some(text) = entry.filter(|_| draft.lines() < LINES) {
                draft.take(line);
                lines.push(text.to_owned());
                return;
            }
            // A terminal breaks long entries anywhere, even in a version.
            if let Some(last) = lines.last_mut().filter(|last| is_unfinished(last))
                && !line.start.is_empty()
                && !is_numbered(line.start)
                && draft.lines() < LINES
            {
                draft.take(line);
                if !is_open(last) || last.ends_with(',') {
                    last.push(' ');
                }
                last.push_str(line.start);
                return;
            }
            // A box breaks its lines at its width, in the middle of a word, and begins the rest at its margin.
            if let Some(last) =
                lines.last_mut().filter(|last| last.len() >= BOX && !last.ends_with(['.', ']']))
                && line.indent <= *indent
                && line.start.starts_with(|c: char| c.is_ascii_lowercase() || c == ',')
                && draft.lines() < LINES
            {
                draft.take(line);
                last.push_str(line.start);
                return;
            }
            // A wrapped entry.
            if line.indent > *indent + 2 && !line.start.is_empty() && draft.lines() < LINES {
                draft.take(line);
                if let Some(last) = lines.last_mut() {
                    last.push(' ');
                    last.push_str(line.start);
                }
                return;
            }
            self.close(out);
        }
        let alone = entry.filter(|text| {
            line.characters.may_have(b'>')
                && ARROW.is_in(text)
                && text.contains(" require")
                && concludes(text)
                || text.starts_with("Required ") && text.contains(" lock file")
        });
        if is_numbered(line.start) || alone.is_some() {
            let draft = Draft::new("composer", Dependency, line);
            self.open = Some((draft, alone.map(str::to_owned).into_iter().collect(), line.indent));
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, ..)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}

/// Composer's sentences.
pub(crate) fn sentences() -> Sentences {
    Sentences::new("composer", SENTENCES).after(&["Error: ", "[Composer\\Downloader\\TransportException] "])
}

const SENTENCES: &[Sentence] = &[
    Sentence::new(
        "Your requirements could not be resolved to an installable set of packages.",
        Dependency,
        "requirements",
    )
    .summary(),
    Sentence::new("Your lock file does not contain a compatible set of packages. *", Dependency, "lock-file")
        .summary(),
    Sentence::new(
        "The lock file is not up to date with the latest changes in composer.json*",
        Dependency,
        "lock-file",
    ),
    // Pub quotes the names of packages, and asks the same.
    Sentence::new("Could not find package */*", Dependency, "package-not-found").reaches(Wrapped),
    Sentence::new("Could not find package * with stability *", Dependency, "package-not-found"),
    Sentence::new("Could not find package * with version *", Dependency, "package-not-found"),
    Sentence::new("Could not find a version of package *", Dependency, "package-not-found").reaches(Wrapped),
    Sentence::new("Could not find a matching version of package *", Dependency, "package-not-found")
        .reaches(Wrapped),
    Sentence::new("The requested package * could not be found*", Dependency, "package-not-found"),
    Sentence::new("Composer could not find a composer.json file in *", Configuration, "composer.json"),
    Sentence::new("Composer could not find the config file*", Configuration, "composer.json"),
    Sentence::new("\"*composer.json\" does not contain valid JSON", Configuration, "composer.json")
        .reaches(Paragraph),
    Sentence::new(
        "\"*composer.json\" does not match the expected JSON schema:*",
        Configuration,
        "composer.json",
    )
    .reaches(Paragraph),
    Sentence::new(
        "* contains a Composer plugin which is blocked by your allow-plugins config. *",
        Configuration,
        "allow-plugins",
    ),
    Sentence::new("Composer detected issues in your platform: *", Dependency, "platform").reaches(Wrapped),
    Sentence::new("Your Composer dependencies require *", Dependency, "platform"),
    Sentence::new("curl error * while downloading *", Network, "download"),
    Sentence::new("The \"*\" file could not be downloaded*", Network, "download").reaches(Wrapped),
    Sentence::new("Could not authenticate against *", Permission, "authentication"),
    Sentence::new("Invalid credentials for *", Permission, "authentication"),
    Sentence::new("Invalid credentials (HTTP *", Permission, "authentication"),
    Sentence::new("Could not delete *", Permission, "file").reaches(Wrapped),
    Sentence::new("proc_open(): fork failed - *", Resource, "memory"),
    Sentence::new("The following exception probably indicates you *", Resource, "memory").reaches(Wrapped),
    Sentence::new("Failed to clone the * repository, *", Dependency, "clone").reaches(Wrapped),
    Sentence::new("Script * returned with error code *", Kind::Unknown, "script").summary(),
    Sentence::new("Script * handling the * event returned with error code *", Kind::Unknown, "script")
        .summary(),
    Sentence::new("Script * handling the * event terminated with an exception", Kind::Unknown, "script")
        .summary(),
    Sentence::new("Class * is not autoloadable, can not call * script", Configuration, "script"),
];

/// `composer audit`: rows with names, in a table.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    open: Option<Draft>,
}

impl Reader for Audit {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let cells = line.start.strip_prefix("| ").and_then(|rest| rest.strip_suffix('|')?.split_once('|'));
        let Some((name, value)) = cells.map(|(name, value)| (name.trim(), value.trim())) else {
            return if self.open.as_ref().is_some_and(|draft| draft.found.message.len() > 2) {
                self.finish(out);
            } else {
                self.open = None;
            };
        };
        if name == "Package" {
            self.finish(out);
            let mut draft = Draft::new("composer", Dependency, line);
            value.clone_into(&mut draft.found.message);
            self.open = Some(draft);
            return;
        }
        let Some(draft) = &mut self.open else { return };
        draft.take(line);
        match name {
            "CVE" | "Advisory ID" if draft.found.code.is_none() && !value.starts_with("NO ") => {
                draft.found.code = Some(value.to_owned());
            }
            "Title" => {
                draft.found.message.push_str(": ");
                draft.found.message.push_str(value);
            }
            "Affected versions" => draft.say(&format!("Affected versions: {value}")),
            _ => {}
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| draft.found.message.contains(": ")).map(Draft::done));
    }
}
