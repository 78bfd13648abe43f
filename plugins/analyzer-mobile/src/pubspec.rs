//! Pub's own sentences.

use crate::sentence::{
    Reach::{Block, Indented, Wrapped},
    Sentence, Sentences,
};
use grimoire_plugin_sdk::Kind::{Configuration, Dependency, Lint, Network};

/// Pub's own sentences.
pub(crate) fn sentences() -> Sentences {
    Sentences::new("pub", PUB).after(&["Error: "])
}

const PUB: &[Sentence] = &[
    Sentence::new("Could not find a file named \"pubspec.yaml\" in *", Configuration, "pubspec"),
    Sentence::new("Could not find package * at https://*", Dependency, "package-not-found"),
    Sentence::new("could not find package * at https://*", Dependency, "package-not-found"),
    Sentence::new("Could not find package \"*\". Did you forget to add *", Dependency, "package-not-found"),
    Sentence::new("Could not find package `*` or file `*`", Dependency, "package-not-found"),
    Sentence::new("Could not find `*` in package `*`.", Configuration, "file-not-found"),
    Sentence::new("Got socket error trying to find package * at *", Network, "network"),
    Sentence::new("Got TLS error trying to find package * at *", Network, "network"),
    Sentence::new("Unable to satisfy `pubspec.yaml` using `pubspec.lock`*", Dependency, "lock-file")
        .reaches(Block),
    Sentence::new("The lockfile would have been changed by this command.*", Dependency, "lock-file"),
    Sentence::new("Error on line *, column * of *pubspec.yaml: *", Configuration, "pubspec")
        .reaches(Indented),
    Sentence::new("Package validation found the following * error*", Lint, "validation").reaches(Wrapped),
    Sentence::new(
        "Sorry, your package is missing a requirement and can't be published yet.",
        Lint,
        "validation",
    )
    .summary(),
    Sentence::new("The current activated version of * requires *", Dependency, "version"),
];
