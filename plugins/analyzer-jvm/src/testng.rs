//! Failed tests as printed by TestNG.
//!
//! ```text
//! FAILED: holdsTwoCups
//! java.lang.AssertionError: expected [2] but found [1]
//!     at org.example.PotTest.holdsTwoCups(PotTest.java:21)
//! ```

use crate::{header::Header, text::Text};

/// `FAILED: com.example.PotTest.holds(1)`, `FAILED CONFIGURATION: @BeforeMethod setUp`. Other tools begin lines in
/// the same way, so an exception must follow.
pub(crate) fn header(text: &Text<'_>) -> Option<Header<'static>> {
    let rest = text.words.strip_prefix("FAILED")?;
    let name = match rest.strip_prefix(" CONFIGURATION: @") {
        Some(configuration) => configuration.split_once(' ')?.1,
        None => rest.strip_prefix(": ")?,
    };
    let bare = name.split('(').next().unwrap_or_default();
    let is_name = !bare.is_empty()
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$'));
    is_name.then(|| Header { test: name.to_owned(), tool: "testng", needs_frames: true, ..Header::default() })
}
