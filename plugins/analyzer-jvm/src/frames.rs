//! Frames of stack traces, and the choice of the user's own frame.

use grimoire_plugin_sdk::{Frame, Location, text::Beginnings};

/// `at com.example.Pot.fill(Pot.java:12)`, possibly with a module, a loader or a jar.
pub(crate) fn frame(text: &str) -> Option<Frame> {
    bare_frame(text.strip_prefix("at ")?)
}

/// The same without `at`.
pub(crate) fn bare_frame(text: &str) -> Option<Frame> {
    // `~[pot.jar:1.0]`, which loggers print after a frame.
    let rest = match text.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((rest, _)) => rest.trim_end_matches(['~', ' ']),
        None => text,
    };
    let open = rest.rfind('(')?;
    let (function, place) = (&rest[..open], rest[open + 1..].strip_suffix(')')?);
    // Frames of Node have a space before the parenthesis, and a folder inside.
    let is_file = place
        .split_once(':')
        .is_some_and(|(file, line)| file.contains('.') && line.bytes().all(|byte| byte.is_ascii_digit()));
    let is_foreign = function.ends_with([' ', '\t']) && !is_file
        || !function.contains('.')
        || place.contains(['/', '\\', ' ']) && !is_native(place);
    let function = function.rsplit_once('/').map_or(function, |(_, function)| function).trim_end();
    if is_foreign || function.is_empty() || function.contains(": ") {
        return None;
    }
    Some(Frame {
        function: Some(function.to_owned()),
        location: place.rsplit_once(':').and_then(|(file, line)| {
            let line = line.parse().ok()?;
            (!file.is_empty() && !file.starts_with('<')).then(|| Location::at(file, line, None))
        }),
        text: text.to_owned(),
    })
}

fn is_native(place: &str) -> bool {
    matches!(place, "Native Method" | "Unknown Source")
}

/// The location of a test or an exception: a frame of the test's class and method, of its class, of its method
/// in a superclass, else the first frame outside of libraries. Never one of a library.
pub(crate) fn own_place(frames: &[Frame], causes: &[Frame], test: Option<&str>) -> Option<Location> {
    let (class, method) = test.map(class_and_method).unwrap_or_default();
    // A project may itself be a library to others.
    let package = test.map(package_of).unwrap_or_default();
    let is_own =
        |function: &str| !is_library(function) || !package.is_empty() && function.starts_with(package);
    let in_class = |function: &str| class.len() > 2 && function.split(['.', '$']).any(|part| part == class);
    let in_method = |function: &str| {
        method.len() > 2
            && function
                .rsplit('.')
                .next()
                .is_some_and(|name| name.split(['$', '-']).any(|part| part == method))
    };
    let by = |good: &dyn Fn(&str) -> bool| {
        let located = |frame: &&Frame| frame.location.as_ref().is_some_and(|place| place.start.is_some());
        frames
            .iter()
            .chain(causes)
            .filter(located)
            .find(|frame| frame.function.as_deref().is_none_or(good))
            .and_then(|frame| frame.location.clone())
    };
    by(&|function| in_class(function) && in_method(function))
        .or_else(|| by(&in_class))
        .or_else(|| by(&|function| in_method(function) && is_own(function)))
        .or_else(|| by(&is_own))
}

/// The first two components of a test's package, with which a project's own functions begin.
fn package_of(test: &str) -> &str {
    let class = match test.strip_suffix(')').and_then(|test| test.rsplit_once('(')) {
        Some((_, class)) if class.contains('.') => class,
        _ => test,
    };
    let mut dots = class.match_indices('.').map(|(at, _)| at);
    let is_package = class.starts_with(|c: char| c.is_ascii_lowercase());
    match (dots.next(), dots.next()) {
        (Some(_), Some(second)) if is_package => &class[..=second],
        _ => "",
    }
}

/// The simple class and the bare method in `com.example.PotTest.holds`, `PotTest > holds()`,
/// `holds(com.example.PotTest)`, `com.example.PotTest > Inner > holds(int) > [1] 2`.
pub(crate) fn class_and_method(test: &str) -> (&str, &str) {
    let simple = |class: &'_ str| -> usize { class.rfind(['.', '$']).map_or(0, |at| at + 1) };
    if let Some((class, rest)) = test.split_once(" > ") {
        let method = rest
            .split(" > ")
            .find(|part| !part.starts_with(|c: char| c.is_ascii_uppercase()) || part.contains('('))
            .unwrap_or(rest);
        return (&class[simple(class)..], bare(method));
    }
    if let Some((method, class)) = test.strip_suffix(')').and_then(|test| test.rsplit_once('('))
        && (class.contains('.') || class.starts_with(|c: char| c.is_ascii_uppercase()))
        && !class.contains([' ', ','])
    {
        return (&class[simple(class)..], bare(method));
    }
    let head = test.find(['(', '[', '{', ' ']).map_or(test, |end| &test[..end]);
    let is_class = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase());
    match head.rsplit_once('.') {
        // A whole class, whose set-up failed.
        Some((package, name)) if is_class(name) && !is_class(&package[simple(package)..]) => (name, ""),
        Some((class, _)) => (&class[simple(class)..], bare(&test[class.len() + 1..])),
        None if is_class(head) => (test, ""),
        None => ("", bare(test)),
    }
}

/// A method without its parameters: `holds(int)[1]`, `holds{int}[2]`, `holds[kt]`.
fn bare(method: &str) -> &str {
    // Some runners print this for a whole class.
    let method = if method == "null" { "" } else { method };
    method.find(['(', '[', '{']).map_or(method, |end| &method[..end]).trim()
}

/// The test framework of the frames, if it is not JUnit itself.
pub(crate) fn runner(frames: &[Frame]) -> Option<&'static str> {
    const RUNNERS: [(&str, &str); 5] = [
        ("org.testng.", "testng"),
        ("org.scalatest.", "scalatest"),
        ("io.kotest.", "kotest"),
        ("org.spockframework.", "spock"),
        ("spock.", "spock"),
    ];
    let has = |start: &str| {
        frames.iter().any(|frame| frame.function.as_deref().is_some_and(|name| name.starts_with(start)))
    };
    RUNNERS.iter().find(|(start, _)| has(start)).map(|(_, runner)| *runner)
}

/// Returns true if a function belongs to a runtime, a test framework or a build tool.
pub(crate) fn is_library(function: &str) -> bool {
    LIBRARIES.begin(function)
}

static LIBRARIES: Beginnings = Beginnings::new(&[
    "java.",
    "javax.",
    "jakarta.",
    "jdk.",
    "sun.",
    "com.sun.",
    "com.oracle.",
    "kotlin.",
    "kotlinx.",
    "_COROUTINE.",
    "scala.",
    "groovy.",
    "groovyjarjar",
    "clojure.",
    "org.junit",
    "junit.",
    "org.testng",
    "org.hamcrest",
    "org.assertj",
    "com.google.common.",
    "com.google.inject.",
    "com.google.truth.",
    "com.google.devtools.",
    "org.mockito",
    "net.bytebuddy",
    "mockit.",
    "com.carrotsearch.",
    "__randomizedtesting.",
    "io.mockk",
    "org.powermock",
    "org.easymock",
    "org.opentest4j",
    "org.spockframework",
    "spock.",
    "org.scalatest",
    "org.specs2",
    "munit.",
    "zio.",
    "cats.",
    "akka.",
    "org.apache.pekko.",
    "sbt.",
    "xsbt.",
    "io.kotest",
    "io.cucumber",
    "cucumber.",
    "org.gradle",
    "worker.org.gradle",
    "org.apache.maven",
    "org.apache.tools",
    "org.apache.commons.",
    "org.apache.http",
    "org.apache.catalina.",
    "org.apache.tomcat.",
    "org.apache.felix.",
    "org.codehaus",
    "org.eclipse.aether",
    "org.eclipse.jetty",
    "org.eclipse.sisu",
    "org.sonatype.",
    "org.sonarsource.",
    "org.sonar.",
    "org.springframework",
    "org.hibernate",
    "org.postgresql.",
    "com.mysql.",
    "com.zaxxer.",
    "com.facebook.buck.",
    "com.fasterxml.",
    "com.intellij.",
    "org.jetbrains.kotlin",
    "org.testcontainers",
    "org.openqa.selenium",
    "org.robolectric",
    "androidx.test",
    "android.",
    "androidx.",
    "dalvik.",
    "com.android.",
    "io.netty",
    "io.vertx",
    "io.quarkus",
    "io.micronaut",
    "io.grpc.",
    "io.restassured",
    "reactor.",
    "rx.",
    "io.reactivex",
    "okhttp3.",
    "okio.",
    "retrofit2.",
    "jersey.",
    "org.glassfish.",
    "org.jboss.",
    "org.flywaydb.",
    "liquibase.",
    "com.thoughtworks.",
    "hudson.",
    "jenkins.",
    "org.jenkinsci.",
    "com.cloudbees.",
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_forms() {
        let read = |text: &str| {
            frame(text).map(|frame| {
                let place = frame.location.map(|place| (place.path.clone(), place.line()));
                (frame.function.unwrap_or_default(), place)
            })
        };
        let at = |path: &str, line| Some((path.to_owned(), Some(line)));
        assert_eq!(read("at a.b.Pot.fill(Pot.java:12)"), Some(("a.b.Pot.fill".into(), at("Pot.java", 12))));
        assert_eq!(read("at app//a.Pot.fill(Pot.java:12)"), Some(("a.Pot.fill".into(), at("Pot.java", 12))));
        assert_eq!(
            read("at java.base/java.lang.Thread.run(Thread.java:1)"),
            Some(("java.lang.Thread.run".into(), at("Thread.java", 1)))
        );
        assert_eq!(
            read("at a.Pot.fill(Pot.java:12) ~[pot.jar:1.0]"),
            Some(("a.Pot.fill".into(), at("Pot.java", 12)))
        );
        assert_eq!(
            read("at a.PotSpec.holds two cups(PotSpec.groovy:9)"),
            Some(("a.PotSpec.holds two cups".into(), at("PotSpec.groovy", 9)))
        );
        assert_eq!(read("at a.Pot.run(Native Method)"), Some(("a.Pot.run".into(), None)));
        assert_eq!(read("at Object.<anonymous> (/a/b.js:1:2)"), None);
        assert_eq!(read("at run (node:internal/x:1:2)"), None);
    }

    #[test]
    fn names_of_tests() {
        let table = [
            ("com.example.PotTest.holds", ("PotTest", "holds")),
            ("PotTest > holds()", ("PotTest", "holds")),
            ("holds(com.example.PotTest)", ("PotTest", "holds")),
            ("com.example.PotTest > holds(int) > [1] 2", ("PotTest", "holds")),
            ("PotTest > Inner > holds()", ("PotTest", "holds")),
            ("com.example.PotTest.holds(int, int)[3]", ("PotTest", "holds")),
            ("PotSpec > holds two cups", ("PotSpec", "holds two cups")),
            ("com.example.PotTest", ("PotTest", "")),
            ("", ("", "")),
        ];
        for (test, expected) in table {
            assert_eq!(class_and_method(test), expected, "{test}");
        }
    }
}
