//! The scan of a whole text: collects all bytes first.

use crate::{Analyzer, Artifact, Diagnostic, Failure, TextAnalyzer, limits};
use std::borrow::Cow;
use std::marker::PhantomData;

/// The maximum number of bytes that are collected: a quarter of an instance's default memory.
const MOST: usize = 16 << 20;

/// Makes an [`Analyzer`] of a [`TextAnalyzer`]. An artifact of more than 16 MiB fails.
pub struct TextScan<A> {
    artifact: Artifact,
    bytes: Vec<u8>,
    analyzer: PhantomData<A>,
}

impl<A: TextAnalyzer> Analyzer for TextScan<A> {
    fn tools() -> &'static [&'static str] {
        A::TOOLS
    }

    fn accepts() -> &'static [&'static str] {
        A::ACCEPTS
    }

    fn probes() -> &'static [&'static str] {
        A::PROBES
    }

    fn start(artifact: &Artifact, _settings: Option<&str>) -> Result<Self, Failure> {
        if !artifact.is_any_of(A::ACCEPTS) {
            return Err(Failure::unsupported(artifact));
        }
        Ok(Self { artifact: artifact.clone(), bytes: Vec::new(), analyzer: PhantomData })
    }

    fn feed(&mut self, chunk: &[u8], _out: &mut Vec<Diagnostic>) -> Result<(), Failure> {
        if self.bytes.len() + chunk.len() > MOST {
            return Err(Failure::Failed(format!("reads texts of at most {} MiB", MOST >> 20)));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(&self.bytes);
        let replaced = matches!(text, Cow::Owned(_));
        let mut found = A::analyze(&self.artifact, &text)?;
        found.retain_mut(Diagnostic::fit);
        found.truncate(limits::DIAGNOSTICS);
        if replaced {
            // A replacement character has three bytes, whatever it replaces.
            for diagnostic in &mut found {
                for offset in [&mut diagnostic.span.start, &mut diagnostic.span.end] {
                    *offset = original_offset(&self.bytes, *offset);
                }
            }
        }
        out.append(&mut found);
        Ok(())
    }
}

/// The offset in the bytes for an offset in the text that was made from them.
fn original_offset(bytes: &[u8], in_text: u64) -> u64 {
    let mut left = usize::try_from(in_text).unwrap_or(usize::MAX);
    let mut original = 0;
    for chunk in bytes.utf8_chunks() {
        if left <= chunk.valid().len() {
            return (original + left) as u64;
        }
        left -= chunk.valid().len();
        original += chunk.valid().len();
        if chunk.invalid().is_empty() {
            continue;
        }
        let replacement = char::REPLACEMENT_CHARACTER.len_utf8();
        if left < replacement {
            return original as u64;
        }
        left -= replacement;
        original += chunk.invalid().len();
    }
    original as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Span, analyze_all, analyze_chunks, media_type};
    use proptest::prelude::*;

    /// Reports every word `oops` with its location.
    struct Oops;

    impl TextAnalyzer for Oops {
        fn analyze(_: &Artifact, text: &str) -> Result<Vec<Diagnostic>, Failure> {
            let found = text.match_indices("oops").map(|(at, word)| Diagnostic {
                tool: "oops".to_owned(),
                message: word.to_owned(),
                span: Span { start: at as u64, end: (at + word.len()) as u64 },
                ..Diagnostic::default()
            });
            Ok(found.collect())
        }
    }

    proptest! {
        #[test]
        fn spans_are_those_of_the_bytes_however_they_are_cut(
            pieces in prop::collection::vec(
                prop_oneof![Just(b"oops".to_vec()), prop::collection::vec(any::<u8>(), 0..6)], 0..12,
            ),
            size in 1_usize..9,
        ) {
            let bytes = pieces.concat();
            let whole = analyze_all::<TextScan<Oops>>(media_type::LOG, &bytes).expect("it reads logs");
            for found in &whole {
                let at = |offset: u64| usize::try_from(offset).expect("it is short");
                prop_assert_eq!(&bytes[at(found.span.start)..at(found.span.end)], b"oops");
            }
            let cut = analyze_chunks::<TextScan<Oops>>(media_type::LOG, bytes.chunks(size));
            prop_assert_eq!(cut.expect("it reads logs"), whole);
        }
    }

    #[test]
    fn what_is_too_large_fails_and_what_is_not_read_is_said() {
        let chunk = vec![b'x'; 1 << 20];
        let failed = analyze_chunks::<TextScan<Oops>>(media_type::LOG, (0..17).map(|_| &chunk[..]));
        assert_eq!(failed, Err(Failure::Failed("reads texts of at most 16 MiB".to_owned())));
        let unsupported = analyze_all::<TextScan<Oops>>(media_type::DIFF, b"");
        assert_eq!(unsupported, Err(Failure::Unsupported("reads no text/x-diff".to_owned())));
    }
}
