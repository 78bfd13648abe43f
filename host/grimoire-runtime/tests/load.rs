//! Files that are not plugins, or not for this host: each is rejected with a reason and does not affect others.

mod support;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use grimoire_domain::failure_reason::FailureReason;
use grimoire_ports::plugins::Plugins as _;
use grimoire_runtime::{Options, PluginHost, PluginSource};
use support::guests::{Group, component, encode, guest, nested, section, with_component, with_modules};
use support::{candidates, diagnostic, shipped, shipped_component};

const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

/// The reasons why a host rejects these components beside an honest one, which must still answer.
async fn refusals(sources: Vec<PluginSource>) -> Vec<String> {
    let count = sources.len();
    let mut plugins = vec![guest(Group::Matcher, "honest")];
    plugins.extend(sources);
    let host = PluginHost::start(Options::default(), plugins).expect("a host");
    assert_eq!(host.current().plugins().len(), 1, "only the honest one is loaded");
    let judgement = host.current().score("honest", &diagnostic(), &candidates(1)).await.expect("a judgement");
    assert_eq!(judgement.verdicts.len(), 1);
    let rejected = host.current().rejected();
    assert_eq!(rejected.len(), count);
    rejected.into_iter().map(|problem| problem.detail).collect()
}

async fn refusal(component: Vec<u8>) -> String {
    refusals(vec![PluginSource::new("subject", component)]).await.remove(0)
}

#[tokio::test]
async fn a_file_that_is_cut_off_anywhere_is_refused() {
    let whole = shipped_component("analyzer-rust");
    let cut = |part: usize| {
        let length = whole.len() * part / 64;
        PluginSource::new(format!("part-{part}"), whole[..length].to_vec())
    };
    for (part, detail) in refusals((0..64).map(cut).collect()).await.into_iter().enumerate() {
        assert!(
            detail.contains("cut off")
                || detail.contains("empty")
                || detail.contains("not a valid component")
                // Cut between two sections: valid, but useless.
                || detail.contains("the component exports nothing"),
            "{part}/64: {detail}"
        );
    }
}

#[tokio::test]
async fn a_file_with_one_wrong_byte_never_harms_the_host() {
    let whole = component(Group::Matcher, "honest");
    let mut sources = vec![guest(Group::Matcher, "empty")];
    for (index, place) in (0..whole.len()).step_by(61).enumerate() {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        sources.push(PluginSource::new(format!("damaged-{index}"), damaged));
    }
    let host = PluginHost::start(Options::default(), sources).expect("a host");
    host.current().score("empty", &diagnostic(), &candidates(1)).await.expect("a judgement");
}

#[tokio::test]
async fn what_is_not_a_component_is_refused() {
    let module = wat::parse_str("(module)").expect("a module");
    assert!(refusal(module).await.contains("core module"));
    let engine = wasmtime::Engine::default();
    let code = engine.precompile_component(&component(Group::Matcher, "honest")).expect("compiled code");
    assert!(refusal(code).await.contains("never accepted"));
    assert!(refusal(b"(component)".to_vec()).await.contains("this is text"));
    assert!(refusal(HEADER.to_vec()).await.contains("the component exports nothing"));
}

#[tokio::test]
async fn too_many_functions_are_refused_before_anything_is_compiled() {
    let mut module = "(module".to_owned();
    for _ in 0..70_000 {
        write!(module, "(func)").expect("text grows");
    }
    module.push(')');
    let detail = refusal(with_modules(component(Group::Matcher, "honest"), &[&module])).await;
    assert!(detail.ends_with("functions; a plugin may have at most 65536"), "{detail}");
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let mut nested = HEADER.to_vec();
    for _ in 0..200 {
        let mut outer = HEADER.to_vec();
        section(&mut outer, 4, &nested);
        nested = outer;
    }
    assert_eq!(refusal(nested).await, "has 17 nested parts; a plugin may have at most 16");
}

#[tokio::test]
async fn a_file_above_the_size_cap_is_refused_unread() {
    let mut large = component(Group::Matcher, "honest");
    // A custom section as padding, so that the component is valid.
    let mut padding = vec![1, b'x'];
    padding.resize(1 << 20, 0);
    section(&mut large, 0, &padding);
    let size = large.len();
    let options = Options { max_component_bytes: 1 << 20, ..Options::default() };
    let host = PluginHost::start(options, vec![PluginSource::new("large", large)]).expect("a host");
    assert_eq!(
        host.current().rejected()[0].detail,
        format!("the file has {size} bytes, a plugin may have at most 1048576")
    );
}

#[tokio::test]
async fn cases_are_carried_and_bounded() {
    let carrying = |text: &[u8]| {
        let mut component = component(Group::Matcher, "honest");
        section(&mut component, 0, &[b"\x0fgrimoire:case:a", text].concat());
        component
    };
    let sources = vec![
        PluginSource::new("carrying", carrying(b"some text")),
        PluginSource::new("binary", carrying(b"\xff")),
        PluginSource::new("large", carrying(&[b' '; (256 << 10) + 1])),
    ];
    let set = PluginHost::start(Options::default(), sources).expect("a host").current();
    let cases: Vec<_> = set.cases("carrying").into_iter().map(|file| (file.name, file.text)).collect();
    assert_eq!(cases, [("a".to_owned(), "some text".to_owned())]);
    assert!(set.cases("nobody").is_empty());
    let refusals: Vec<_> = set.rejected().into_iter().map(|problem| problem.detail).collect();
    assert_eq!(
        refusals,
        ["its cases a are no text", "has 262145 bytes of cases; a plugin may have at most 262144",]
    );
}

#[tokio::test]
async fn names_are_checked_and_taken_once() {
    let honest = component(Group::Matcher, "honest");
    for name in ["", "Matcher", "a b", "../escape", "x\u{202e}y", "honest"] {
        let detail = refusals(vec![PluginSource::new(name, honest.clone())]).await.remove(0);
        let expected = if name == "honest" { "another plugin of this name" } else { "a plugin's name has" };
        assert!(detail.contains(expected), "{name:?}: {detail}");
    }
}

#[tokio::test]
async fn a_missing_matcher_is_said_call_by_call() {
    let host = PluginHost::start(Options::default(), vec![guest(Group::Analyzer, "honest")]).expect("a host");
    for (name, detail) in [
        ("absent", "is chosen as the matcher and is not loaded"),
        ("honest", "is chosen as the matcher and is none"),
    ] {
        let asked = host.current().score(name, &diagnostic(), &candidates(1)).await;
        let problem = asked.expect_err("no matcher").0;
        assert_eq!((problem.plugin.as_str(), problem.reason), (name, FailureReason::Refused));
        assert_eq!(problem.detail, detail);
    }
}

#[test]
fn a_plugin_says_what_it_is_and_its_metadata_does_not_contradict() {
    let with_version = |version: &[u8]| {
        let mut component = component(Group::Matcher, "honest");
        section(&mut component, 0, &[b"\x07version", version].concat());
        PluginSource::new("p", component)
    };
    let load = |source| PluginHost::start(Options::default(), vec![source]).expect("a host").current();
    let loaded = &load(with_version(b"1.0.0")).plugins()[0];
    assert_eq!(loaded.identity.name, "p", "the name that it was given here");
    assert_eq!((&*loaded.description.name, &*loaded.description.version), ("guest", "1.0.0"));
    assert_eq!(
        load(with_version(b"1.2.3")).rejected()[0].detail,
        "has two versions, 1.2.3 in its metadata and 1.0.0 in its own words: build it with one"
    );

    let report = &load(shipped("analyzer-report")).plugins()[0].description;
    assert_eq!(report.name, "analyzer-report");
    assert!(report.description.starts_with("Reads structured reports"), "{report:?}");
    assert!(report.accepts("application/sarif+json") && report.accepts("text/x-log"), "{report:?}");
    assert!(!report.accepts("text/x-diff"), "{report:?}");
    let tools = &load(shipped("analyzer-go")).plugins()[0].description.tools;
    assert!(tools.contains(&"golangci-lint".to_owned()), "{tools:?}");
}

#[tokio::test]
async fn compilations_over_their_time_are_bounded_in_number_and_told() {
    let copy = |number: usize| {
        let mut copy = shipped_component("analyzer-generic");
        // A different component for the in-memory cache.
        section(&mut copy, 0, &[1, b'n', u8::try_from(number).expect("few")]);
        PluginSource::new(format!("copy-{number}"), copy)
    };
    let options = Options {
        compile_wait: Duration::ZERO,
        compile_wait_per_mebibyte: Duration::ZERO,
        ..Options::default()
    };
    let host = PluginHost::start(options, (0..4).map(copy).collect()).expect("a host");
    let details: Vec<String> = host.current().rejected().into_iter().map(|problem| problem.detail).collect();
    assert_eq!(details.len(), 4);
    assert!(
        details[..2].iter().all(|detail| detail.starts_with("did not compile within 0 s: ")),
        "{details:?}"
    );
    let refused = "was not compiled: 2 compilations before it went over their time and still run";
    assert!(details[2..].iter().all(|detail| detail == refused), "{details:?}");
    // They end by themselves and decrement the count.
    while !host.notices().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_while_it_is_loaded_is_one_version_or_the_other() {
    let text = std::fs::read_to_string(Group::Matcher.folder().join("honest.wat")).expect("the guest");
    let builds =
        ["0.25", "0.75"].map(|score| encode(Group::Matcher, &text.replace("0.75", score), str::to_owned));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("changing.wasm");
    std::fs::write(&path, &builds[0]).expect("written");
    let digest_of = |build: &[u8]| {
        let host = PluginHost::start(Options::default(), vec![PluginSource::new("p", build.to_vec())]);
        host.expect("a host").current().plugins()[0].identity.digest.clone()
    };
    let scores = [(digest_of(&builds[0]), 0.25), (digest_of(&builds[1]), 0.75)];
    let is_over = Arc::new(AtomicBool::new(false));
    let replacing = {
        let (is_over, path) = (Arc::clone(&is_over), path.clone());
        std::thread::spawn(move || {
            // In place, so that a reader may see the beginning of one build and the end of the other, or nothing.
            for build in builds.iter().cycle().take_while(|_| !is_over.load(Ordering::Relaxed)) {
                std::fs::write(&path, build).expect("written");
            }
        })
    };
    let host = PluginHost::new(Options::default()).expect("a host");
    let mut loaded = 0;
    while loaded < 20 {
        let set = host.load(vec![PluginSource::file("changing", &path)]).expect("a set");
        let Some(plugin) = set.plugins().into_iter().next() else { continue };
        let answer = set.score("changing", &diagnostic(), &candidates(1)).await.expect("an answer");
        let (_, score) =
            scores.iter().find(|(digest, _)| *digest == plugin.identity.digest).expect("a whole build");
        assert_eq!(
            answer.verdicts[0].score.to_bits(),
            f64::to_bits(*score),
            "the code is that of the digest"
        );
        loaded += 1;
    }
    is_over.store(true, Ordering::Relaxed);
    replacing.join().expect("no panic");
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_regular_file_of_an_allowed_size_is_refused_unread() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("folder.wasm")).expect("a folder");
    std::os::unix::fs::symlink("nowhere", path("dangling.wasm")).expect("a link");
    std::os::unix::fs::symlink("loop.wasm", path("loop.wasm")).expect("a link");
    // Opening it for reading would wait for a writer forever.
    let made = std::process::Command::new("mkfifo").arg(path("pipe.wasm")).status().expect("mkfifo runs");
    assert!(made.success());
    let sparse = std::fs::File::create(path("sparse.wasm")).expect("a file");
    sparse.set_len(1 << 40).expect("a terabyte without blocks");
    let names = ["folder", "dangling", "loop", "pipe", "sparse"];
    let sources = names.map(|name| PluginSource::file(name, path(&format!("{name}.wasm"))));
    let details = refusals(sources.into()).await;
    for (detail, expected) in details.iter().zip([
        "is a folder; a plugin is a file",
        "dangling.wasm cannot be read: No such file",
        "loop.wasm cannot be read: Too many levels of symbolic links",
        "is no regular file; a plugin is a file",
        "the file has 1099511627776 bytes, a plugin may have at most 67108864",
    ]) {
        assert!(detail.contains(expected), "{detail}");
    }
}

/// A function in which each of many locals is used after many loops.
fn tangle(loops: usize, locals: usize) -> String {
    let mut module = "(module (func (param i32)".to_owned();
    for _ in 0..locals {
        module.push_str(" (local i32)");
    }
    for _ in 0..loops {
        module.push_str("(loop (br_if 0 (local.get 0)))");
    }
    for local in 0..locals {
        write!(module, "(drop (local.get {local}))").expect("text grows");
    }
    module.push_str("))");
    module
}

#[tokio::test]
async fn a_function_that_takes_gigabytes_to_compile_is_refused_before() {
    let honest = component(Group::Matcher, "honest");
    let detail = refusal(with_modules(honest.clone(), &[&tangle(4_000, 8_000)])).await;
    assert!(
        detail.ends_with("branches times values in one function; a plugin may have at most 4194304"),
        "{detail}"
    );
    let half = tangle(1_000, 2_000);
    let detail = refusal(with_modules(honest.clone(), &[half.as_str(); 40])).await;
    assert!(
        detail.ends_with("branches times values in all functions; a plugin may have at most 67108864"),
        "{detail}"
    );
    let small = PluginSource::new("small", with_modules(honest, &[&tangle(100, 200)]));
    let host = PluginHost::start(Options::default(), vec![small]).expect("a host");
    assert_eq!(host.current().rejected(), []);
}

#[tokio::test]
async fn functions_of_nothing_but_branches_are_refused_before_anything_is_compiled() {
    let honest = component(Group::Matcher, "honest");
    let function =
        |instruction: &str, times: usize| format!("(func (param i32) {})", instruction.repeat(times));
    let branch = "(br_if 0 (i32.const 1))";
    for (instruction, most) in [
        // Twice as many took four times as long: 63,000 did not end within 68 s.
        (branch, 45_000),
        ("(block)", 45_000),
        ("(loop (br_if 0 (local.get 0)))", 5_000),
        ("(call_indirect (type $t) (local.get 0))", 11_250),
        ("(drop (table.get (local.get 0)))", 11_250),
    ] {
        let module =
            |times| format!("(module (type $t (func)) (table 1 funcref) {})", function(instruction, times));
        let detail = refusal(with_modules(honest.clone(), &[&module(most + 1)])).await;
        assert!(
            detail.contains("function 0 of a module has more than 45000 branches"),
            "{instruction}: {detail}"
        );
        assert!(detail.ends_with("split it, or compile it with less inlining"), "{detail}");
        let fine = PluginSource::new("fine", with_modules(honest.clone(), &[&module(most / 20)]));
        let host = PluginHost::start(Options::default(), vec![fine]).expect("a host");
        assert_eq!(host.current().rejected(), [], "{instruction}");
    }
    let three = function(branch, 30_000).repeat(3);
    let detail = refusal(with_modules(honest, &[&format!("(module {three})")])).await;
    assert!(detail.contains("too many functions of thousands of branches and blocks"), "{detail}");
}

#[tokio::test]
async fn a_table_of_branches_counts_with_what_each_passes() {
    let many = |what: &str, count: usize| what.repeat(count);
    let module = format!(
        "(module (type $wide (func (result {values})))
           (func (param i32)
             (block $out (type $wide) {constants} (br_table {targets} (local.get 0)))
             {drops}))",
        values = many("i32 ", 900),
        constants = many("(i32.const 0)", 900),
        targets = many("$out ", 6_000),
        drops = many("(drop)", 900),
    );
    let detail = refusal(with_modules(component(Group::Matcher, "honest"), &[&module])).await;
    assert!(detail.contains("branches times values in one function"), "{detail}");
}

/// Values that lie on the stack while many branches are passed.
fn stacked(values: usize, branches: usize) -> String {
    format!(
        "(module (memory 1) (global $g i32 (i32.const 0)) (func {}{}{}))",
        "(i32.load (i32.const 0))".repeat(values),
        "(block (br_if 0 (global.get $g)))".repeat(branches),
        "(drop)".repeat(values),
    )
}

/// Functions of this signature, each with this body.
fn functions(count: usize, parameters: usize, results: usize, body: &str) -> String {
    let signature =
        format!("(type $t (func (param {}) (result {})))", "i32 ".repeat(parameters), "i32 ".repeat(results));
    format!("(module {signature} {})", format!("(func (type $t) {body})").repeat(count))
}

#[tokio::test]
async fn what_a_few_bytes_make_thousands_of_values_from_is_counted() {
    const IN_ONE: &str = "branches times values in one function; a plugin may have at most 4194304";
    const IN_ALL: &str = "branches times values in all functions; a plugin may have at most 67108864";
    let calls = |count: usize| {
        let wide = "i32 ".repeat(1_000);
        let calls = "(call $f)".repeat(count);
        format!("(module (func $f (result {wide}) (unreachable)) (func {calls} (unreachable)))")
    };
    let honest = component(Group::Matcher, "honest");
    for (what, module, expected) in [
        ("what lies on the stack", stacked(20_000, 20_000), IN_ONE),
        // 20,000 of them took 8.5 GiB.
        ("results of calls", calls(20_000), IN_ONE),
        ("parameters and results", functions(4_000, 1_000, 1_000, "(unreachable)"), IN_ALL),
    ] {
        let detail = refusal(with_modules(honest.clone(), &[&module])).await;
        assert!(detail.ends_with(expected), "{what}: {detail}");
    }
    for (what, module) in [
        ("what lies on the stack", stacked(500, 1_000)),
        ("results of calls", calls(10)),
        ("parameters and results", functions(100, 20, 2, "(i32.const 0) (i32.const 0)")),
    ] {
        let fine = PluginSource::new("fine", with_modules(honest.clone(), &[&module]));
        let host = PluginHost::start(Options::default(), vec![fine]).expect("a host");
        assert_eq!(host.current().rejected(), [], "{what}");
    }
}

#[test]
fn what_interpreters_are_made_of_is_accepted() {
    let several_memories = "(module (memory $a 1) (memory $b 1) (func (memory.copy $a $b (i32.const 0) (i32.const 0) (i32.const 1))))";
    let tail_calls = "(module (func $even (param i32) (result i32) (return_call $even (local.get 0))))";
    let forty: Vec<&str> = std::iter::once(several_memories).chain([tail_calls; 39]).collect();
    let component = with_modules(component(Group::Matcher, "honest"), &forty);
    let host =
        PluginHost::start(Options::default(), vec![PluginSource::new("p", component)]).expect("a host");
    assert_eq!(host.current().rejected(), []);
}

#[tokio::test]
async fn features_that_are_off_are_refused_by_name() {
    let honest = component(Group::Matcher, "honest");
    for (module, name) in [
        ("(module (memory i64 1))", "memory64"),
        ("(module (memory 1 1 shared))", "threads"),
        ("(module (tag))", "exceptions"),
        ("(module (type (struct)))", "gc"),
    ] {
        let detail = refusal(with_modules(honest.clone(), &[module])).await;
        assert!(detail.starts_with("is not a valid component") && detail.contains(name), "{name}: {detail}");
    }
}

#[tokio::test]
async fn too_many_functions_that_cross_the_border_are_refused_before_anything_is_compiled() {
    // For each, the compiler would generate code that converts its values.
    let lifts = "(func (canon lift (core func $f)))".repeat(2_049);
    let many = format!(
        "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
         (alias core export $i \"f\" (core func $f)) {lifts})"
    );
    let detail = refusal(with_component(component(Group::Matcher, "honest"), &many)).await;
    assert!(detail.ends_with("canonical functions; a plugin may have at most 2048"), "{detail}");
}

#[tokio::test]
async fn components_that_multiply_are_refused_before_they_do() {
    // 16 million instances of 300 bytes. The compiler unrolls them all: 1.4 GiB for these.
    let bomb = with_component(component(Group::Matcher, "honest"), &nested(8, 8));
    let detail = refusal(bomb).await;
    assert!(detail.ends_with("component instances; a plugin may have at most 256"), "{detail}");
    let few = PluginSource::new("few", with_component(component(Group::Matcher, "honest"), &nested(3, 4)));
    let host = PluginHost::start(Options::default(), vec![few]).expect("a host");
    assert_eq!(host.current().rejected(), []);
}

#[tokio::test]
async fn what_a_component_of_unknown_size_would_become_is_not_guessed() {
    let given = "(component
        (component $small)
        (component $outer (import \"c\" (component $c)) (instance (instantiate $c)))
        (instance (instantiate $outer (with \"c\" (component $small)))))";
    let detail = refusal(with_component(component(Group::Matcher, "honest"), given)).await;
    assert!(detail.starts_with("instantiates a component that it is given"), "{detail}");
}

#[tokio::test]
async fn functions_that_convert_many_values_are_refused_before_anything_is_compiled() {
    let with_type = |value: &str, functions: usize| {
        let lifts =
            format!("(func (param \"x\" {value}) (canon lift (core func $f) (memory $m) (realloc $r)))");
        let lifts = lifts.repeat(functions);
        let text = format!(
            "(component
               (core module $m (memory (export \"m\") 1) (func (export \"f\") (param i32))
                 (func (export \"r\") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
               (core instance $i (instantiate $m))
               (alias core export $i \"m\" (core memory $m)) (alias core export $i \"f\" (core func $f))
               (alias core export $i \"r\" (core func $r))
               {lifts})"
        );
        with_component(component(Group::Matcher, "honest"), &text)
    };
    let tuple = |values: usize| format!("(tuple {})", "u8 ".repeat(values));
    for (value, functions, expected) in [
        (tuple(3_000), 1, "values in the type of one function; a plugin may have at most 2048"),
        (
            format!("(enum {})", (0..3_000).map(|case| format!("\"c{case}\" ")).collect::<Vec<_>>().concat()),
            1,
            "one function",
        ),
        (tuple(1_000), 40, "values in the types of canonical functions; a plugin may have at most 32768"),
    ] {
        let detail = refusal(with_type(&value, functions)).await;
        assert!(detail.contains(expected), "{detail}");
    }
    let fine = PluginSource::new("fine", with_type(&tuple(100), 10));
    let host = PluginHost::start(Options::default(), vec![fine]).expect("a host");
    assert_eq!(host.current().rejected(), []);
}

#[tokio::test]
async fn what_the_compiler_keeps_much_for_each_byte_of_is_bounded() {
    let wide_types: String = (0..600)
        .map(|_| format!("(type (func (param {})))", "i32 ".repeat(1_000)))
        .collect::<Vec<_>>()
        .concat();
    let sum = "(i32.const 1) i32.add ".repeat(400_000);
    for (fields, expected) in [
        // 30,000 of them took 1.6 GiB and minutes, without any function.
        (wide_types, "values in the types of functions; a plugin may have at most 524288"),
        // 20 MiB took 5.4 GiB.
        (
            format!("(global i32 (i32.const 1) {sum})"),
            "bytes of constant expressions; a plugin may have at most 1048576",
        ),
        (
            format!("(func $f) (elem func {})", "$f ".repeat(131_073)),
            "elements of segments; a plugin may have at most 131072",
        ),
    ] {
        let module = format!("(module {fields})");
        let detail = refusal(with_modules(component(Group::Matcher, "honest"), &[&module])).await;
        assert!(detail.ends_with(expected), "{detail}");
    }
}
