//! Next.js, Nuxt and Angular: pages that cannot be rendered, workers that crash, builds that cannot start.
//!
//! ```text
//! Error occurred prerendering page "/till". Read more: https://nextjs.org/docs/messages/prerender-error
//! TypeError: Cannot read properties of undefined (reading 'lid')
//!     at Page (app/till/page.tsx:3:9)
//! ⨯ useSearchParams() should be wrapped in a suspense boundary at page "/till". Read more: …
//!  ERROR  Cannot start nuxt: …
//! ```

use grimoire_plugin_sdk::text::{Beginnings, trim};
use grimoire_plugin_sdk::{Diagnostic, Kind, Span};

use crate::found::{exception, failure, summary};
use crate::kinds;
use crate::stack::Stacks;

/// Maximum number of lines between a page that cannot be rendered and its exception.
const PATIENCE: u32 = 3;

/// Recognises messages of these frameworks.
#[derive(Default)]
pub(crate) struct Next {
    page: Option<(String, u32, Span)>,
    /// The release tool that marks its steps with a dot, and failures with the same cross as Next.js.
    releasing: Option<&'static str>,
    /// GoReleaser's failure, whose reason is in the next line.
    release: Option<Diagnostic>,
    /// TypeScript lacks packages, whose names follow.
    packages: Option<(u32, Span)>,
}

static STARTS: Beginnings = Beginnings::new(&[
    "Error occurred prerendering page",
    "Export encountered",
    "⨯ ",
    "• ",
    "It looks like you're trying to use TypeScript",
    "Please install ",
    "Failed to compile",
    "Failed to type check",
    "Error: Turbopack build failed with ",
    "[Error: Turbopack build failed with ",
    "> Build failed because of",
    "> Couldn't find any `pages`",
    "Error: > Couldn't find any `pages`",
    "Build optimization failed",
    "Treating warnings as errors because process.env.CI",
    "ERROR  ",
    "FATAL  ",
    "[error] [nuxt]",
    "[nuxt] [error]",
    "An unhandled exception occurred: ",
    "Error: Schema validation failed",
    "Error: bundle initial exceeded",
    "Error: initial exceeded",
]);

impl Next {
    /// Reads a line; returns true if no other recogniser should read it.
    pub(crate) fn line(
        &mut self,
        text: &str,
        span: Span,
        stacks: &mut Stacks,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        if let Some((page, left, start)) = self.page.take() {
            if exception(trimmed.trim_start_matches('[').trim_start_matches("Error: Error: ")).is_some()
                || trimmed.starts_with("Error: ")
            {
                stacks.announce("next", start, out);
                return false;
            }
            if left > 1 {
                self.page = Some((page, left - 1, start));
            }
        }
        if let Some(mut found) = self.release.take() {
            let is_more = text.starts_with(' ') && !trimmed.starts_with(['•', '⨯']);
            if is_more {
                found.message = format!("{}\n{trimmed}", found.message);
                found.span = found.span.to(span);
            }
            out.push(found);
            if is_more {
                return true;
            }
        }
        if !STARTS.begin(trimmed) {
            return false;
        }
        if let Some(rest) = trimmed.strip_prefix("Error occurred prerendering page ") {
            let page = rest.split(". Read more").next().unwrap_or(rest);
            self.page = Some((page.to_owned(), PATIENCE, span));
            return true;
        }
        if trimmed.starts_with("It looks like you're trying to use TypeScript") {
            self.packages = Some((4, span));
            return true;
        }
        if let Some(packages) =
            trimmed.strip_prefix("Please install ").and_then(|rest| rest.strip_suffix(" by running:"))
            && let Some((_, start)) = self.packages.take()
        {
            let message = format!("The packages that TypeScript requires are not installed: {packages}");
            out.push(failure("next", "missing-package", Kind::Dependency, &message, start.to(span)));
            return true;
        }
        if let Some(step) = trimmed.strip_prefix("• ") {
            let is_electron = step.starts_with("electron-builder")
                || step.contains(" appOutDir=")
                || step.contains(" target=") && step.contains(" arch=");
            self.releasing = if is_electron { Some("electron-builder") } else { self.releasing };
            return false;
        }
        let Some(found) = read(trimmed, span, self.releasing) else { return false };
        if found.tool == "goreleaser" && found.message.ends_with(':') {
            self.release = Some(found);
        } else {
            out.push(found);
        }
        true
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.release.take());
        // Some versions print no exception below the page.
        if let Some((page, _, span)) = self.page.take() {
            out.push(failure(
                "next",
                "prerender",
                Kind::Compile,
                &format!("Error occurred prerendering page {page}"),
                span,
            ));
        }
    }
}

/// `it has a lid          0.03s`.
fn is_timed(text: &str) -> bool {
    text.rsplit_once("  ").and_then(|(_, time)| time.strip_suffix('s')).is_some_and(|time| {
        !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'm'))
    })
}

fn read(text: &str, span: Span, releasing: Option<&'static str>) -> Option<Diagnostic> {
    let sum = |message: &str| Some(summary("next", Kind::Compile, message, span));
    if let Some(message) = text.strip_prefix("An unhandled exception occurred: ") {
        let kind = kinds::by_words(message).unwrap_or(Kind::Configuration);
        return Some(failure("angular", "unhandled-exception", kind, message, span));
    }
    if let Some(message) = text
        .strip_prefix("Error: ")
        .filter(|text| text.contains("exceeded maximum budget") || text.starts_with("Schema"))
    {
        let kind = if message.starts_with("Schema") { Kind::Configuration } else { Kind::Compile };
        return Some(failure("angular", "configuration", kind, message, span));
    }
    if let Some(message) = text.strip_prefix("⨯ ") {
        // GoReleaser has the same marker, with the reason in a field.
        if let Some((_, message)) = message
            .split_once(" error=")
            .filter(|(said, _)| said.contains(" failed after ") || said.trim_end().ends_with(" failed"))
        {
            return Some(failure("goreleaser", "release", Kind::Configuration, message, span));
        }
        if message.contains("build worker exited with code")
            || message.starts_with("Build failed")
            || message.starts_with("Failed to")
        {
            if message.contains("SIGKILL") {
                return Some(failure("next", "killed", Kind::Resource, message, span));
            }
            return sum(message);
        }
        // electron-builder has the same marker, with details of the failure after the message.
        let details = ["  failedTask=", "  cause=", "  stackTrace="];
        if let Some((message, _)) = details.iter().find_map(|detail| message.split_once(detail)) {
            return Some(failure("electron-builder", "build-error", Kind::Configuration, message, span));
        }
        // Test runners mark failures in the same way, and print their duration.
        if is_timed(message) {
            return None;
        }
        let message = message.split(". Read more: ").next().unwrap_or(message);
        if let Some(tool) = releasing {
            let kind = kinds::by_words(message).unwrap_or(Kind::Configuration);
            return Some(failure(tool, "build-error", kind, message, span));
        }
        // The marker may be on the exception's own line.
        let kind = exception(message).map_or("build-error", |(kind, _)| kind);
        return (message.contains(' ')).then(|| {
            failure("next", kind, kinds::by_words(message).unwrap_or(Kind::Compile), message, span)
        });
    }
    if text.starts_with("Export encountered")
        || text.starts_with("> Build failed because of")
        || text.starts_with("Failed to type check")
        || text.contains("Error: Turbopack build failed with ")
        || text == "Failed to compile."
    {
        return sum(text);
    }
    if text.starts_with("Treating warnings as errors because process.env.CI") {
        return sum(text);
    }
    if text.contains("Couldn't find any `pages`") || text.starts_with("Build optimization failed") {
        let message = text.trim_start_matches("Error: ").trim_start_matches("> ");
        return Some(failure("next", "configuration", Kind::Configuration, message, span));
    }
    if let Some(message) = text.strip_prefix("ERROR  ").or_else(|| text.strip_prefix("FATAL  ")) {
        let nuxt = message.starts_with("Cannot start nuxt")
            || message.starts_with("Nuxt ")
            || message.starts_with("[nuxt]")
            || message.contains("Cannot resolve module \"nuxt")
            || message.contains(".nuxt/")
            || message.starts_with("No build files found");
        let vite = message.starts_with("[vite") || message.starts_with("RollupError");
        let tool = if vite { "vite" } else { "nuxt" };
        return (nuxt || vite).then(|| {
            failure(tool, "build-error", kinds::by_words(message).unwrap_or(Kind::Compile), message, span)
        });
    }
    let message = text.strip_prefix("[error] [nuxt]").or_else(|| text.strip_prefix("[nuxt] [error]"))?;
    (!message.trim().is_empty()).then(|| failure("nuxt", "build-error", Kind::Compile, message, span))
}
