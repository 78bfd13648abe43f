//! CocoaPods, Carthage, fastlane.

use crate::{
    panel::{Draft, Reader, Seen, single},
    sentence::{
        Reach::{Block, Indented, Wrapped},
        Sentence, Sentences, any,
    },
};
use grimoire_plugin_sdk::{
    Confidence, Diagnostic,
    Kind::{self, Compile, Configuration, Dependency, Network, Permission, Unknown},
    Role,
    text::Needle,
};

/// CocoaPods' sentences after `[!]`.
pub(crate) fn cocoapods() -> Sentences {
    Sentences::new("cocoapods", PODS).only_after(&["[!] "])
}

const PODS: &[Sentence] = &[
    Sentence::new(
        "CocoaPods could not find compatible versions for pod \"*\":*",
        Dependency,
        "version-conflict",
    )
    .reaches(Block)
    .then(&[
        "None of your spec sources contain",
        "Specs satisfying the `",
        "There are only pre-release versions",
    ]),
    Sentence::new("Unable to satisfy the following requirements:*", Dependency, "version-conflict")
        .reaches(Block)
        .then(&[
            "- `",
            "None of your spec sources contain",
            "Specs satisfying the `",
            "There are only pre-release versions",
        ]),
    Sentence::new("Unable to find a specification for *", Dependency, "specification"),
    Sentence::new(
        "Unable to find a pod with name, author, summary, or description matching *",
        Dependency,
        "specification",
    ),
    Sentence::new("Unable to find a target named *", Configuration, "target"),
    Sentence::new(
        "Unable to determine Swift version for the following pods:*",
        Configuration,
        "swift-version",
    )
    .reaches(Indented),
    Sentence::new("Unable to add a source with url *", Network, "source"),
    Sentence::new("Invalid `Podfile` file: *", Configuration, "podfile").reaches(Block),
    Sentence::new("Invalid `*` file: *", Configuration, "podfile").reaches(Block),
    Sentence::new("Error installing *", Dependency, "install").consequence(),
    Sentence::new("Failed to download '*'*", Network, "download"),
    Sentence::new("CDN: trunk *", Network, "cdn").reaches(Wrapped),
    Sentence::new("CDN: *", Network, "cdn").reaches(Wrapped),
    Sentence::new(
        "The `*` target has transitive dependencies that include statically linked binaries: *",
        Dependency,
        "static-binaries",
    ),
    Sentence::new(
        "The following Swift pods cannot yet be integrated as static libraries:*",
        Dependency,
        "static-libraries",
    )
    .reaches(Block),
    Sentence::new("There are no versions of *", Dependency, "specification"),
    Sentence::new("The '*' target has libraries with conflicting names: *", Dependency, "conflict"),
    Sentence::new("The platform of the target `*` *", Dependency, "platform"),
    Sentence::new("Specs satisfying the `*` dependency were found, *", Dependency, "deployment-target"),
    Sentence::new("No `Podfile' found in the project directory.", Configuration, "podfile"),
    Sentence::new("No Podfile found *", Configuration, "podfile"),
    Sentence::new("No podspec found for `*` in *", Dependency, "podspec"),
    Sentence::new("No podspec exists at path *", Dependency, "podspec"),
    Sentence::new("`*` is not a valid *", Configuration, "podspec"),
    Sentence::new("* did not pass validation, due to * error*", Compile, "validation").summary(),
    Sentence::new("The spec did not pass validation, due to *", Compile, "validation").summary(),
    Sentence::new("/usr/bin/git *", Network, "git").reaches(Block),
    Sentence::new("/usr/bin/curl *", Network, "curl").reaches(Block),
    Sentence::new("Oh no, an error occurred.", Unknown, "crash").summary(),
];

/// fastlane's sentences after the same mark.
pub(crate) fn fastlane() -> Sentences {
    Sentences::new("fastlane", FASTLANE).only_after(&["[!] "])
}

const FASTLANE: &[Sentence] = &[
    Sentence::new("Could not find lane '*", Configuration, "lane"),
    Sentence::new("No matching provisioning profiles found *", Permission, "provisioning"),
    Sentence::new("No code signing identity found *", Permission, "signing"),
    Sentence::new("Error building the application - see the log above", Compile, "build").summary(),
    Sentence::new("Error packaging up the application", Compile, "build").summary(),
    Sentence::new("Error building/testing the application*", Compile, "build").summary(),
    Sentence::new("Tests have failed", Kind::Test, "tests").summary(),
    Sentence::new("Exit status of command '*' was *", Unknown, "command").summary(),
    Sentence::new("Error uploading ipa file*", Network, "upload"),
    Sentence::new("Authentication credentials are missing or invalid*", Permission, "authentication"),
    Sentence::new("Could not find Xcode version: *", Configuration, "xcode"),
    Sentence::new("Google Api Error: *", Permission, "google-api"),
    Sentence::new("Could not find action, lane or variable *", Configuration, "lane"),
    Sentence::new("Could not find option '*' in the list of available options*", Configuration, "option"),
    Sentence::new("Could not find a matching code signing identity *", Permission, "signing"),
    Sentence::new("Could not install WWDR certificate", Permission, "signing"),
];

/// Other text after `[!]`: an error of fastlane or CocoaPods, unless it is one of their warnings. Other tools
/// print such lines too, so one of the two must have been named.
#[derive(Debug, Default)]
pub(crate) struct Exclaimed {
    /// The one that was named last.
    named: Option<&'static str>,
}

impl Reader for Exclaimed {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static NAMES: [(Needle, &str); 6] = [
            (Needle::new("fastlane"), "fastlane"),
            (Needle::new("Driving the lane '"), "fastlane"),
            (Needle::new("CocoaPods"), "cocoapods"),
            (Needle::new("Podfile"), "cocoapods"),
            (Needle::new("pod install"), "cocoapods"),
            (Needle::new("Analyzing dependencies"), "cocoapods"),
        ];
        const WARNINGS: [&str; 13] = [
            "Automatically assigning platform",
            "CocoaPods did not set the base configuration",
            "The version of CocoaPods used to generate the lockfile",
            "Please close any current Xcode sessions",
            "Can't merge ",
            "Smart quotes were detected",
            "Your project does not explicitly specify the CocoaPods master specs repo",
            "Found multiple specifications for",
            "`<PBX",
            "has been deprecated",
            "Unable to read the license file",
            "deprecated",
            "installed)",
        ];
        let Some(message) = line.start.strip_prefix("[!] ") else {
            let is_named = |(name, _): &&(Needle, _)| name.find_among(line.characters, line.start).is_some();
            self.named = NAMES.iter().find(is_named).map(|(_, tool)| *tool).or(self.named);
            return;
        };
        // xcpretty's warnings and Flutter's doctor begin in the same way.
        let doubtful = message.starts_with('/')
            || message.ends_with(']')
            || message.contains(" • ")
            || message.contains("toolchain - ")
            || message.contains("(develop for ")
            || message.len() < 8
            || !message.contains(' ');
        let known = any(PODS, message) || any(FASTLANE, message);
        let Some(tool) = self.named else { return };
        if doubtful || known || WARNINGS.iter().any(|text| message.contains(text)) {
            return;
        }
        let mut found = single(tool, Unknown, message, line);
        found.confidence = Confidence::Likely;
        "error".clone_into(&mut found.error_type);
        out.push(found);
    }
}

/// `pod lib lint`: ` -> Kettle (1.0)` and below it `- ERROR | [iOS] xcodebuild: message`.
pub(crate) fn lint(line: &Seen<'_>) -> Option<Diagnostic> {
    let rest = line.start.strip_prefix("- ERROR |")?.trim_start();
    let message = rest.split_once("xcodebuild:").map_or(rest, |(_, message)| message).trim();
    let place = grimoire_plugin_sdk::text::place_at_start(message);
    let mut found = single("cocoapods", Compile, message, line);
    "validation".clone_into(&mut found.error_type);
    if message.starts_with("Returned an unsuccessful exit code") {
        found.role = Role::Summary;
    }
    if let Some(place) = place {
        found.location = Some(place.location());
        place.rest.trim().trim_start_matches("error: ").clone_into(&mut found.message);
    }
    Some(found)
}

/// Carthage's sentences.
pub(crate) fn carthage() -> Sentences {
    Sentences::new("carthage", CARTHAGE).after(&["*** ", "error: "])
}

const CARTHAGE: &[Sentence] = &[
    Sentence::new("A shell task (*) failed with exit code *", Network, "task").reaches(Wrapped),
    Sentence::new("Dependency \"*\" has no shared framework schemes*", Configuration, "schemes"),
    Sentence::new("Failed to discover shared schemes in project *", Configuration, "schemes"),
    Sentence::new("Could not find any available simulators for iOS", Configuration, "simulator"),
    Sentence::new("No available version for * satisfies the requirement: *", Dependency, "version"),
    Sentence::new("Incompatible Swift version - framework was built with *", Dependency, "swift-version")
        .reaches(Wrapped),
    Sentence::new("Failed to read file or folder at *Cartfile*", Configuration, "cartfile").reaches(Wrapped),
    Sentence::new("This usually indicates that project itself failed to compile. *", Compile, "build")
        .reaches(Wrapped)
        .summary(),
];

/// fastlane's last words.
#[derive(Debug, Default)]
pub(crate) struct Fastlane {
    open: Option<Draft>,
}

impl Reader for Fastlane {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if line.start == "fastlane finished with errors" {
            let mut draft = Draft::new("fastlane", Unknown, line);
            draft.found.role = Role::Summary;
            draft.say(line.start);
            "errors".clone_into(&mut draft.found.error_type);
            self.open = Some(draft);
            return;
        }
        let Some(mut draft) = self.open.take() else { return };
        if line.start.is_empty() && draft.lines() == 1 {
            self.open = Some(draft);
            return;
        }
        // `[!] message` is fastlane's, then.
        if let Some(message) = line.start.strip_prefix("[!] ") {
            draft.take(line);
            message.clone_into(&mut draft.found.message);
            draft.found.role = if is_summary(message) { Role::Summary } else { Role::Root };
        }
        out.push(draft.done());
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}

fn is_summary(message: &str) -> bool {
    message.contains("see the log above")
        || message.starts_with("Tests have failed")
        || message.starts_with("Exit status of command")
        || message.starts_with("Error building")
        || message.starts_with("Error packaging")
}
