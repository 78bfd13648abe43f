//! Ansible's messages other than task results: `ERROR! …`, `[ERROR]: …` with its origin.

use crate::{
    ansible_result, kinds,
    text::{Text, found},
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Span,
    text::{Context, place_at_start},
};

/// `ERROR! …` or `[ERROR]: …`.
#[derive(Debug)]
pub(crate) struct Message {
    text: String,
    pub(crate) location: Option<Location>,
    is_text_over: bool,
    is_over: bool,
    /// It begins with `[ERROR]: `.
    is_tagged: bool,
    context: Context,
    pub(crate) span: Span,
}

impl Message {
    pub(crate) fn new(text: &str, line: &Text<'_>) -> Self {
        let mut context = Context::default();
        context.push(line.text);
        Self {
            text: text.trim().to_owned(),
            location: None,
            is_text_over: false,
            is_over: false,
            is_tagged: line.line.trim_start().starts_with('['),
            context,
            span: line.span,
        }
    }

    /// Reads another line; returns true if it belongs to the message.
    pub(crate) fn line(&mut self, line: &Text<'_>) -> bool {
        let text = line.text;
        if self.context.lines() > 30
            || self.is_over && !text.is_empty()
            || text.starts_with("fatal: [")
            || text.starts_with("ERROR! ")
            || text.starts_with("TASK [")
            || text.starts_with("##[")
            || line.line.starts_with("[ERROR]: ")
        {
            return false;
        }
        if text.is_empty() {
            // The blank line after the offending line ends the message.
            self.is_over |= self.location.is_some() && self.context.as_str().contains('^');
            self.is_text_over = true;
            return true;
        }
        if let Some(origin) = text.strip_prefix("Origin: ")
            && let Some(place) = place_at_start(origin)
        {
            self.location = Some(place.location());
            self.is_text_over = true;
        } else if let Some(location) = ansible_result::error_place(text) {
            self.location = self.location.take().or(Some(location));
            self.is_text_over = true;
        } else if self.is_text_over {
            let explains = self.location.is_some()
                || text.starts_with("The offending line")
                || text.starts_with("be elsewhere");
            if !explains {
                return false;
            }
        } else if self.text.len() < 2000 && !self.text.is_empty() {
            self.text.push(' ');
            self.text.push_str(text);
        } else {
            text.clone_into(&mut self.text);
        }
        self.context.push(line.line);
        self.span = self.span.to(line.span);
        true
    }

    /// Returns true if the message announces the result of a task.
    pub(crate) fn is_of_task(&self) -> bool {
        self.text.starts_with("Task failed")
    }

    /// Reports the message; `seen` is true if the log is Ansible's.
    pub(crate) fn finish(mut self, seen: bool) -> Option<Diagnostic> {
        // Other tools start lines like this, too.
        if self.is_tagged && self.location.is_none() && !seen {
            return None;
        }
        let error_type = if self.text.contains("yntax") { "syntax" } else { "error" };
        let kind = kinds::of(&self.text, Kind::Configuration);
        if self.text.is_empty() {
            return None;
        }
        Some(Diagnostic {
            location: self.location,
            ..found("ansible", error_type, kind, &self.text, &self.context.take(), self.span)
        })
    }
}
