//! Mix and Hex: sentences, unchecked dependencies, unformatted files.

use crate::{
    elixir,
    panel::{Draft, Reader, Seen, single},
    sentence::{
        Reach::{Block, Paragraph, Wrapped},
        Sentence, Sentences,
    },
};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{self, Compile, Configuration, Dependency, Lint, Network, Test, Unknown},
    Location, Role,
};

/// Mix's final sentences.
pub(crate) fn mix() -> Sentences {
    Sentences::new("mix", MIX).only_after(&["** (Mix) ", "** (Mix.Error) "])
}

const MIX: &[Sentence] = &[
    Sentence::new("Can't continue due to errors on dependencies*", Dependency, "dependencies").summary(),
    Sentence::new("Hex dependency resolution failed*", Dependency, "version-solving")
        .reaches(Wrapped)
        .summary(),
    Sentence::new("Your mix.lock is out of date*", Dependency, "lock-file").reaches(Wrapped),
    Sentence::new("The task * could not be found*", Configuration, "task-not-found").reaches(Wrapped),
    Sentence::new("mix format failed due to *", Lint, "format").summary(),
    Sentence::new("You're trying to run *", Configuration, "elixir-version"),
    Sentence::new("The database for * couldn't be *", Network, "database").reaches(Wrapped),
    Sentence::new("Coverage test failed, threshold not met*", Test, "coverage").reaches(Block),
    Sentence::new("No package with name *", Dependency, "package-not-found"),
    Sentence::new("Package fetch failed *", Network, "fetch"),
    Sentence::new("Request failed *", Network, "fetch"),
    Sentence::new("Could not compile dependency *", Compile, "dependency").consequence(),
    Sentence::new("could not compile dependency *", Compile, "dependency").consequence(),
    Sentence::new("Could not compile *", Compile, "compile").consequence(),
    Sentence::new("Credo*", Lint, "credo").summary(),
    Sentence::new("*", Unknown, "mix").reaches(Wrapped),
];

/// Other sentences of Hex and Mix.
pub(crate) fn hex() -> Sentences {
    Sentences::new("hex", HEX)
}

const HEX: &[Sentence] = &[
    Sentence::new("Failed to use \"*\" (*) because", Dependency, "version-solving").reaches(Paragraph),
    Sentence::new("Failed to use \"*\" because", Dependency, "version-solving").reaches(Paragraph),
    Sentence::new("Could not find Hex, which is needed to build dependency *", Configuration, "hex"),
    Sentence::new("Cannot read file '*': *", Compile, "file-not-found"),
    Sentence::new("could not compile dependency :*", Compile, "dependency").consequence(),
    Sentence::new("Package fetch failed and no cached copy available *", Network, "fetch"),
    Sentence::new("FAILED: Expected minimum coverage of *", Test, "coverage"),
    Sentence::new("Dependencies have diverged:", Dependency, "diverged").reaches(Block),
    Sentence::new("init terminating in do_boot*", Kind::Crash, "boot"),
    Sentence::new("Runtime terminating during boot *", Kind::Crash, "boot"),
];

/// `* lid (Hex package)` and below it why it cannot be used; several of them are one error.
#[derive(Debug, Default)]
pub(crate) struct Unchecked {
    /// The name of the dependency in the previous line.
    name: Option<String>,
    open: Option<(Draft, String, Vec<String>)>,
}

fn dependency(start: &str) -> Option<&str> {
    let (name, source) = start.strip_prefix("* ")?.split_once(' ')?;
    let name = name.trim_start_matches(':');
    let shaped = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let sourced = source.contains("(Hex package)")
        || source.contains("(http")
        || source.contains("(git")
        || source.contains("(\"");
    (shaped && sourced).then_some(name)
}

impl Reader for Unchecked {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some(name) = dependency(start) {
            self.name = Some(name.to_owned());
            if let Some((draft, ..)) = &mut self.open {
                draft.take(line);
            }
            return;
        }
        let reason =
            ["the dependency ", "lock mismatch: ", "different specs ", "the app file ", "the dependency's "]
                .iter()
                .any(|word| start.starts_with(word));
        match (self.name.take(), reason) {
            (Some(name), true) => {
                let (draft, _, names) = self.open.get_or_insert_with(|| {
                    (Draft::new("mix", Dependency, line), start.to_owned(), Vec::new())
                });
                draft.take(line);
                if names.len() < 8 {
                    names.push(name);
                }
            }
            _ if start.is_empty() && self.open.is_some() => {}
            _ => self.finish(out),
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, ..)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, reason, names)) = self.open.take() else { return };
        draft.say(&format!("{}: {reason}", names.join(", ")));
        "dependencies".clone_into(&mut draft.found.error_type);
        out.push(draft.done());
    }
}

/// `The following files are not formatted:` and the list below it, with differences in newer versions.
#[derive(Debug, Default)]
pub(crate) struct Unformatted {
    listing: bool,
    blanks: usize,
}

impl Reader for Unformatted {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if line.start.starts_with("The following files are not formatted") {
            self.listing = true;
            self.blanks = 0;
            return;
        }
        if !self.listing {
            return;
        }
        let path = line.start.strip_prefix("* ").unwrap_or(line.start);
        let is_path = elixir::is_source(path) && !path.contains([' ', '|']);
        if is_path && line.indent > 0 {
            let found = single("mix", Lint, "The file is not formatted", line);
            let location = Some(Location::file(path));
            out.push(Diagnostic { location, error_type: "format".to_owned(), ..found });
        } else if line.indent == 0 && !line.start.is_empty() {
            self.listing = false;
        }
    }

    fn finish(&mut self, _: &mut Vec<Diagnostic>) {
        self.listing = false;
    }
}

/// `5 tests, 1 failure`, `3 doctests, 5 tests, 2 failures, 1 excluded`.
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    let start = line.start;
    if !start.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut failed = false;
    let mut tests = false;
    for part in start.split(", ") {
        let (count, word) = part.split_once(' ')?;
        let count: u32 = count.parse().ok()?;
        match word {
            "test" | "tests" | "doctest" | "doctests" | "property" | "properties" | "feature"
            | "features" => tests = true,
            "failure" | "failures" => failed = count > 0,
            _ => {}
        }
    }
    if !(failed && tests) {
        return None;
    }
    let found = single("exunit", Test, start, line);
    Some(Diagnostic { role: Role::Summary, error_type: "failed-tests".to_owned(), ..found })
}
