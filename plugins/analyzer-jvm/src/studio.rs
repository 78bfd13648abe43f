//! What Android Studio says instead of Gradle: versions that do not fit together, and what is not installed. Its
//! lines have no level and no block around them.
//!
//! ```text
//! The project is using an incompatible version (AGP 9.1.0) of the Android Gradle plugin. Latest supported …
//! Minimum supported Gradle version is 8.9. Current version is 8.7.
//! ```

use crate::{Record, Step, session::Session, text::Text};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Role, Span,
    text::{Beginnings, Context},
};

/// A sentence, which is a line.
#[derive(Debug)]
pub(crate) struct Line {
    message: String,
    context: Context,
    error_type: &'static str,
    kind: Kind,
    role: Role,
    span: Span,
}

/// How they begin, the type and the kind of each.
const SENTENCES: [(&str, &str, Kind); 15] = [
    ("The project is using an incompatible version (AGP ", "agp-version", Kind::Configuration),
    ("The project is using an unsupported version (AGP ", "agp-version", Kind::Configuration),
    ("This version of the Android Support plugin for IntelliJ IDEA ", "studio-version", Kind::Configuration),
    ("Minimum supported Gradle version is ", "gradle-version", Kind::Configuration),
    ("Unable to find Gradle tasks to build: ", "tasks", Kind::Configuration),
    ("Your build is currently configured to use Java ", "java-version", Kind::Configuration),
    ("Your build is currently configured to use incompatible Java ", "java-version", Kind::Configuration),
    ("Dependency requires at least JVM runtime version ", "java-version", Kind::Dependency),
    ("The supplied javaHome seems to be invalid. ", "java-home", Kind::Configuration),
    ("Could not install Gradle distribution from '", "distribution", Kind::Network),
    ("The specified Gradle distribution '", "distribution", Kind::Configuration),
    (
        "Failed to install the following Android SDK packages as some licences have not been accepted.",
        "licences",
        Kind::Permission,
    ),
    ("Failed to find Build Tools revision ", "build-tools", Kind::Configuration),
    ("Failed to find target with hash string '", "platform", Kind::Configuration),
    ("Could not run phased build action using connection to Gradle distribution '", "build", Kind::Unknown),
];

/// How they begin.
const TEXTS: [&str; SENTENCES.len()] = {
    let mut texts = [""; SENTENCES.len()];
    let mut at = 0;
    while at < texts.len() {
        texts[at] = SENTENCES[at].0;
        at += 1;
    }
    texts
};

static STARTS: Beginnings = Beginnings::new(&TEXTS);

impl Line {
    pub(crate) fn start(text: &Text<'_>) -> Option<Self> {
        let line = text.words;
        let line = line.strip_prefix("ERROR: ").or_else(|| line.strip_prefix("Error: ")).unwrap_or(line);
        let (_, error_type, kind) = SENTENCES[STARTS.position(line)?];
        let mut context = Context::default();
        context.push(text.raw);
        Some(Self {
            message: line.to_owned(),
            context,
            error_type,
            kind,
            // The last of them only says that Gradle failed.
            role: if kind == Kind::Unknown { Role::Summary } else { Role::Root },
            span: text.span,
        })
    }
}

impl Record for Line {
    fn line(&mut self, _: &Text<'_>) -> Step {
        Step::Over
    }

    fn finish(mut self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>) {
        let found = Diagnostic {
            tool: "gradle".to_owned(),
            error_type: self.error_type.to_owned(),
            message: std::mem::take(&mut self.message),
            kind: self.kind,
            role: self.role,
            context: self.context.take(),
            span: self.span,
            ..Diagnostic::default()
        };
        session.report_once(found, out);
    }
}
