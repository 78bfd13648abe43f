//! Cordova and Ionic, which runs it.

use crate::sentence::{Reach::Wrapped, Sentence, Sentences};
use grimoire_plugin_sdk::Kind::{Configuration, Unknown};

/// Cordova's sentences.
pub(crate) fn cordova() -> Sentences {
    Sentences::new("cordova", CORDOVA).after(&["Error: ", "CordovaError: ", "ERROR: ", "ERROR "])
}

const CORDOVA: &[Sentence] = &[
    Sentence::new("Current working directory is not a Cordova-based project.*", Configuration, "project"),
    Sentence::new("No platforms added to this project. *", Configuration, "project"),
    Sentence::new("Failed to find 'ANDROID_HOME' environment variable. *", Configuration, "requirements"),
    Sentence::new("Failed to find 'ANDROID_SDK_ROOT' environment variable. *", Configuration, "requirements"),
    Sentence::new("Failed to find 'JAVA_HOME' environment variable. *", Configuration, "requirements"),
    Sentence::new("Requirements check failed for *", Configuration, "requirements"),
    Sentence::new("Could not find an installed version of Gradle either in *", Configuration, "requirements")
        .reaches(Wrapped),
    // The scripts of a platform only know the status of what they run.
    Sentence::new("*cordova/build: Command failed with exit code *", Unknown, "script").summary(),
    Sentence::new("*cordova/run: Command failed with exit code *", Unknown, "script").summary(),
    Sentence::new("Error code * for command: * with args: *", Unknown, "command").summary(),
    Sentence::new("Promise rejected with non-error: 'Error code * for command: *", Unknown, "command")
        .summary(),
];

/// Ionic's sentences.
pub(crate) fn ionic() -> Sentences {
    Sentences::new("ionic", IONIC).only_after(&["[ERROR] "])
}

const IONIC: &[Sentence] = &[
    Sentence::new("Cordova encountered an error.", Unknown, "cordova").summary(),
    Sentence::new("An error occurred while running subprocess *", Unknown, "command").summary(),
    Sentence::new("An error occurred while running * (exit code *", Unknown, "command").summary(),
];
