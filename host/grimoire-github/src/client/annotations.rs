//! Annotations of check runs.

use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use grimoire_ports::github::{Annotation, AnnotationLevel};
use serde_json::Value;

use super::models;
use super::origin::with_query;
use super::transport::Transport;

/// Maximum number of annotations read. GitHub keeps fifty per Actions job; other apps may add more.
const ANNOTATIONS: usize = 100;
/// Maximum number of pages read.
const PAGES: usize = 4;

pub(super) async fn annotations(
    transport: &Transport,
    repository: &RepositoryName,
    job: u64,
) -> Result<Vec<Annotation>, PortError> {
    // An Actions job and its check run have the same id.
    let list = transport.api.repository(repository, &["check-runs", &job.to_string(), "annotations"]);
    let list = with_query(list, &[("per_page", &ANNOTATIONS.to_string())]);
    let mut found = Vec::new();
    transport
        .pages(list, PAGES, |page: Vec<Value>| {
            // An unreadable annotation is no reason to lose the others.
            found.extend(page.into_iter().filter_map(|value| serde_json::from_value(value).ok()).map(read));
            found.len() < ANNOTATIONS
        })
        .await?;
    found.truncate(ANNOTATIONS);
    Ok(found)
}

fn read(annotation: models::Annotation) -> Annotation {
    let number = |number: Option<i64>| u32::try_from(number?).ok().filter(|&number| number > 0);
    Annotation {
        path: annotation.path.unwrap_or_default(),
        start_line: number(annotation.start_line),
        end_line: number(annotation.end_line),
        start_column: number(annotation.start_column),
        end_column: number(annotation.end_column),
        level: match annotation.level.as_deref() {
            Some("notice") => AnnotationLevel::Notice,
            Some("warning") => AnnotationLevel::Warning,
            Some("failure") => AnnotationLevel::Failure,
            _ => AnnotationLevel::Unknown,
        },
        title: annotation.title.unwrap_or_default(),
        message: annotation.message.unwrap_or_default(),
    }
}
