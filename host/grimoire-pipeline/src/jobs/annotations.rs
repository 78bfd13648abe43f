//! Converts annotations of a failed job to text for analyzers.
//!
//! Annotations are written as the workflow commands that created them. Log analyzers can then read
//! them, and the rules for them stay in one place.

use grimoire_ports::github::{Annotation, AnnotationLevel};

/// GitHub's path for annotations that concern no file.
const NO_FILE: &str = ".github";

/// The annotations that may say why the job failed.
pub(super) fn informative(mut annotations: Vec<Annotation>) -> Vec<Annotation> {
    annotations.retain(|annotation| {
        // The runner itself adds to every failed job that a script failed.
        let of_runner =
            annotation.path == NO_FILE && annotation.message.starts_with("Process completed with exit code ");
        annotation.level == AnnotationLevel::Failure && !annotation.message.trim().is_empty() && !of_runner
    });
    annotations
}

/// One workflow command per line.
pub(super) fn as_log(annotations: &[Annotation]) -> String {
    annotations.iter().map(|annotation| command(annotation) + "\n").collect()
}

fn command(annotation: &Annotation) -> String {
    let mut properties = Vec::new();
    // Without a file, the line number refers to the log.
    if !matches!(annotation.path.as_str(), "" | NO_FILE) {
        properties.push(format!("file={}", property(&annotation.path)));
        let numbers = [
            ("line", annotation.start_line),
            ("endLine", annotation.end_line),
            ("col", annotation.start_column),
            ("endColumn", annotation.end_column),
        ];
        properties.extend(
            numbers.into_iter().filter_map(|(name, number)| number.map(|number| format!("{name}={number}"))),
        );
    }
    if !annotation.title.is_empty() {
        properties.push(format!("title={}", property(&annotation.title)));
    }
    let space = if properties.is_empty() { "" } else { " " };
    format!("::error{space}{}::{}", properties.join(","), data(&annotation.message))
}

/// Escapes a command's message, so that it cannot start another command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(path: &str, message: &str) -> Annotation {
        Annotation {
            path: path.to_owned(),
            start_line: Some(3),
            end_line: Some(3),
            start_column: None,
            end_column: None,
            level: AnnotationLevel::Failure,
            title: String::new(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn annotations_are_written_as_the_commands_that_make_them() {
        let placed = Annotation {
            start_column: Some(5),
            end_column: Some(9),
            title: "rubocop (Lint/Void): x, y".to_owned(),
            ..annotation("app/pot.rb", "100% void\r\nsee the docs: a, b")
        };
        let log = as_log(&[placed, annotation(NO_FILE, "No space left on device")]);
        assert_eq!(
            log,
            "::error file=app/pot.rb,line=3,endLine=3,col=5,endColumn=9,title=rubocop (Lint/Void)%3A x%2C y\
             ::100%25 void%0D%0Asee the docs: a, b\n\
             ::error::No space left on device\n"
        );
    }

    #[test]
    fn no_text_can_end_its_command_and_start_another() {
        let hostile = "a::b\n::error file=x,line=1::y\r::stop-commands::z";
        let log = as_log(&[Annotation { title: hostile.to_owned(), ..annotation(hostile, hostile) }]);
        assert_eq!(log.lines().count(), 1);
        let (properties, message) =
            log.strip_prefix("::error ").and_then(|rest| rest.split_once("::")).expect("two parts");
        assert_eq!(properties.split(',').count(), 4, "{properties}");
        assert!(message.starts_with("a::b%0A::error file"), "{message}");
    }

    #[test]
    fn only_what_may_tell_why_the_job_failed_is_kept() {
        let warning = Annotation { level: AnnotationLevel::Warning, ..annotation("a.c", "unused") };
        let kept = informative(vec![
            annotation(NO_FILE, "Process completed with exit code 101."),
            annotation("run.sh", "Process completed with exit code 2."),
            annotation("a.c", " \n"),
            warning,
            annotation("a.c", "undeclared"),
        ]);
        let kept: Vec<_> = kept.iter().map(|annotation| annotation.path.as_str()).collect();
        assert_eq!(kept, ["run.sh", "a.c"]);
    }
}
