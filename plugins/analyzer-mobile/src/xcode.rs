//! Xcode, SwiftPM, signing, simulators: errors in sentences.

use crate::{
    panel::{Draft, Reader, Seen, single},
    sentence::{
        Reach::{Block, Indented, Wrapped},
        Sentence, Sentences, any,
    },
    swift,
};
use grimoire_plugin_sdk::{
    Diagnostic,
    Kind::{self, Compile, Configuration, Dependency, Infrastructure, Network, Permission, Resource, Test},
    Location, Role,
    text::{Needle, extension, looks_like_path, place_at_start},
};

/// Prefixes of Xcode's sentences: its own words, and the signs of its formatters.
const PREFIXES: &[&str] = &[
    "xcodebuild: error: ",
    "error: ",
    "Error: ",
    "❌ error: ",
    "❌  ",
    "❌ ",
    "[x] ",
    "Error (Xcode): ",
    "error: exportArchive: ",
];

/// Xcode's sentences.
pub(crate) fn xcode() -> Sentences {
    Sentences::new("xcodebuild", XCODE).after(PREFIXES)
}

const XCODE: &[Sentence] = &[
    // Signing.
    Sentence::new("Signing for \"*\" requires a development team. *", Permission, "signing"),
    Sentence::new("No profiles for '*' were found: *", Permission, "provisioning"),
    Sentence::new("No profile for team '*' matching '*' found*", Permission, "provisioning"),
    Sentence::new("Provisioning profile \"*\" *", Permission, "provisioning"),
    Sentence::new("No signing certificate \"*\" found: *", Permission, "signing"),
    Sentence::new("\"*\" requires a provisioning profile*", Permission, "provisioning"),
    Sentence::new("* requires a provisioning profile with *", Permission, "provisioning"),
    Sentence::new("exportArchive: *", Permission, "export"),
    Sentence::new("exportArchive *", Permission, "export"),
    Sentence::new("No Accounts: *", Permission, "account"),
    Sentence::new("No Account for Team \"*", Permission, "account"),
    Sentence::new("Revoke certificate: *", Permission, "signing"),
    Sentence::new("The operation couldn’t be completed. Unable to log in *", Permission, "account"),
    Sentence::new("* has conflicting provisioning settings. *", Permission, "provisioning"),
    Sentence::new("* is automatically signed, but *", Permission, "provisioning"),
    Sentence::new("Code Sign error: *", Permission, "signing"),
    Sentence::new("Code Signing Error: *", Permission, "signing"),
    Sentence::new("*: errSecInternalComponent*", Permission, "signing"),
    Sentence::new(
        "*: resource fork, Finder information, or similar detritus not allowed*",
        Permission,
        "signing",
    ),
    Sentence::new("*: User interaction is not allowed*", Permission, "signing"),
    Sentence::new("security: SecKeychain*", Permission, "keychain"),
    // Destinations and simulators.
    Sentence::new(
        "Unable to find a destination matching the provided destination specifier:*",
        Configuration,
        "destination",
    )
    .reaches(Block)
    .until("Available destinations"),
    Sentence::new(
        "Unable to find a device matching the provided destination specifier:*",
        Configuration,
        "destination",
    )
    .reaches(Block)
    .until("Available destinations"),
    Sentence::new("Failed to find a suitable device for *", Configuration, "destination"),
    Sentence::new("Invalid device or device pair: *", Configuration, "simulator"),
    Sentence::new("Invalid device: *", Configuration, "simulator"),
    Sentence::new("Unable to boot device in current state: *", Infrastructure, "simulator"),
    Sentence::new("Unable to boot the Simulator*", Infrastructure, "simulator"),
    Sentence::new("iOS * is not installed. *", Configuration, "platform"),
    Sentence::new(
        "* is not installed. To use with Xcode, first download and install the platform",
        Configuration,
        "platform",
    ),
    Sentence::new("An error was encountered processing the command (*", Infrastructure, "simctl")
        .reaches(Wrapped),
    Sentence::new("Timed out waiting * seconds for simulator to boot*", Kind::Timeout, "simulator"),
    // Projects.
    Sentence::new("'*.xc*' does not exist.", Configuration, "project"),
    Sentence::new("The project '*' does not contain a scheme named '*'.*", Configuration, "scheme"),
    Sentence::new("The project named \"*\" does not contain a scheme named \"*\".*", Configuration, "scheme"),
    Sentence::new("The workspace '*' does not contain a scheme named '*'.*", Configuration, "scheme"),
    Sentence::new(
        "The workspace named \"*\" does not contain a scheme named \"*\".*",
        Configuration,
        "scheme",
    ),
    Sentence::new("The project \"*\" is damaged *", Configuration, "project"),
    Sentence::new("The directory * does not contain an Xcode project*", Configuration, "project"),
    Sentence::new("Scheme * is not currently configured for the * action.*", Configuration, "scheme"),
    Sentence::new("Found no destinations for the scheme '*", Configuration, "destination")
        .reaches(Block)
        .until("Available destinations"),
    Sentence::new("Could not resolve package dependencies:*", Dependency, "packages").reaches(Block),
    Sentence::new("Failed to build * with scheme *.", Configuration, "scheme").reaches(Indented),
    Sentence::new("Missing package product '*'*", Dependency, "packages"),
    Sentence::new("tool 'xcodebuild' requires Xcode, but *", Configuration, "xcode-select"),
    Sentence::new("xcode-select: error: *", Configuration, "xcode-select").aside(),
    Sentence::new("xcrun: error: *", Configuration, "xcrun"),
    Sentence::new("SDK \"*\" cannot be located*", Configuration, "sdk"),
    Sentence::new("Build input file cannot be found: '*'*", Configuration, "input-file"),
    Sentence::new("Build input files cannot be found: *", Configuration, "input-file"),
    Sentence::new("Multiple commands produce '*'", Configuration, "multiple-commands").reaches(Indented),
    Sentence::new("The sandbox is not in sync with the Podfile.lock. *", Dependency, "podfile-lock"),
    Sentence::new("Unable to load contents of file list: '*'*", Dependency, "file-list"),
    Sentence::new("Unable to open base configuration reference file '*'*", Dependency, "xcconfig"),
    Sentence::new("Cycle inside *", Configuration, "cycle").reaches(Block),
    Sentence::new("Cycle in dependencies between targets '*", Configuration, "cycle").reaches(Block),
    Sentence::new("No space left on device*", Resource, "no-space"),
    Sentence::new("unable to attach DB: *", Resource, "build-database"),
    Sentence::new("accessing build database \"*\": *", Resource, "build-database"),
    Sentence::new("unable to resolve module dependency: '*'*", Compile, "module"),
    // App Store.
    Sentence::new("ERROR ITMS-*: *", Configuration, "app-store"),
    // Consequences and summaries.
    Sentence::new("emit-module command failed with exit code *", Compile, "compile").consequence(),
    Sentence::new("link command failed with exit code *", Compile, "link").consequence(),
    Sentence::new("swift-frontend command failed *", Compile, "compile").consequence(),
    Sentence::new("linker command failed with exit code *", Compile, "link").consequence(),
    Sentence::new("Command * failed with a nonzero exit code", Compile, "command").consequence(),
    Sentence::new("Testing failed:*", Test, "tests").reaches(Block).summary(),
    Sentence::new("Testing cancelled because the build failed*", Compile, "build").summary(),
    Sentence::new("Failing tests:", Test, "tests").reaches(Indented).summary(),
    Sentence::new("The following build commands failed:", Compile, "commands").reaches(Indented).summary(),
    Sentence::new("Xcodebuild action failed (*", Kind::Unknown, "failed").summary(),
    Sentence::new("** * FAILED **", Kind::Unknown, "failed").summary(),
    // Without the archive nothing can be exported; the reason was printed when it was made.
    Sentence::new("archive not found at path '*'*", Kind::Unknown, "archive").summary(),
    Sentence::new("fatalError", Compile, "compile").consequence(),
];

/// SwiftPM's sentences.
pub(crate) fn packages() -> Sentences {
    Sentences::new("swiftpm", PACKAGES).only_after(&[
        "error: ",
        "Error: ",
        "xcodebuild: error: ",
        "❌ error: ",
        "❌ ",
    ])
}

const PACKAGES: &[Sentence] = &[
    // Whoever replaces an SDK removes the former one first, which may not be there.
    Sentence::new("Swift SDK with ID `*` is not currently installed*", Configuration, "sdk").summary(),
    Sentence::new("Swift SDK with ID `*`, * is not currently installed*", Configuration, "sdk").summary(),
    Sentence::new("No Swift SDK found matching *", Configuration, "sdk"),
    Sentence::new("compile command failed due to signal *", Kind::Crash, "compiler"),
    Sentence::new("Dependencies could not be resolved because *", Dependency, "version-solving")
        .reaches(Wrapped),
    Sentence::new("dependencies could not be resolved because *", Dependency, "version-solving")
        .reaches(Wrapped),
    Sentence::new("failed to clone *", Network, "clone").reaches(Block),
    Sentence::new("Failed to clone repository *", Network, "clone").reaches(Block),
    Sentence::new("Couldn’t fetch updates from remote repositories:*", Network, "fetch").reaches(Block),
    Sentence::new("Couldn’t check out revision *", Dependency, "checkout").reaches(Block),
    Sentence::new("the manifest parse failed*", Configuration, "manifest").reaches(Block),
    Sentence::new("'*': the manifest *", Configuration, "manifest").reaches(Block),
    // The compiler's message about the manifest comes next.
    Sentence::new("'*': Invalid manifest*", Configuration, "manifest").reaches(Block).summary(),
    Sentence::new("Invalid manifest*", Configuration, "manifest").reaches(Block).summary(),
    Sentence::new("package '*' is using Swift tools version *", Dependency, "tools-version"),
    Sentence::new("'*': package '*' is using Swift tools version *", Dependency, "tools-version"),
    Sentence::new("'*': error: *", Dependency, "package"),
    Sentence::new("'*': invalid custom path *", Configuration, "manifest"),
    Sentence::new("'*': Source files for target *", Configuration, "manifest"),
    Sentence::new("product '*' required by package '*' target '*' not found*", Dependency, "product"),
    Sentence::new("'*': product '*' required by package '*' target '*' not found*", Dependency, "product"),
    Sentence::new("unknown package '*' in dependencies of target *", Dependency, "package"),
    Sentence::new("the package manifest at '*' cannot be accessed*", Configuration, "manifest"),
    Sentence::new("could not find Package.swift *", Configuration, "manifest"),
    Sentence::new("an out-of-date resolved file was detected at *", Dependency, "resolved-file"),
    Sentence::new("a resolved file is required when *", Dependency, "resolved-file"),
    Sentence::new("dependency '*' is missing; *", Dependency, "package"),
    Sentence::new("the target '*' in product '*' *", Configuration, "manifest"),
    Sentence::new(
        "the library '*' requires *, but depends on the product '*' which requires *",
        Configuration,
        "platform",
    ),
    Sentence::new("failed downloading '*'*", Network, "download"),
    Sentence::new("checksum of downloaded artifact of binary target '*' *", Dependency, "checksum"),
    Sentence::new("artifact of binary target '*' *", Dependency, "artifact"),
    Sentence::new("no such module '*'", Compile, "module"),
    Sentence::new("product dependency '*' not found*", Dependency, "product"),
    Sentence::new("product dependency '*' in package '*' not found*", Dependency, "product"),
    Sentence::new("ExitCode(rawValue: *", Kind::Unknown, "exit").summary(),
    Sentence::new("'*': *", Dependency, "package").reaches(Indented),
    Sentence::new("terminated(*): *", Kind::Unknown, "terminated").summary(),
    Sentence::new("Exited with unexpected signal code *", Kind::Crash, "signal").summary(),
    Sentence::new("Exited with signal code *", Kind::Crash, "signal").summary(),
];

/// The kind of a target's error.
fn kind(message: &str) -> Kind {
    let signing = ["Signing", "provisioning", "Provisioning", "No profile", "signing certificate"];
    if signing.iter().any(|word| message.contains(word)) { Permission } else { Configuration }
}

/// Any other `error: … (in target 'Pot' from project 'Kettle')`, and `/path/file: error: message` of a file
/// without a line.
pub(crate) fn target(line: &Seen<'_>) -> Option<Diagnostic> {
    static TARGET: Needle = Needle::new(" (in target '");
    static ERROR: Needle = Needle::new(": error: ");
    let signed = swift::sign(line.start).map_or(line.start, |(_, rest)| rest);
    if let Some((text, rest)) = TARGET.split_among(line.characters, signed)
        && let Some(message) =
            text.strip_prefix("error: ").or((signed.len() < line.start.len()).then_some(text))
        && rest.contains("from project '")
    {
        let mut found = single("xcodebuild", kind(message), message, line);
        "target".clone_into(&mut found.error_type);
        return Some(found);
    }
    let (path, message) = ERROR.split_among(line.characters, signed)?;
    let known = matches!(
        extension(path),
        "xcodeproj" | "xcassets" | "xcworkspace" | "plist" | "xib" | "storyboard" | "pbxproj"
    );
    if !known || !looks_like_path(path) {
        return None;
    }
    let mut found = single("xcodebuild", kind(message), message, line);
    "error".clone_into(&mut found.error_type);
    found.location = Some(Location::file(path));
    Some(found)
}

/// Flutter's report of Xcode: a heading with the message, and the location below it.
///
/// ```text
/// Swift Compiler Error (Xcode): Cannot find 'lid' in scope
/// /app/ios/Runner/AppDelegate.swift:12:5
/// ```
#[derive(Debug, Default)]
pub(crate) struct Issue {
    open: Option<Draft>,
}

impl Reader for Issue {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static XCODE: Needle = Needle::new(" (Xcode): ");
        if let Some(mut draft) = self.open.take() {
            // Lines are 0-based here.
            let place = place_at_start(line.start).filter(|place| place.rest.is_empty());
            if let Some(place) = place {
                draft.take(line);
                draft.found.location = Some(Location::at(place.path, place.line, place.column));
                out.push(draft.done());
                return;
            }
            out.push(draft.done());
        }
        let Some((title, message)) = XCODE.split_among(line.characters, line.start) else { return };
        if !title.ends_with("Error") && !title.ends_with("Issue")
            || title.len() > 60
            || title == "Error" && message.contains(": Error: ")
        {
            return;
        }
        let mut draft = Draft::new("xcodebuild", Compile, line);
        title.clone_into(&mut draft.found.error_type);
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

/// `❌ message` of xcbeautify and xcpretty that no other recogniser reads. Many tools print such a sign, so
/// Xcode must have been named.
#[derive(Debug, Default)]
pub(crate) struct Signed {
    named: bool,
}

impl Reader for Signed {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static NAMES: [Needle; 6] = [
            Needle::new("xcodebuild"),
            Needle::new("Xcode"),
            Needle::new(".xcodeproj"),
            Needle::new(".xcworkspace"),
            Needle::new("xcbeautify"),
            Needle::new("xcpretty"),
        ];
        let Some(rest) = line.start.strip_prefix("❌") else {
            self.named =
                self.named || NAMES.iter().any(|name| name.find_among(line.characters, line.start).is_some());
            return;
        };
        let message = rest.trim_start_matches(['\u{fe0f}', ' ']);
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let known = any(XCODE, message) || any(PACKAGES, message) || place_at_start(message).is_some();
        if !self.named || known || message.len() < 6 {
            return;
        }
        let mut found = single("xcodebuild", Kind::Unknown, message, line);
        found.confidence = grimoire_plugin_sdk::Confidence::Likely;
        "error".clone_into(&mut found.error_type);
        if message.starts_with("** ") || message.ends_with(" Failed") {
            found.role = Role::Summary;
        }
        out.push(found);
    }
}
