use super::*;
use crate::{analyze_all, analyze_chunks, media_type};
use proptest::prelude::*;

/// Reports every line, so that tests see the input of an analyzer.
#[derive(Default)]
struct Echoing;

impl LineAnalyzer for Echoing {
    const LINE_LIMIT: usize = 64;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        out.push(Diagnostic {
            tool: format!("{:?}", line.marker).to_lowercase(),
            message: format!("{}|{}|{}", line.number, line.text, line.echoed),
            span: line.span,
            ..Diagnostic::default()
        });
    }

    fn finish(&mut self, _: &mut Vec<Diagnostic>) {}
}

fn lines(log: &[u8]) -> Vec<String> {
    let found = analyze_all::<LineScan<Echoing>>(media_type::LOG, log).expect("logs are supported");
    found.into_iter().map(|diagnostic| diagnostic.message).collect()
}

fn texts(log: &[u8]) -> Vec<String> {
    let text = |line: &String| Some(line.split_once('|')?.1.rsplit_once('|')?.0.to_owned());
    lines(log).iter().map(|line| text(line).expect("three parts")).collect()
}

#[test]
fn a_line_is_cleaned_of_what_ci_and_terminals_add() {
    let table: &[(&[u8], &str)] = &[
        (b"plain", "plain"),
        (b"\xef\xbb\xbf2024-09-15T07:40:01.7105816Z text", "text"),
        (b"2024-09-15T07:40:01Z text", "text"),
        (b"2024-09-15T07:40:01.123456Z 00O text", "text"),
        (b"[2024-09-15T07:40:01.123Z] text", "text"),
        (b"[2024-09-15T07:40:01.123Z text", "[2024-09-15T07:40:01.123Z text"),
        (b"2024-09-15 07:40:01 text", "text"),
        (b"2024-09-15 07:40:01,123 - text", "text"),
        (b"2024-09-15T07:40:01.123+02:00 text", "text"),
        (b"[07:40:01]   text", "  text"),
        (b"(07:40:01) text", "text"),
        (b"07:40:01.123 text", "text"),
        (b"2024-09-15T07:40:01.7105816Z #12 3.456 [07:40:01] text", "text"),
        (b"7:40:01 AM: text", "text"),
        (b"I0109 07:40:01.123456    4711 kettle.go:12] text", "text"),
        (b"E0109 07:40:01.123456 1 kettle.go:12] text", "text"),
        (b"E0109 07:40:01 in kettle.go:12] text", "E0109 07:40:01 in kettle.go:12] text"),
        (b"E0109 is no header: text", "E0109 is no header: text"),
        (b"07:40:01 PM:   text", "  text"),
        (b"7:40:01 AMP: text", "7:40:01 AMP: text"),
        (
            b"  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0curl: (6) text",
            "curl: (6) text",
        ),
        (b"0 curl: (6) text", "0 curl: (6) text"),
        (b":: text", "text"),
        (b"C/C++: text", "text"),
        (b"Step #1: text", "text"),
        (b"Step #1 - \"images\": Step #37 - \"proxy\":   text", "  text"),
        (b"Step #x: text", "Step #x: text"),
        (b"Step #1 - \"images: text", "Step #1 - \"images: text"),
        (b"build\t10-Jan-2024 21:51:10\ttext", "text"),
        (b"error\t10-Jan-2024 21:51:10\ttext", "text"),
        (b"build\ttext", "build\ttext"),
        (b"12.345 text", "text"),
        (b"tests-1  | text", "text"),
        (b"1.5 text", "1.5 text"),
        (b"07:40 text", "07:40 text"),
        (b"2024-09-15 text", "2024-09-15 text"),
        (b"build\tRun tests\t2024-09-15T07:40:01.7105816Z text", "text"),
        (b"a\tb\tc", "a\tb\tc"),
        (b"\x1b[31mred\x1b[0m \x1b[mplain\x1b[22m", "red plain"),
        (b"src/a.ts\x1b[90m:\x1b[33m3\x1b[0m", "src/a.ts:3"),
        (b"\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x07 end", "link end"),
        (b"\x1b]0;no end of the title", "0;no end of the title"),
        (b"\x1b(Bcharset", "charset"),
        (b"nul\0 and \x08back", "nul and back"),
        (b"bad \xff byte", "bad \u{fffd} byte"),
        ("bidi \u{202e}text".as_bytes(), "bidi text"),
        (b"#12 3.456 error: x", "error: x"),
        (b"#12 DONE 3.4s", "#12 DONE 3.4s"),
        (b"trailing  \t ", "trailing"),
    ];
    for (raw, expected) in table {
        assert_eq!(texts(raw), [*expected], "{}", raw.escape_ascii());
    }
}

#[test]
fn line_ends_of_all_systems_count_once() {
    assert_eq!(lines(b"a\nb\r\nc\r\r\nd"), ["1|a|false", "2|b|false", "3|c|false", "4|d|false"]);
    assert_eq!(lines(b"1%\r50%\r100%\nnext"), ["1|1%|false", "1|50%|false", "1|100%|false", "2|next|false"]);
    assert_eq!(lines(b"a\r\n\r\nb").last().map(String::as_str), Some("3|b|false"));
}

#[test]
fn what_wraps_a_whole_log_goes() {
    for (log, expected) in [
        ("\tfirst\n\t  second\n\n\tthird", vec!["first", "  second", "", "third"]),
        ("    first\n      second\nthird\n    fourth", vec!["first", "  second", "third", "    fourth"]),
        ("first\n    second", vec!["first", "    second"]),
        ("30 | first\n-- | --\n31 |   second\n32 |", vec!["first", "-- | --", "  second", ""]),
        ("8 | first\nsecond\n9 | third", vec!["first", "second", "9 | third"]),
        ("first\n8 | second", vec!["first", "8 | second"]),
        (
            "a\n\nb\n\nc\n\nd\n\ne\n\nf\n\n\n\ng\nh\n\ni",
            vec!["a", "", "b", "", "c", "", "d", "", "e", "f", "", "g", "h", "", "i"],
        ),
    ] {
        assert_eq!(texts(log.as_bytes()), expected, "{log}");
    }
}

#[test]
fn spans_are_those_of_the_raw_line() {
    let log = b"one\r\n2024-09-15T07:40:01Z \x1b[31mtwo\x1b[0m\nthree";
    let found = analyze_all::<LineScan<Echoing>>(media_type::LOG, log).expect("logs are supported");
    let spans: Vec<_> = found.iter().map(|line| (line.span.start, line.span.end)).collect();
    assert_eq!(spans, [(0, 3), (5, 38), (39, 44)]);
}

#[test]
fn long_lines_are_cut() {
    let mut log = vec![b'x'; 1_000_000];
    log.extend_from_slice(b"\nnext");
    assert_eq!(texts(&log), ["x".repeat(64), "next".to_owned()]);
    assert_eq!(texts("é".repeat(1000).as_bytes()), ["é".repeat(32)]);
}

#[test]
fn the_echo_of_a_step_is_marked_and_its_output_is_not() {
    let log = b"##[group]Run make\n\x1b[36;1mmake && echo error: no\x1b[0m\nshell: bash\nenv:\n  A: error: no\n##[endgroup]\nerror: yes\n##[group]Run tests\nerror: also\n##[endgroup]\n";
    let marks: Vec<_> = lines(log).iter().map(|line| line.ends_with("true")).collect();
    assert_eq!(marks, [true, true, true, true, true, true, false, true, false, true]);
}

proptest! {
    #[test]
    fn chunking_changes_nothing(
        log in proptest::collection::vec(
            prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(0x1b), Just(b'['), Just(b'm')], 0..400),
        cuts in proptest::collection::vec(1_usize..40, 0..40),
    ) {
        let whole = analyze_all::<LineScan<Echoing>>(media_type::LOG, &log).expect("logs are supported");
        let mut chunks = Vec::new();
        let mut rest = log.as_slice();
        for cut in cuts {
            let (chunk, after) = rest.split_at(cut.min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        chunks.push(rest);
        let parts = analyze_chunks::<LineScan<Echoing>>(media_type::LOG, chunks).expect("logs are supported");
        prop_assert_eq!(&whole, &parts);
        for diagnostic in whole {
            prop_assert!(diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end <= log.len() as u64);
            prop_assert!(diagnostic.message.split_once('\n').is_none());
            prop_assert!(!diagnostic.message.chars().any(|c| c.is_control() && c != '\t'));
        }
    }
}
