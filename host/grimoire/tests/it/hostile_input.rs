//! Hostile logs and requests: each gives a clean result, none a hang or a crash.

use crate::crash::client;
use crate::guests::{Group, component, section};
use crate::process::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unsigned_requests_with_long_headers_write_little_log() {
    let place = Place::new();
    let log = place.path().join("log");
    let server = place.serve_with_log(&log);
    let started = std::fs::metadata(&log).expect("a log").len();
    for header in ["x-github-event", "x-github-delivery", "x-hub-signature-256", "x-request-id", "user-agent"]
    {
        let request = client().post(server.url("/webhook")).body("{}").header(header, "a".repeat(60_000));
        let answer = request.header("content-type", "application/json").send().await.expect("an answer");
        assert_eq!(answer.status(), 401, "{header}");
    }
    assert!(server.stop());
    let written = std::fs::metadata(&log).expect("a log").len() - started;
    assert!(written < 16 << 10, "{written} bytes for five requests");
}

/// An address where every request gets an answer that never ends. Returns how many bytes were taken of the last one.
fn endless_service() -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let taken = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&taken);
    std::thread::spawn(move || {
        let piece = vec![b' '; 64 << 10];
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let head = BufReader::new(stream.try_clone().expect("a descriptor")).lines();
            let path =
                head.map_while(Result::ok).take_while(|line| !line.is_empty()).next().unwrap_or_default();
            let status = if path.contains("/refused") { "403 Forbidden" } else { "200 OK" };
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n\r\n");
            let mut sent = 0;
            let mut result = stream.write_all(head.as_bytes());
            while result.is_ok() {
                sent += piece.len();
                counter.store(sent, std::sync::atomic::Ordering::Relaxed);
                result = stream.write_all(&piece);
            }
        }
    });
    (address, taken)
}

#[test]
fn a_service_that_answers_without_end_is_left() {
    let place = Place::new();
    let (url, taken) = endless_service();
    let ended = place.run(&["spells", "show", "1", "--url", &url], b"");
    assert_ne!(ended.code(), 0);
    assert!(ended.complaint().contains("it has 256 MiB or more"), "{}", ended.complaint());
    let sent = taken.load(std::sync::atomic::Ordering::Relaxed);
    assert!(sent < 300 << 20, "{sent} bytes");

    let ended = place.run(&["spells", "show", "1", "--url", &format!("{url}/refused")], b"");
    assert_ne!(ended.code(), 0);
    let sent = taken.load(std::sync::atomic::Ordering::Relaxed);
    assert!(sent < 16 << 20, "{sent} bytes of a refusal");
}

#[test]
fn names_and_words_of_others_steer_no_terminal_and_command_no_build_server() {
    let place = Place::new();
    let hostile = "\u{1b}]0;title\u{7}\u{1b}[2J\u{202e}no\n::error::log";
    for arguments in [
        &["match", hostile][..],
        &[hostile],
        &["match", "--format", hostile],
        &["spells", "check", hostile],
        &["--config", hostile, "match"],
        &["plugin", "check", hostile],
    ] {
        let ended = place.run(&[arguments, &["--color", "always"]].concat(), b"");
        let said = ended.output() + &ended.complaint();
        assert!(ended.code() >= 64, "{arguments:?}: {said}");
        for forbidden in ["\u{1b}]", "\u{7}", "\u{1b}[2J", "\u{202e}", "\n::error::"] {
            assert!(!said.contains(forbidden), "{arguments:?}: {said:?}");
        }
    }
}

#[test]
fn a_configuration_that_is_no_small_file_is_refused_unread() {
    for name in ["grimoire.toml", ".env"] {
        let place = Place::new();
        std::os::unix::fs::symlink("/dev/zero", place.path().join(name)).expect("a link can be made");
        let ended = place.run(&["config", "check"], b"");
        assert_eq!(ended.code(), 78, "{}", ended.complaint());
        assert!(ended.complaint().contains(&format!("{name}: cannot be read: it is no regular file")));

        let place = Place::new();
        place.file(name, "# padding\n".repeat(200_000));
        let ended = place.run(&["config", "check"], b"");
        assert!(ended.complaint().contains("it has more than 1048576 bytes"), "{}", ended.complaint());
    }
}

#[test]
fn one_line_of_50_megabytes_ends() {
    let mut log = vec![b'x'; 50 << 20];
    log.extend_from_slice(b"\nsrc/a.c:1:2: error: expected ';' before '}' token\n");
    let ended = Place::new().run(&["analyze", "--format", "json"], &log);
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
    assert!(ended.output().contains("expected ';'"));
}

#[test]
fn nul_bytes_escape_bombs_and_broken_text_end_cleanly() {
    let bombs: [(&str, Vec<u8>); 5] = [
        ("NUL", vec![0; 4 << 20]),
        ("escapes", b"\x1b[31m".repeat(1 << 20)),
        ("unfinished escape", b"\x1b]0;".iter().copied().chain(std::iter::repeat_n(b'a', 1 << 20)).collect()),
        ("invalid UTF-8", b"\xff\xfe\xc3\x28\n".repeat(1 << 18)),
        ("line ends", b"\r\n\r\r\n".repeat(1 << 18)),
    ];
    let place = Place::new();
    for (name, bomb) in bombs {
        let ended = place.run(&["match"], &bomb);
        assert_eq!(ended.code(), 2, "{name}: {}{}", ended.output(), ended.complaint());
    }
}

#[test]
fn empty_and_truncated_diffs_are_no_trouble() {
    let place = Place::new();
    assert_eq!(place.run(&["analyze", "--kind", "diff"], b"").code(), 2);
    let truncated = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n one\n+tw";
    let code = place.run(&["analyze", "--kind", "diff"], truncated).code();
    assert!([0, 2].contains(&code), "{code}");
}

#[test]
fn what_a_plugin_says_of_itself_commands_nobody() {
    let place = Place::new();
    let labelled = |section_name: &str, content: &[u8]| {
        let length = u8::try_from(section_name.len()).expect("a short name");
        let mut labelled = component(Group::Matcher, "honest");
        section(&mut labelled, 0, &[&[length], section_name.as_bytes(), content].concat());
        labelled
    };
    let hostile = "\u{202e}9\u{1b}]0;title\u{7}\n::error::version";
    for name in ["version", "description"] {
        place.file("team.wasm", labelled(name, hostile.as_bytes()));
        let ended = place.run(&["plugin", "inspect", "team.wasm"], b"");
        assert_eq!(ended.code(), 0, "{}", ended.complaint());
        let output = ended.output();
        assert!(output.contains("9]0;title ::error::version"), "{output:?}");
        assert!(!output.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{output:?}");
        assert!(output.lines().all(|line| !line.trim_start().starts_with("::")), "{output:?}");
    }
    place.file("team.wasm", labelled("description", &vec![b'x'; 1_000_000]));
    let output = place.run(&["plugin", "inspect", "team.wasm"], b"").output();
    assert!(output.len() < 8_000, "{} bytes", output.len());

    let deep = format!("a = {}", "[".repeat(50_000));
    let large = "name = \"x\"\n".repeat(10_000);
    for (manifest, expected) in [(deep.as_str(), "its manifest: "), (&large, "may have at most 65536")] {
        place.file("team.wasm", labelled("grimoire:plugin", manifest.as_bytes()));
        let ended = place.run(&["plugin", "inspect", "team.wasm"], b"");
        assert_eq!(ended.code(), 65, "{}", ended.output());
        assert!(ended.complaint().contains(expected), "{}", ended.complaint());
    }
}

#[test]
fn a_plugin_file_that_is_no_component_is_named_and_disturbs_nobody() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("plugins")).expect("a folder can be made");
    place.file("plugins/broken.wasm", b"this is not WebAssembly");
    place.file("plugins/core.wasm", b"\0asm\x01\0\0\0");
    let server = place.serve(&[("GRIMOIRE_PLUGINS_FOLDER", "plugins")]);
    let ended = place.run(&["health", "--url", &server.url("")], b"");
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
    let plugins =
        ended.output().lines().find(|line| line.starts_with("plugins")).unwrap_or_default().to_owned();
    assert!(
        plugins.contains("degraded") && plugins.contains("broken") && plugins.contains("core"),
        "{plugins}"
    );
    assert!(plugins.contains("19 analyzers, 2 matchers"), "{plugins}");
}
