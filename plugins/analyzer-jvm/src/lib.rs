//! Finds reports of builds and tests on the Java virtual machine: Gradle, Maven, Ant, sbt, javac, Kotlin,
//! Scala, Groovy, Android, JUnit and exceptions.
//!
//! | tool | input |
//! | --- | --- |
//! | `gradle` | `* What went wrong:` with `* Where:`, each innermost reason; scripts; tasks |
//! | `maven` | goals with their reason, POMs, rules of the Enforcer |
//! | `ant`, `sbt` | the reason below `BUILD FAILED`; tasks, unresolved dependencies |
//! | `javac`, `kotlin`, `scala`, `groovy`, `ksp`, `kapt`, `errorprone` | findings in the formats of all build tools |
//! | `junit`, `testng`, `spock`, `kotest`, `scalatest`, `specs2`, `munit` | one diagnostic per failing test, as Gradle, Surefire, Ant, sbt and JUnit's launcher print it |
//! | `aapt`, `manifest-merger`, `d8`, `r8`, `android-lint` | Android's build |
//! | `checkstyle`, `pmd`, `spotbugs`, `ktlint`, `detekt`, `scalastyle`, `jacoco` | findings |
//! | `gpg`, `nexus`, `maven-central` | signatures and rules for what is published |
//! | `spring` | why an application did not start |
//! | `java` | exceptions with causes: innermost message, first own frame; the launcher and crashes of the virtual machine |
//!
//! A block of Gradle or Maven may be open (`gradle`, `maven`); within or without it, at most one record of
//! several lines is open (`Record`). A line that continues the record belongs to it; else the recognisers are
//! asked in turn whether it begins theirs; a line that begins nothing may still belong to the record.
#![deny(unsafe_code)]

mod android;
mod ant;
mod claim;
mod failure;
mod frames;
mod gradle;
mod gradle_block;
mod gradle_reason;
mod gradle_test;
mod groovy;
mod header;
mod javac;
mod junit;
mod kotlin;
mod launcher;
mod lint;
mod maven;
mod pom;
mod publish;
mod reason;
mod sbt;
mod scala;
mod scalatest;
mod session;
mod spring;
mod studio;
mod surefire;
mod testng;
mod text;
mod thrown;

use claim::Claim;
use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Marker, export_analyzer};
use header::Header;
use session::Session;
use text::Text;

/// The analyzer: see the crate's documentation. Holds one open record, one open block and a bounded number of
/// diagnostics that wait for the end of their build.
#[derive(Debug, Default)]
pub struct Jvm {
    session: Session,
    open: Option<Box<dyn Record>>,
    gradle: gradle::Gradle,
    maven: maven::Maven,
    poms: pom::Poms,
    surefire: surefire::Surefire,
    gradle_tests: gradle_test::GradleTests,
    junit: junit::JUnit,
    scala_tests: scalatest::ScalaTests,
    linters: lint::Linters,
}

/// A record's answer to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The line belongs to the record, and more may follow.
    Taken,
    /// The line may be inside the record: a blank line.
    Waits,
    /// The line belongs to the record, and is its last one.
    Last,
    /// The line does not belong to the record, which ended before it.
    Over,
    /// The line belongs to the record only if no other recogniser takes it.
    Foreign,
}

/// A diagnostic of several lines being read.
trait Record: std::fmt::Debug + Send {
    /// Reads a line that can belong to nothing else.
    fn line(&mut self, text: &Text<'_>) -> Step;

    /// Reads a line that begins nothing else; returns whether it belongs to the record.
    fn also(&mut self, _text: &Text<'_>) -> bool {
        false
    }

    /// Ends the record, which may turn out not to be one.
    fn finish(self: Box<Self>, session: &mut Session, out: &mut Vec<Diagnostic>);
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Jvm>;

export_analyzer!(Scan);

impl LineAnalyzer for Jvm {
    const TOOLS: &'static [&'static str] = &[
        "aapt",
        "android-lint",
        "ant",
        "checkstyle",
        "d8",
        "detekt",
        "errorprone",
        "gpg",
        "gradle",
        "groovy",
        "ivy",
        "java",
        "javac",
        "junit",
        "kotlin",
        "ksp",
        "ktlint",
        "manifest-merger",
        "maven",
        "maven-central",
        "munit",
        "nexus",
        "pmd",
        "r8",
        "sbt",
        "scala",
        "scalatest",
        "specs2",
        "spock",
        "spotbugs",
        "spring",
        "testng",
    ];

    const PROBES: &'static [&'static str] = &[
        ".java",
        "java.",
        "javac",
        "Java ",
        "FAILED TO START",
        "JAVA_HOME",
        "Exception",
        "OutOfMemoryError",
        "JVM",
        "VM option",
        "bad constant pool",
        "Unrecognized option",
        "heap size",
        "jarfile",
        "main class",
        "main manifest",
        "class file",
        ".kt",
        "kotlin",
        "Kotlin",
        "e: warnings",
        ".scala",
        ".sbt",
        "-- [E",
        "[ivy:",
        ".groovy",
        "WorkflowScript",
        "gradle",
        "Gradle",
        "went wrong",
        "> Task",
        "Execution failed",
        "A problem occurred",
        "Could not resolve",
        "Could not find",
        "BUILD FAILED",
        "FAILURE:",
        "SDK location",
        "Android SDK packages",
        "Android Support plugin",
        "Build Tools revision",
        "target with hash string",
        "JVM runtime version",
        "javaHome",
        "maven",
        "Maven",
        "mvn",
        "Failed to execute goal",
        "[ERROR]",
        "[error]",
        "-> [Help",
        "pom.xml",
        "gpg: ",
        "Nexus Staging",
        "pkg:maven/",
        ".sc:",
        ".mill:",
        ".mill.yaml:",
        "build.xml",
        "Buildfile",
        "<<< FAILURE!",
        "<<< ERROR!",
        "Tests in error",
        "Failed tests:",
        " FAILED",
        "[X]",
        "JUnit",
        "Testcase: ",
        "*** FAILED ***",
        "==> X ",
        "Throwable #1",
        "configuration of task",
        "initialization of ",
        "AndroidManifest",
        "AAPT",
        "AGPBI",
        "D8: ",
        "R8: ",
        "single dex",
        "Missing class",
        "PMD",
        "heckstyle",
        ":[line",
        "Rule violated",
        "failed with message:",
        "file=",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed || line.marker == Some(Marker::Debug) {
            self.close(out);
            return;
        }
        let text = Text::of(line);
        self.session.see(line.marker, &text, out);
        if matches!(line.marker, Some(Marker::Group | Marker::EndGroup | Marker::Command | Marker::Notice)) {
            self.close(out);
            return;
        }
        self.text(&text, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.poms.finish(&mut self.session, out);
        self.junit.finish(&mut self.session, out);
        self.gradle.finish(&mut self.session, out);
        self.session.finish(out);
    }
}

impl Jvm {
    fn text(&mut self, text: &Text<'_>, out: &mut Vec<Diagnostic>) {
        let session = &mut self.session;
        if self.poms.line(text) {
            close(&mut self.open, session, out);
            return;
        }
        // Records within a block must be completed before the block.
        if self.gradle.ends_before(text) || self.maven.ends_before(text) {
            close(&mut self.open, session, out);
        }
        let mut claim = self.gradle.line(text, session, out);
        if claim == Claim::None {
            claim = self.maven.line(text, session, out);
        }
        if claim == Claim::Whole {
            close(&mut self.open, session, out);
            return;
        }
        if let Some(record) = &mut self.open {
            match record.line(text) {
                Step::Taken | Step::Waits => return,
                Step::Last => return close(&mut self.open, session, out),
                Step::Over => close(&mut self.open, session, out),
                Step::Foreign => {}
            }
        }
        if text.is_blank() {
            return;
        }
        if claim == Claim::None && self.surefire.line(text, session, out) {
            close(&mut self.open, session, out);
            return;
        }
        let next = if claim == Claim::None { self.header(text, out) } else { None };
        let next = match next {
            Some(header) => Some(Box::new(failure::Block::of_test(header, text)) as Box<dyn Record>),
            None if self.linters.line(text, &mut self.session, out) => {
                close(&mut self.open, &mut self.session, out);
                return;
            }
            None => begin(text, claim),
        };
        if next.is_some() {
            close(&mut self.open, &mut self.session, out);
            self.open = next;
            return;
        }
        if let Some(record) = &mut self.open
            && !record.also(text)
        {
            close(&mut self.open, &mut self.session, out);
        }
    }

    /// The failed test named by a runner.
    fn header<'a>(&mut self, text: &Text<'a>, out: &mut Vec<Diagnostic>) -> Option<Header<'a>> {
        if let Some(header) = self.surefire.header(text, &mut self.session, out) {
            return Some(header);
        }
        if let Some(header) = self.gradle_tests.header(text, &mut self.session) {
            return Some(header);
        }
        if let Some(header) = self.junit.header(text) {
            return Some(header);
        }
        if let Some(header) = testng::header(text) {
            return Some(header);
        }
        self.scala_tests.header(text)
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        close(&mut self.open, &mut self.session, out);
        self.surefire.close(&mut self.session, out);
        self.maven.close(&mut self.session, out);
        self.gradle.close(&mut self.session, out);
    }
}

/// The record that a line begins; within a block of Gradle or Maven, only records of compilers.
fn begin(text: &Text<'_>, claim: Claim) -> Option<Box<dyn Record>> {
    fn record(block: impl Record + 'static) -> Box<dyn Record> {
        Box::new(block)
    }
    let found = kotlin::Block::start(text)
        .map(record)
        .or_else(|| scala::Block::start(text).map(record))
        .or_else(|| javac::Block::start(text).map(record))
        .or_else(|| groovy::Block::start(text).map(record))
        .or_else(|| android::Block::start(text).map(record));
    if found.is_some() || claim != Claim::None {
        return found;
    }
    launcher::Block::start(text)
        .map(record)
        .or_else(|| ant::Block::start(text).map(record))
        .or_else(|| publish::Block::start(text).map(record))
        .or_else(|| studio::Line::start(text).map(record))
        .or_else(|| spring::Block::start(text).map(record))
        .or_else(|| sbt::Block::start(text).map(record))
        .or_else(|| failure::Block::of_exception(text).map(record))
}

fn close(open: &mut Option<Box<dyn Record>>, session: &mut Session, out: &mut Vec<Diagnostic>) {
    if let Some(record) = open.take() {
        record.finish(session, out);
    }
}
