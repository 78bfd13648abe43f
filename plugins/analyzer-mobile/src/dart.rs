//! Dart and Flutter: the analyzer, the compiler, the formatter, uncaught exceptions.
//!
//! ```text
//!   error • Undefined name 'lid' • lib/pot.dart:12:5 • undefined_identifier
//!   error • lib/pot.dart:12:5 • Undefined name 'lid'. • undefined_identifier
//!   error - lib/pot.dart:12:5 - Undefined name 'lid'. - undefined_identifier
//! ERROR|COMPILE_TIME_ERROR|UNDEFINED_IDENTIFIER|/app/lib/pot.dart|12|5|3|Undefined name 'lid'.
//! lib/pot.dart:12:5: Error: Undefined name 'lid'.
//! ```

use crate::{
    panel::{Draft, Reader, Seen, single, typed},
    sentence::{Reach::Wrapped, Sentence, Sentences},
};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic, Frame,
    Kind::{self, Compile, Configuration, Dependency, Lint},
    Location, Role, Severity, limits,
    text::{Needle, extension, leading_number, place_at_start},
};

/// Maximum number of lines of one error.
const LINES: usize = 40;

fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "error" | "ERROR" => Severity::Error,
        "warning" | "WARNING" => Severity::Warning,
        "info" | "INFO" | "hint" => Severity::Info,
        _ => return None,
    })
}

/// The analyzer, in three formats.
pub(crate) fn analyzer(line: &Seen<'_>) -> Option<Diagnostic> {
    let start = line.start;
    severity(&start[..start.find([' ', '|'])?])?;
    let (level, message, place, code) = if start.matches(" • ").count() == 2 {
        // Older versions give the location in words: `error • message at lib/pot.dart:12:5 • code`.
        let mut parts = start.split(" • ");
        let (level, text, code) = (parts.next()?, parts.next()?, parts.next()?);
        let (message, place) = text.rsplit_once(" at ")?;
        (level, message.to_owned(), place_at_start(place)?.location(), code)
    } else if start.contains(" • ") {
        let mut parts = start.split(" • ");
        let (level, first) = (parts.next()?, parts.next()?);
        let mut rest: Vec<&str> = parts.collect();
        // `dart analyze` prints the location first, `flutter analyze` after the message.
        let is_place = |text: &str| place_at_start(text).is_some_and(|place| place.rest.is_empty());
        let first = if is_place(first) && !rest.is_empty() {
            let message = rest.remove(0);
            let at = rest.len().saturating_sub(1);
            rest.insert(at, first);
            message
        } else {
            first
        };
        // The message may contain a bullet: location and code are last.
        let (code, before) = rest.split_last()?;
        let (place, more) = before.split_last()?;
        let message = std::iter::once(first).chain(more.iter().copied()).collect::<Vec<_>>().join(" • ");
        (level, message, place_at_start(place)?.location(), *code)
    } else if start.contains(" - ") {
        let (level, rest) = start.split_once(" - ")?;
        let (place, rest) = rest.split_once(" - ")?;
        let (message, code) = rest.rsplit_once(" - ")?;
        (level, message.to_owned(), place_at_start(place)?.location(), code)
    } else {
        let mut cells = start.splitn(8, '|');
        let level = cells.next()?;
        let (_, code, path) = (cells.next()?, cells.next()?, cells.next()?);
        let (number, column, _) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?, cells.next()?);
        (level, cells.next()?.to_owned(), Location::at(path, number, Some(column)), code)
    };
    let severity = severity(level.trim())?;
    if extension(&place.path) != "dart" && extension(&place.path) != "yaml" {
        return None;
    }
    let mut found = single("dart", Lint, &message, line);
    found.severity = severity;
    found.code = Some(code.trim().trim_matches(['(', ')']).to_lowercase()).filter(|code| !code.contains(' '));
    found.location = Some(place);
    if severity == Severity::Error {
        found.kind = Compile;
    }
    Some(typed(found))
}

/// `3 issues found. (ran in 2.1s)`, `Analyzing kettle... 3 issues found.`
pub(crate) fn summary(line: &Seen<'_>) -> Option<Diagnostic> {
    static FOUND: Needle = Needle::new(" found.");
    let (before, _) = FOUND.split_among(line.characters, line.start)?;
    let count =
        before.strip_suffix(" issues").or_else(|| before.strip_suffix(" issue"))?.rsplit(' ').next()?;
    if count.parse::<u32>().ok()? == 0 {
        return None;
    }
    let found = single("dart", Lint, line.start, line);
    Some(Diagnostic { role: Role::Summary, error_type: "issues".to_owned(), ..found })
}

/// The compiler: `lib/pot.dart:12:5: Error: message` and the source below it.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    open: Option<Draft>,
}

impl Reader for Compiler {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some(draft) = &mut self.open {
            let caret = start.contains('^') && start.bytes().all(|byte| matches!(byte, b'^' | b' '));
            let starts = place_at_start(start).is_some() || start.starts_with("Error");
            if start.is_empty() || caret || starts || draft.lines() > 8 {
                if caret {
                    draft.take(line);
                }
                out.extend(self.open.take().map(Draft::done));
                if caret {
                    return;
                }
            } else {
                draft.take(line);
                // Further lines of the message precede the source, which is indented or is code.
                let said =
                    start.starts_with("Try ") || start.starts_with("- '") || start.starts_with("Did you");
                if said {
                    draft.say(start);
                }
                return;
            }
        }
        let text = start.strip_prefix("org-dartlang-app:///").unwrap_or(start);
        let text =
            text.strip_prefix("Error (Xcode): ").or_else(|| text.strip_prefix("ERROR: ")).unwrap_or(text);
        let Some(place) = place_at_start(text).filter(|place| extension(place.path) == "dart") else {
            return;
        };
        let rest = place.rest.trim_start();
        let (severity, message) = if let Some(message) = rest.strip_prefix("Error: ") {
            (Severity::Error, message)
        } else if let Some(message) = rest.strip_prefix("Warning: ") {
            (Severity::Warning, message)
        } else {
            return;
        };
        let mut draft = Draft::new("dart", Compile, line);
        draft.found.severity = severity;
        draft.found.location = Some(place.location()).filter(|place| is_own(&place.path));
        draft.say(message);
        self.open = Some(draft);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}

/// Returns true if a file belongs neither to a package nor to the SDK.
pub(crate) fn is_own(path: &str) -> bool {
    !path.starts_with("package:")
        && !path.starts_with("dart:")
        && !path.contains("/.pub-cache/")
        && !path.contains("/flutter/packages/")
        && !path.contains("/Pub/Cache/")
        && !path.contains("/hosted/pub.dev/")
        && !path.contains("org-dartlang-sdk")
}

/// A frame: `#0      main (file:///app/bin/pot.dart:12:5)`, `test/pot_test.dart 12:5  main.<fn>`,
/// `package:kettle/pot.dart 3:1  fill`.
pub(crate) fn frame(start: &str) -> Option<Frame> {
    let text = start.to_owned();
    if let Some((_, rest)) = start.strip_prefix('#').and_then(leading_number) {
        let (function, place) = rest.trim().strip_suffix(')')?.rsplit_once(" (")?;
        let location = place_at_start(place).map(|place| place.location());
        return Some(Frame { function: Some(function.to_owned()), location, text });
    }
    let (path, rest) = start.split_once(' ')?;
    if extension(path) != "dart" && !path.starts_with("package:") && !path.starts_with("dart:") {
        return None;
    }
    let rest = rest.trim_start();
    let location = leading_number(rest).and_then(|(number, rest)| {
        let (column, _) = leading_number(rest.strip_prefix(':')?)?;
        Some(Location::at(path, number, Some(column)))
    });
    let function =
        rest.rsplit("  ").next().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    Some(Frame { function, location, text })
}

/// `Unhandled exception:` with message and frames below it.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    open: Option<(Draft, Vec<Frame>)>,
}

impl Reader for Exceptions {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let start = line.start;
        if let Some((draft, frames)) = &mut self.open {
            if let Some(frame) = frame(start).filter(|_| start.starts_with('#')) {
                if frames.len() < limits::FRAMES {
                    frames.push(frame);
                }
                draft.take(line);
                return;
            }
            if frames.is_empty() && draft.lines() < 20 && !start.is_empty() {
                draft.say(start);
                draft.take(line);
                return;
            }
            if !start.starts_with("<asynchronous suspension>") {
                self.finish(out);
            }
            return;
        }
        if start == "Unhandled exception:" || start.starts_with("Unhandled exception: ") {
            let mut draft = Draft::new("dart", Kind::Crash, line);
            draft.say(start.trim_start_matches("Unhandled exception:"));
            self.open = Some((draft, Vec::new()));
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, frames)) = self.open.take() else { return };
        if draft.found.message.is_empty() {
            return;
        }
        let own = frames.iter().filter_map(|frame| frame.location.as_ref()).find(|place| is_own(&place.path));
        let message = &draft.found.message;
        let name = message.split([':', ' ', '(']).next().unwrap_or_default();
        let named = name.ends_with("Exception") || name.ends_with("Error");
        draft.found.error_type = if named { name.to_owned() } else { "exception".to_owned() };
        draft.found.location = own.cloned();
        draft.found.stack_trace = frames;
        out.push(draft.done());
    }
}

/// `Changed lib/pot.dart`, which counts once `Formatted 10 files (1 changed)` shows that it is the formatter's.
#[derive(Debug, Default)]
pub(crate) struct Formatter {
    changed: Vec<Draft>,
}

impl Reader for Formatter {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(path) = line.start.strip_prefix("Changed ").filter(|path| extension(path) == "dart") {
            if self.changed.len() < 256 {
                let mut draft = Draft::new("dart", Lint, line);
                draft.found.location = Some(Location::file(path));
                draft.found.confidence = Confidence::Likely;
                "format".clone_into(&mut draft.found.error_type);
                draft.say("The file is not formatted");
                self.changed.push(draft);
            }
        } else if !self.changed.is_empty()
            && line.start.starts_with("Formatted ")
            && line.start.contains(" changed)")
        {
            out.extend(self.changed.drain(..).map(Draft::done));
        }
    }

    fn finish(&mut self, _: &mut Vec<Diagnostic>) {
        self.changed.clear();
    }
}

/// Sentences of pub and Flutter.
pub(crate) fn flutter() -> Sentences {
    Sentences::new("flutter", FLUTTER).after(&["Error: ", "[!] "])
}

const FLUTTER: &[Sentence] = &[
    Sentence::new("No pubspec.yaml file found*", Configuration, "pubspec").reaches(Wrapped),
    Sentence::new("Expected to find project root in current working directory.", Configuration, "pubspec"),
    Sentence::new("Target file \"*\" not found.", Configuration, "target"),
    Sentence::new("No file or variants found for asset: *", Configuration, "asset"),
    Sentence::new("unable to find directory entry in pubspec.yaml: *", Configuration, "asset"),
    Sentence::new("unable to locate asset entry in pubspec.yaml: *", Configuration, "asset"),
    Sentence::new("The Flutter SDK is not available*", Configuration, "sdk"),
    Sentence::new("Unable to find suitable Visual Studio toolchain.*", Configuration, "toolchain")
        .reaches(Wrapped),
    Sentence::new("CMake is required for Linux development.*", Configuration, "toolchain").reaches(Wrapped),
    Sentence::new("No Android SDK found. *", Configuration, "android-sdk"),
    Sentence::new("Android SDK not found. *", Configuration, "android-sdk"),
    Sentence::new("Failure building APK. *", Compile, "build").summary(),
    Sentence::new("Your app is using an unsupported Gradle project. *", Configuration, "gradle")
        .reaches(Wrapped),
    Sentence::new(
        "Your project requires a newer version of the Kotlin Gradle plugin.*",
        Configuration,
        "kotlin",
    ),
    Sentence::new("This application cannot tree shake icons fonts. *", Configuration, "icons")
        .reaches(Wrapped),
    Sentence::new("Couldn't resolve the package '*' in '*'.", Dependency, "package"),
    Sentence::new("CocoaPods not installed or not in valid state.*", Configuration, "cocoapods"),
    Sentence::new("Could not build the * for the *", Compile, "build").summary(),
    Sentence::new("Encountered error while *", Compile, "build").summary(),
    Sentence::new("Failed to build iOS app*", Compile, "build").summary(),
    Sentence::new("Error running pod install", Dependency, "pods").summary(),
    Sentence::new("Target * failed: *Exception*", Compile, "target").consequence(),
    Sentence::new("Failed to compile application.", Compile, "compile").summary(),
    Sentence::new("Gradle task * failed with exit code *", Compile, "gradle").consequence(),
    Sentence::new("Failed to update packages.", Dependency, "packages").summary(),
    Sentence::new("pub get failed (*", Dependency, "packages").summary(),
    Sentence::new("pub upgrade failed (*", Dependency, "packages").summary(),
    Sentence::new("Some tests failed.", Kind::Test, "tests").summary(),
];

/// build_runner: `[SEVERE] json_serializable on lib/pot.dart:` and the message below it.
#[derive(Debug, Default)]
pub(crate) struct Severe {
    open: Option<Draft>,
}

impl Reader for Severe {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(draft) = &mut self.open {
            if line.start.is_empty() && draft.found.message.is_empty() && draft.lines() < 3 {
                return;
            }
            if !line.start.is_empty() && !line.start.starts_with('[') && draft.lines() < LINES {
                if draft.lines() < 7 {
                    draft.say(line.start);
                }
                draft.take(line);
                return;
            }
            self.finish(out);
        }
        let Some(text) = line.start.strip_prefix("[SEVERE] ") else { return };
        let mut draft = Draft::new("build_runner", Compile, line);
        "SEVERE".clone_into(&mut draft.found.error_type);
        if text.starts_with("Failed after ") {
            draft.found.role = Role::Summary;
            draft.say(text);
            out.push(draft.done());
            return;
        }
        match text.split_once(" on ").and_then(|(_, rest)| rest.split_once(':')) {
            Some((path, message)) if extension(path) == "dart" => {
                draft.found.location = Some(Location::file(path));
                if !message.trim().is_empty() {
                    draft.say(message.trim());
                }
            }
            _ => draft.say(text),
        }
        self.open = Some(draft);
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().filter(|draft| !draft.found.message.is_empty()).map(Draft::done));
    }
}
