//! Rails, Jekyll and related tools: single sentences, outside of an aborted task.

use crate::{
    panel::{Seen, single, typed},
    sentence::{
        Reach::{Paragraph, Wrapped},
        Sentence, Sentences,
    },
};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{self, Configuration, Lint},
    Location,
    text::{Needle, leading_number, looks_like_path},
};

/// Rails' own.
pub(crate) fn rails() -> Sentences {
    Sentences::new("rails", RAILS)
}

const RAILS: &[Sentence] = &[
    Sentence::new(
        "Migrations are pending. To resolve this issue, run:*",
        Configuration,
        "pending-migrations",
    ),
    Sentence::new("Missing encryption key to decrypt file with. *", Configuration, "credentials"),
    Sentence::new("Missing `secret_key_base` for *", Configuration, "credentials"),
    Sentence::new("Couldn't decrypt *. Perhaps you passed the wrong key?", Configuration, "credentials"),
    Sentence::new("expected file * to define constant *", Kind::Compile, "zeitwerk"),
    Sentence::new("You must set config.secret_key_base in *", Configuration, "credentials"),
    Sentence::new("We could not find your database: *", Configuration, "database").reaches(Wrapped),
    Sentence::new("There is an issue connecting with your hostname: *", Kind::Network, "database")
        .reaches(Wrapped),
    Sentence::new(
        "There is an issue connecting to your database with your username/password, *",
        Kind::Permission,
        "database",
    )
    .reaches(Wrapped),
    Sentence::new("Webpacker can't find * in *", Configuration, "webpacker"),
    Sentence::new("Yarn executable was not detected in the system.", Configuration, "yarn"),
];

/// Jekyll's, after its topic.
pub(crate) fn jekyll() -> Sentences {
    Sentences::new("jekyll", JEKYLL)
}

const JEKYLL: &[Sentence] = &[
    Sentence::new("Dependency Error: *", Kind::Dependency, "dependency"),
    Sentence::new("Configuration file: * not found", Configuration, "configuration"),
    Sentence::new("Invalid date '*': Document *", Configuration, "invalid-date"),
    Sentence::new("fatal: 'jekyll *' could not be found. *", Configuration, "command-not-found"),
    Sentence::new("Conversion error: Jekyll::Converters::*", Kind::Compile, "conversion").reaches(Paragraph),
    Sentence::new("HTML-Proofer found * failure*", Lint, "html-proofer").summary(),
];

/// `Liquid Exception: message in _layouts/pot.html`, `Error reading file /pot.md: message`, and YAML's alike.
pub(crate) fn page(line: &Seen<'_>) -> Option<Diagnostic> {
    static EXCEPTION: Needle = Needle::new("Liquid Exception: ");
    static READING: Needle = Needle::new("Error reading file ");
    static YAML: Needle = Needle::new("YAML Exception reading ");
    static CONVERSION: Needle = Needle::new("encountered an error while converting '");
    if let Some((_, text)) = EXCEPTION.split_among(line.characters, line.start) {
        let (message, path) = match text.rsplit_once(" in ").filter(|(_, path)| looks_like_path(path)) {
            Some((message, path)) => (message, Some(path)),
            None => (text, None),
        };
        // `Liquid syntax error (/site/_includes/lid.html line 22): …`
        if let Some((before, _)) = message.split_once("): ")
            && let Some((_, place)) = before.split_once('(')
            && let Some((path, number)) = place.rsplit_once(" line ")
            && let Some((number, _)) = leading_number(number)
        {
            let mut found = single("jekyll", Kind::Compile, message, line);
            "Liquid Exception".clone_into(&mut found.error_type);
            found.location = Some(Location::at(path, number, None));
            return Some(found);
        }
        let number = message
            .strip_prefix("Liquid syntax error (line ")
            .and_then(leading_number)
            .map_or(0, |(number, _)| number);
        let mut found = single("jekyll", Kind::Compile, message, line);
        "Liquid Exception".clone_into(&mut found.error_type);
        found.location = path.map(|path| Location::at(path.trim_end_matches(['\'', ':']), number, None));
        return Some(found);
    }
    if let Some((_, text)) = CONVERSION.split_among(line.characters, line.start) {
        let (path, _) = text.split_once('\'')?;
        let mut found = single("jekyll", Kind::Compile, line.start, line);
        "conversion".clone_into(&mut found.error_type);
        found.location = Some(Location::file(path));
        return Some(found);
    }
    let signs = [&READING, &YAML];
    let (_, text) = signs.iter().find_map(|sign| sign.split_among(line.characters, line.start))?;
    let (path, message) = text.split_once(": ")?;
    let mut found = single("jekyll", Configuration, message, line);
    "front-matter".clone_into(&mut found.error_type);
    // `did not find expected key while parsing a block mapping at line 3 column 1`
    let number = message.split(" at line ").nth(1).and_then(leading_number).map_or(0, |(number, _)| number);
    found.location = Some(Location::at(path, number, None));
    looks_like_path(path).then(|| typed(found))
}
