//! Finds reports of tools for mobile applications in a log.
//!
//! | file | input |
//! | --- | --- |
//! | `swift` | the Swift compiler, SwiftLint, crashes of programs |
//! | `xctest` | XCTest, Swift Testing, xcpretty and xcbeautify |
//! | `xcode` | Xcode, SwiftPM, signing, simulators |
//! | `pods` | CocoaPods, Carthage, fastlane |
//! | `cordova` | Cordova, Ionic |
//! | `dart`, `pubspec`, `solving` | Dart's analyzer, compiler and formatter; Flutter, pub and its version solver, build_runner |
//! | `dart_test` | `dart test`, `flutter test` |
#![deny(unsafe_code)]

mod cordova;
mod dart;
mod dart_test;
mod pods;
mod pubspec;
mod swift;
mod xcode;
mod xctest;

use grimoire_plugin_sdk::recognise::{panel, sentence, solving};
use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};
use panel::{Lines, Panel, Reader};

/// The analyzer: see the crate's documentation.
pub struct Mobile(Panel);

impl Default for Mobile {
    fn default() -> Self {
        let readers: Vec<Box<dyn Reader>> = vec![
            Box::new(Lines(xctest::failure)),
            Box::<xctest::Issues>::default(),
            Box::<xctest::Pretty>::default(),
            Box::<swift::Compiler>::default(),
            Box::new(Lines(swift::crash)),
            Box::<dart_test::Tests>::default(),
            Box::new(Lines(dart::analyzer)),
            Box::<dart::Compiler>::default(),
            Box::<dart::Exceptions>::default(),
            Box::<dart::Formatter>::default(),
            Box::<dart::Severe>::default(),
            Box::new(solving::Solving::new("pub", "version solving failed.", |text| {
                // Other solvers of this kind use this name for the project, or print versions in parentheses.
                !text.contains("your app") && !["(^", "(<", "(>", "(="].iter().any(|sign| text.contains(sign))
            })),
            Box::new(pubspec::sentences()),
            Box::new(dart::flutter()),
            Box::<xcode::Issue>::default(),
            Box::new(xcode::xcode()),
            Box::new(xcode::packages()),
            Box::new(Lines(xcode::target)),
            Box::new(cordova::cordova()),
            Box::new(cordova::ionic()),
            Box::<pods::Fastlane>::default(),
            Box::new(pods::fastlane()),
            Box::new(pods::cocoapods()),
            Box::new(Lines(pods::lint)),
            Box::new(pods::carthage()),
            Box::new(Lines(xctest::encountered)),
            Box::<pods::Exclaimed>::default(),
            Box::<xcode::Signed>::default(),
            Box::new(Lines(xctest::crashed)),
            Box::new(Lines(xctest::summary)),
            Box::new(Lines(dart::summary)),
        ];
        Self(Panel::new(readers).stripping(without_lane))
    }
}

/// Removes prefixes before the lines of a tool that another one runs: fastlane's clock and arrow
/// (`[11:22:33]: ▸ ❌ …`), and the name that Flutter's programs print (`flutter: `, `I/flutter (123): `).
fn without_lane(text: &str) -> &str {
    let whole = text;
    let text = text.trim_start();
    let bytes = text.as_bytes();
    let clock = bytes.len() > 11
        && bytes[0] == b'['
        && bytes[9..].starts_with(b"]: ")
        && bytes[1..9]
            .iter()
            .enumerate()
            .all(|(at, byte)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() });
    let mut rest = if clock { &text[12..] } else { after_level(text).unwrap_or(text) };
    rest = rest.strip_prefix("▸ ").unwrap_or(rest);
    if let Some(after) = rest.strip_prefix("flutter: ") {
        rest = after;
    } else if let Some((number, after)) =
        rest.strip_prefix("I/flutter (").and_then(|rest| rest.split_once("):"))
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ')
    {
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    // The indentation of other lines matters.
    if rest.len() < text.len() { rest } else { whole }
}

/// Removes `INFO [2024-02-08 12:34:11.52]: `, which a verbose fastlane prints.
fn after_level(text: &str) -> Option<&str> {
    let rest =
        ["INFO [", "ERROR [", "WARN [", "DEBUG ["].iter().find_map(|level| text.strip_prefix(level))?;
    let (clock, rest) = rest.split_once("]: ")?;
    clock
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.' | b' '))
        .then_some(rest)
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Mobile>;

export_analyzer!(Scan);

impl LineAnalyzer for Mobile {
    const TOOLS: &'static [&'static str] = &[
        "build_runner",
        "carthage",
        "clang",
        "cocoapods",
        "cordova",
        "dart",
        "fastlane",
        "flutter",
        "ionic",
        "pub",
        "swift",
        "swift-format",
        "swift-testing",
        "swiftformat",
        "swiftlint",
        "swiftpm",
        "xcodebuild",
        "xctest",
    ];

    const PROBES: &'static [&'static str] = &[
        ".swift",
        "Swift SDK",
        "compile command failed due to signal",
        "xcodebuild",
        "Xcode",
        "XCTest",
        "XCTAssert",
        "xcpretty",
        "xcrun",
        "Podfile",
        "CocoaPods",
        "pod ",
        "Carthage",
        "carthage",
        "Cartfile",
        "fastlane",
        ".dart",
        "pubspec",
        "flutter",
        "Flutter",
        "Dart SDK",
        "version solving failed",
        "Could not find package",
        "provisioning profile",
        "Provisioning profile",
        "CodeSign",
        "Signing for",
        "errSecInternalComponent",
        "simctl",
        "Simulator",
        "iOS",
        "SwiftPM",
        "Package.swift",
        "recorded an issue",
        "uncaught exception",
        "swift",
        "Dependencies could not be resolved",
        "ITMS-",
        "[SEVERE]",
        "FLUTTER",
        "exportArchive",
        "from project '",
        "[!] ",
        "shared framework",
        "emit-module",
        "Test Case",
        "Restarting after",
        "** TEST FAILED",
        "** BUILD FAILED",
        "** ARCHIVE FAILED",
        "✘",
        "issues found",
        "issue found",
        "kernel_snapshot",
        "build the application",
        "[E]",
        "pub.dev",
        "ordova",
        "'ANDROID_HOME'",
        "'ANDROID_SDK_ROOT'",
        "'JAVA_HOME'",
        "installed version of Gradle",
        "platforms added to this project",
        "Android SDK not found",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        self.0.line(line, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.0.finish(out);
    }
}
