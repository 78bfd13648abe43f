//! Any bytes as a log: the same lines and steps however the bytes are split, each within the log. The first byte selects
//! the split.
#![no_main]

use grimoire_log::{LineReader, Outline, Span, Steps};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8], chunk: usize) -> (Vec<(String, Span)>, Outline) {
    let (mut reader, mut steps, mut lines) = (LineReader::new(1 << 10), Steps::default(), Vec::new());
    let mut each = |line: &grimoire_log::Line<'_>| {
        steps.line(line);
        lines.push((line.text.to_string(), line.span));
    };
    for part in bytes.chunks(chunk) {
        reader.feed(part, &mut each);
    }
    reader.finish(&mut each);
    (lines, steps.finish())
}

fuzz_target!(|bytes: &[u8]| {
    let [cut, bytes @ ..] = bytes else { return };
    let (lines, outline) = read(bytes, usize::from(*cut) + 1);
    for (_, span) in &lines {
        assert!(span.start <= span.end && span.end <= bytes.len() as u64);
    }
    assert!(outline.steps.iter().all(|step| step.start <= bytes.len() as u64));
    assert_eq!((lines, outline), read(bytes, usize::MAX));
});
